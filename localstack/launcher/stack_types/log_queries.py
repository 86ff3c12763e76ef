"""Saved queries of CloudWatch Logs Insights, which ministack's CloudFormation lacks."""

from launcher.stack_types.registry import Created, Properties, ResourceType, physical_name, register


def install() -> None:
    """Register the type."""
    register("AWS::Logs::QueryDefinition", ResourceType(create, update, delete))


def create(logical_id: str, _properties: Properties, stack: str) -> Created:
    """Take the query as saved: nobody here shows it, but its stack must be deployable."""
    name = physical_name(stack, logical_id)
    return name, {"QueryDefinitionId": name}


def update(physical_id: str, _old: Properties, _new: Properties, _stack: str) -> Created:
    """Take the changed query as saved."""
    return physical_id, {"QueryDefinitionId": physical_id}


def delete(_physical_id: str, _properties: Properties) -> None:
    """Nothing was kept."""
