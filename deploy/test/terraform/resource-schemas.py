"""Prints CloudFormation's schemas of the resource types that are named, as cfn-lint carries them."""

import json
import sys

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

REGION = "us-east-1"
found = {}
for name in (one for one in sys.argv[1:] if one.startswith("AWS::")):
    try:
        found[name] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).schema
    except ResourceNotFoundError:
        pass
print(json.dumps(found))
