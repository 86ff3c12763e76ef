"""EventBridge resource types that ministack's CloudFormation lacks: archives and bus policies."""

import json
from typing import Any

from launcher import internals
from launcher.stack_types.registry import Created, Properties, ResourceType, register


def install() -> None:
    """Register the types."""
    eventbridge = internals.module("services.eventbridge")
    register("AWS::Events::Archive", archive(eventbridge))
    register("AWS::Events::EventBusPolicy", bus_policy(eventbridge))


def archive(eventbridge: Any) -> ResourceType:
    """An archive of a bus, for replays."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        name = properties.get("ArchiveName") or f"{stack}-{logical_id}"
        answer = checked(eventbridge._create_archive(request(name, properties)))
        return name, {"Arn": answer["ArchiveArn"], "ArchiveName": name}

    def update(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Created:
        answer = checked(eventbridge._update_archive(request(physical_id, new)))
        return physical_id, {"Arn": answer["ArchiveArn"], "ArchiveName": physical_id}

    def delete(physical_id: str, _properties: Properties) -> None:
        checked(eventbridge._delete_archive({"ArchiveName": physical_id}))

    def request(name: str, properties: Properties) -> dict[str, Any]:
        call = {
            "ArchiveName": name,
            "EventSourceArn": properties["SourceArn"],
            "Description": properties.get("Description", ""),
            "RetentionDays": int(properties.get("RetentionDays", 0)),
        }
        pattern = properties.get("EventPattern")
        if pattern:
            call["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
        return call

    return ResourceType(create, update, delete)


def bus_policy(eventbridge: Any) -> ResourceType:
    """One statement of a bus's policy."""
    policies = internals.member(eventbridge, "_event_bus_policies")

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        statement = {**properties["Statement"], "Sid": properties["StatementId"]}
        policy = policies.setdefault(bus_of(properties), {"Version": "2012-10-17", "Statement": []})
        others = [known for known in policy["Statement"] if known["Sid"] != statement["Sid"]]
        policy["Statement"] = [*others, statement]
        return properties["StatementId"], {}

    def update(physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
        return create(physical_id, new, stack)

    def delete(_physical_id: str, properties: Properties) -> None:
        call = {"EventBusName": bus_of(properties), "StatementId": properties["StatementId"]}
        checked(eventbridge._remove_permission(call))

    def bus_of(properties: Properties) -> str:
        return properties.get("EventBusName", "default")

    return ResourceType(create, update, delete)


def checked(answer: tuple) -> dict[str, Any]:
    """The body of an answer of ministack; an error is the reason of the stack's failure."""
    status, _, body = answer
    if status >= 400:
        raise ValueError(body.decode() if isinstance(body, bytes) else body)
    return json.loads(body or b"{}")
