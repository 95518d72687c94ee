"""moto's server with what the pipeline's stack needs and moto's CloudFormation has not.

moto carries out IAM, KMS, EC2, Kinesis, S3, SQS, SNS, Events, Lambda, Logs, Step Functions and CloudWatch; types that it does not know it passes over.
Here the types that others refer to get a name, so that the rest of the stack can be made; they do nothing. `python server.py PORT`.
"""

import sys

from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.common_models import CloudFormationModel
from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.server import main


def stand_in(cf_type, name_property, attributes):
    """A resource that has a name and attributes, and does nothing."""

    def create(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = cloudformation_json.get("Properties", {})
        made = cls()
        made.name = properties.get(name_property) or f"{resource_name}-{mock_random.get_random_hex(8)}"
        made.account, made.region = account_id, region_name
        return made

    def has(cls, attr):
        return attr in attributes

    def get(self, attr):
        return attributes[attr].format(name=self.name, account=self.account, region=self.region)

    return type(
        cf_type.replace("::", ""),
        (CloudFormationModel,),
        {
            "cloudformation_name_type": staticmethod(lambda: name_property),
            "cloudformation_type": staticmethod(lambda: cf_type),
            "create_from_cloudformation_json": classmethod(create),
            "update_from_cloudformation_json": classmethod(lambda cls, original, *_args, **_kwargs: original),
            "delete_from_cloudformation_json": classmethod(lambda cls, *_args, **_kwargs: None),
            "physical_resource_id": property(lambda self: self.name),
            "has_cfn_attr": classmethod(has),
            "get_cfn_attribute": get,
            "is_created": lambda self: True,
            "delete": lambda self, *_args, **_kwargs: None,
        },
    )


STAND_INS = [
    stand_in(
        "AWS::RedshiftServerless::Namespace",
        "NamespaceName",
        {"Namespace.NamespaceArn": "arn:aws:redshift-serverless:{region}:{account}:namespace/{name}"},
    ),
    stand_in(
        "AWS::RedshiftServerless::Workgroup",
        "WorkgroupName",
        {"Workgroup.WorkgroupArn": "arn:aws:redshift-serverless:{region}:{account}:workgroup/{name}"},
    ),
    stand_in(
        "AWS::KinesisFirehose::DeliveryStream",
        "DeliveryStreamName",
        {"Arn": "arn:aws:firehose:{region}:{account}:deliverystream/{name}"},
    ),
    stand_in("AWS::Glue::Database", "DatabaseName", {}),
    stand_in("AWS::Glue::Table", "Name", {}),
    stand_in("AWS::Logs::LogStream", "LogStreamName", {}),
]


def custom_resource_as_done(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """moto would run its Lambda in a container, and wait for it: it is tried elsewhere."""
    made = cls(region_name, str(mock_random.uuid4()), kwargs["LogicalId"], resource_name)
    made.set_data({})
    return made


CustomModel.create_from_cloudformation_json = classmethod(custom_resource_as_done)
CustomModel.update_from_cloudformation_json = classmethod(lambda cls, original, *_args, **_kwargs: original)
CustomModel.delete = lambda self, *_args, **_kwargs: None


def update_termination_protection(self):
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


CloudFormationResponse.update_termination_protection = update_termination_protection

def delete_what_goes(self):
    """Deletes all but what is kept; a VPC that moto finds something in yet is left behind rather than failing the stack."""
    for logical_id, definition in self._resource_json_map.items():
        resource = self._parsed_resources.get(logical_id)
        if definition.get("DeletionPolicy") == "Retain" or resource is None or isinstance(resource, str):
            continue
        try:
            self._delete_resource(resource, definition)
        except Exception as error:  # noqa: BLE001
            if not definition["Type"].startswith("AWS::EC2::"):
                raise
            print(f"left behind: {logical_id}: {error}", file=sys.stderr)
        self._parsed_resources.pop(logical_id)


ResourceMap.delete = delete_what_goes

list_of_living = CloudFormationResponse.list_stack_resources


def list_stack_resources(self):
    """What a deleted stack still has was kept."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    if stack.status != "DELETE_COMPLETE":
        return list_of_living(self)
    summaries = [
        {
            "ResourceStatus": "DELETE_SKIPPED",
            "LogicalResourceId": kept.logical_resource_id,
            "LastUpdatedTimestamp": stack.creation_time,
            "PhysicalResourceId": kept.physical_resource_id,
            "ResourceType": kept.cf_resource_type,
        }
        for kept in kept_of(stack)
    ]
    return ActionResult({"StackResourceSummaries": summaries})


def kept_of(stack):
    policies = stack.template_dict["Resources"]
    parsed = stack.resource_map._parsed_resources
    return [parsed[id] for id, one in policies.items() if one.get("DeletionPolicy") == "Retain" and id in parsed]


CloudFormationResponse.list_stack_resources = list_stack_resources

create_change_set = CloudFormationResponse.create_change_set


def create_change_set_of_import(self):
    """Finds what is to be imported among what deleted stacks have kept, by its type and its name."""
    answer = create_change_set(self)
    if self._get_param("ChangeSetType") != "IMPORT":
        return answer
    backend = self.cloudformation_backend
    change_set = backend.change_sets[answer.result["Id"]]
    change_set.imported = {}
    for asked in self._get_param("ResourcesToImport"):
        identity = set(asked["ResourceIdentifier"].values())
        logical_id = asked["LogicalResourceId"]
        found = [
            kept
            for stack in backend.deleted_stacks.values()
            for kept in kept_of(stack)
            if kept.cf_resource_type == asked["ResourceType"]
            and (kept.physical_resource_id in identity or kept.logical_resource_id == logical_id and len(identity) > 1)
        ]
        if not found and asked["ResourceType"] != "AWS::Glue::Database":
            change_set.status = "FAILED"
            change_set.status_reason = f"{asked['ResourceType']} {sorted(identity)} does not exist"
        elif found:
            change_set.imported[logical_id] = found[-1]
    return answer


CloudFormationResponse.create_change_set = create_change_set_of_import

delete_change_set = CloudFormationBackend.delete_change_set


def delete_change_set_if_there(self, change_set_name):
    """CloudFormation takes it that there is none; moto does not, and the CDK asks each time."""
    if any(change_set_name in (id, one.change_set_name) for id, one in self.change_sets.items()):
        delete_change_set(self, change_set_name)


CloudFormationBackend.delete_change_set = delete_change_set_if_there

describe_change_set = CloudFormationBackend.describe_change_set


class ChangeSetNotFoundException(CloudFormationError):
    """What the CDK waits for once it has deleted one."""

    code = "ChangeSetNotFoundException"


def describe_change_set_or_say(self, change_set_name):
    try:
        return describe_change_set(self, change_set_name)
    except ValidationError:
        raise ChangeSetNotFoundException(f"ChangeSet [{change_set_name}] does not exist") from None


CloudFormationBackend.describe_change_set = describe_change_set_or_say

build_resource_diff = ResourceMap.build_resource_diff


def diff_of_properties(self, template, parameters=None):
    """A changed policy changes no resource; moto would make it anew."""
    found = build_resource_diff(self, template, parameters)
    old, new = self._resource_json_map, template["Resources"]
    found["Modify"] = [id for id in found["Modify"] if new[id].get("Properties") != old[id].get("Properties")]
    return found


ResourceMap.build_resource_diff = diff_of_properties

apply_resources = ChangeSet.apply


def apply_with_outputs(self):
    """moto makes the resources of a change set, and leaves the stack's template and outputs as they were before it."""
    resources = self.stack.resource_map
    if self.change_set_type == "IMPORT":
        resources._resource_json_map = self.template_dict["Resources"]
        for logical_id, kept in self.imported.items():
            kept.logical_resource_id = logical_id
            resources._parsed_resources[logical_id] = kept
    else:
        apply_resources(self)
    self.stack.template = self.template
    self.stack._parse_template()
    self.stack.output_map = self.stack._create_output_map()


ChangeSet.apply = apply_with_outputs

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
