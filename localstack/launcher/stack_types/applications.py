"""Applications of the Serverless Application Repository: kept, never run.

Their code is AWS's and can't be had here. Of the one that is known, what its outputs name exists in name only; whatever
would call it finds no function.
"""

import re
from typing import Any

from launcher import internals
from launcher.stack_types import network, recorded
from launcher.stack_types.registry import Created, Properties, ResourceType, physical_name, register

APPLICATION = "AWS::Serverless::Application"
SAM = "AWS::Serverless-2016-10-31"
ROTATIONS = re.compile(
    r"arn:aws[a-z-]*:serverlessrepo:[a-z0-9-]+:\d{12}:applications/SecretsManagerRDSPostgreSQLRotation\w+"
)
VERSION = re.compile(r"\d+\.\d+\.\d+")
NEEDED = {"endpoint", "functionName"}
OTHERS = {"excludeCharacters", "kmsKeyArn", "masterSecretArn", "vpcSecurityGroupIds", "vpcSubnetIds"}
LONGEST_FUNCTION_NAME = 64


def install() -> None:
    """Register the type, and let templates that use no other one of SAM do without its transform."""
    register(APPLICATION, ResourceType(create, update, delete))
    for module in ("engine", "changesets", "handlers"):
        internals.replace(internals.module(f"services.cloudformation.{module}"), "_apply_transforms", without_sam)


def without_sam(apply: internals.Private) -> internals.Private:
    """SAM makes a nested stack of an application, from a template in the repository."""

    def apply_others(template: dict[str, Any], *rest: Any, **options: Any) -> Any:
        types = {resource.get("Type", "") for resource in template.get("Resources", {}).values()}
        of_sam = {name for name in types if name.startswith("AWS::Serverless::")}
        if template.get("Transform") == SAM and of_sam == {APPLICATION}:
            template = {key: value for key, value in template.items() if key != "Transform"}
        return apply(template, *rest, **options)

    return apply_others


def create(logical_id: str, properties: Properties, stack: str) -> Created:
    """Keep a rotation's application, with the output that its template has."""
    recorded.demand(properties, {"Location"}, {"Parameters", "Tags", "TimeoutInMinutes"})
    location = properties["Location"]
    if not isinstance(location, dict) or not ROTATIONS.fullmatch(location.get("ApplicationId", "")):
        raise ValueError("of the Serverless Application Repository only PostgreSQL's rotations are known here")
    if not VERSION.fullmatch(location.get("SemanticVersion", "")):
        raise ValueError("Location needs a SemanticVersion")
    parameters = properties.get("Parameters", {})
    check_parameters(parameters)
    physical_id = f"serverlessrepo-{physical_name(stack, logical_id)}"
    responses = internals.module("core.responses")
    place = f"{responses.get_region()}:{responses.get_account_id()}"
    function = f"arn:aws:lambda:{place}:function:{parameters['functionName']}"
    recorded.note(APPLICATION, physical_id, properties, function=function)
    return physical_id, {"Outputs.RotationLambdaARN": function}


def check_parameters(parameters: dict[str, str]) -> None:
    """What the application's template would refuse."""
    recorded.demand(parameters, NEEDED, OTHERS)
    if len(parameters["functionName"]) > LONGEST_FUNCTION_NAME:
        raise ValueError(f"functionName has more than {LONGEST_FUNCTION_NAME} characters")
    subnets = listed(parameters, "vpcSubnetIds")
    groups = listed(parameters, "vpcSecurityGroupIds")
    if bool(subnets) != bool(groups):
        raise ValueError("a function in a VPC needs vpcSubnetIds and vpcSecurityGroupIds")
    if subnets:
        vpc = (network.found("_subnets", subnets[0]) or {})["VpcId"]
        network.within("_subnets", subnets, vpc)
        network.within("_security_groups", groups, vpc)


def listed(parameters: dict[str, str], name: str) -> list[str]:
    """A parameter that is a list."""
    return [item for item in parameters.get(name, "").split(",") if item]


def update(physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
    """Keep what it is made with now."""
    _, attributes = create(physical_id, new, stack)
    recorded.note(APPLICATION, physical_id, new, function=attributes["Outputs.RotationLambdaARN"])
    return physical_id, attributes


def delete(physical_id: str, _properties: Properties) -> None:
    """Forget it."""
    recorded.forget(APPLICATION, physical_id)
