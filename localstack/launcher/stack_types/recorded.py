"""What was made in name only: nothing here does what it is for, and a test can look at what was asked of it."""

from typing import Any

from launcher.stack_types.registry import Properties

Record = dict[str, Any]

_records: dict[tuple[str, str], Record] = {}


def note(kind: str, physical_id: str, properties: Properties, **more: Any) -> None:
    """Keep what a resource was made with, in place of what was known of it."""
    _records[kind, physical_id] = {"type": kind, "id": physical_id, "properties": properties, **more}


def forget(kind: str, physical_id: str) -> None:
    """The resource is gone."""
    _records.pop((kind, physical_id), None)


def known(kind: str, physical_id: str) -> Record | None:
    """What a resource was made with."""
    return _records.get((kind, physical_id))


def listed() -> list[Record]:
    """Everything that is there in name only."""
    return list(_records.values())


def demand(properties: Properties, required: set[str], optional: set[str]) -> None:
    """Refuse a template as CloudFormation does: a property that is missing, or that the type doesn't have."""
    if missing := required - properties.keys():
        raise ValueError(f"Properties validation failed: required key [{sorted(missing)[0]}] not found")
    if extraneous := properties.keys() - required - optional:
        raise ValueError(f"Properties validation failed: extraneous key [{sorted(extraneous)[0]}] is not permitted")
