"""EventBridge's schema registry, which ministack lacks: schemas are kept, and nobody looks anything up in them."""

import json
from typing import Any

from launcher import internals
from launcher.stack_types import recorded
from launcher.stack_types.registry import Created, Properties, ResourceType, register

REGISTRY = "AWS::EventSchemas::Registry"
SCHEMA = "AWS::EventSchemas::Schema"
TYPES = ("JSONSchemaDraft4", "OpenApi3")


def install() -> None:
    """Register the types."""
    register(REGISTRY, kept(REGISTRY, create_registry))
    register(SCHEMA, kept(SCHEMA, create_schema))


def kept(kind: str, create: Any) -> ResourceType:
    """A type whose update makes what it says anew, under the same name."""

    def update(_physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
        return create("", new, stack)

    return ResourceType(create, update, lambda physical_id, _properties: recorded.forget(kind, physical_id))


def create_registry(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Keep a registry."""
    recorded.demand(properties, {"RegistryName"}, {"Description", "Tags"})
    arn = arn_of("registry", properties["RegistryName"])
    recorded.note(REGISTRY, arn, properties)
    return arn, {"RegistryArn": arn, "RegistryName": properties["RegistryName"]}


def create_schema(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Keep a schema of a registry that exists."""
    recorded.demand(properties, {"Content", "RegistryName", "SchemaName", "Type"}, {"Description", "Tags"})
    registry = properties["RegistryName"]
    if recorded.known(REGISTRY, arn_of("registry", registry)) is None:
        raise ValueError(f"Registry with name {registry} does not exist.")
    if properties["Type"] not in TYPES:
        raise ValueError(f"Type is {properties['Type']}, not {' or '.join(TYPES)}")
    try:
        json.loads(properties["Content"])
    except ValueError as wrong:
        raise ValueError(f"the content of {properties['SchemaName']} is no JSON: {wrong}") from wrong
    arn = arn_of("schema", f"{registry}/{properties['SchemaName']}")
    recorded.note(SCHEMA, arn, properties)
    return arn, {"SchemaArn": arn, "SchemaName": properties["SchemaName"], "SchemaVersion": "1"}


def arn_of(kind: str, name: str) -> str:
    """The ARN of a registry or schema of this region."""
    responses = internals.module("core.responses")
    return f"arn:aws:schemas:{responses.get_region()}:{responses.get_account_id()}:{kind}/{name}"
