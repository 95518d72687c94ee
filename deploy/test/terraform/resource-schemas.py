"""Prints CloudFormation's schemas of the resource types that are named, as cfn-lint carries them."""

import importlib
import json
import pathlib
import sys

import cfnlint

file_of = importlib.import_module("cfnlint.data.schemas.providers.us_east_1").types
folder = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas" / "resources"
print(json.dumps({name: json.loads((folder / f"{file_of[name]}.json").read_text()) for name in sys.argv[1:] if name in file_of}))
