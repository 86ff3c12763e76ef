"""How a resource type is registered with ministack's CloudFormation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from launcher import internals

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]
"""Physical id (the value of ``Ref``) and attributes (the values of ``Fn::GetAtt``)."""


@dataclass(frozen=True)
class ResourceType:
    """The life of one resource type."""

    create: Callable[[str, Properties, str], Created]
    """(logical id, properties, stack name)"""
    update: Callable[[str, Properties, Properties, str], Created]
    """(physical id, old properties, new properties, stack name)"""
    delete: Callable[[str, Properties], None]
    """(physical id, properties)"""


def handlers() -> dict[str, dict[str, Any]]:
    """ministack's table of resource types."""
    return internals.member(internals.module("services.cloudformation.provisioners"), "_RESOURCE_HANDLERS")


def register(name: str, kind: ResourceType) -> None:
    """Serve a resource type, in the place of ministack's own if it has one."""
    handlers()[name] = {"create": kind.create, "update": kind.update, "delete": kind.delete}


def physical_name(stack: str, logical_id: str) -> str:
    """The name of a resource whose template gives none: readable, and the same on every deployment."""
    return f"{stack}-{logical_id}".lower()


def after(name: str, finish: Callable[[str, Properties], None]) -> None:
    """Call ``finish(physical id, properties)`` after ministack created or updated a resource of this type."""
    table = internals.entry(handlers(), name, "CloudFormation handlers")
    create, update = internals.entry(table, "create", name), table.get("update")

    def create_and_finish(logical_id: str, properties: Properties, stack: str) -> Created:
        created = create(logical_id, properties, stack)
        finish(created[0], properties)
        return created

    def update_and_finish(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Created:
        updated = update(physical_id, old, new, *rest)
        finish(updated[0], new)
        return updated

    table["create"] = create_and_finish
    if update:
        table["update"] = update_and_finish


def with_attributes(name: str, attributes: Callable[[Properties], dict[str, Any]]) -> None:
    """Add attributes that ministack's resource type lacks."""
    table = internals.entry(handlers(), name, "CloudFormation handlers")
    create = internals.entry(table, "create", name)

    def create_with_attributes(logical_id: str, properties: Properties, stack: str) -> Created:
        physical_id, known = create(logical_id, properties, stack)
        return physical_id, {**attributes(properties), **(known or {})}

    table["create"] = create_with_attributes


def before(name: str, check: Callable[[Properties], Any]) -> None:
    """Call ``check(properties)``, which refuses by raising, before ministack creates a resource of this type."""
    table = internals.entry(handlers(), name, "CloudFormation handlers")
    create = internals.entry(table, "create", name)

    def create_checked(logical_id: str, properties: Properties, stack: str) -> Created:
        check(properties)
        return create(logical_id, properties, stack)

    table["create"] = create_checked
