"""EC2 resource types that ministack's CloudFormation lacks: rules of security groups, and what a VPC needs beside."""

import uuid
from typing import Any

from launcher import internals
from launcher.stack_types.registry import Created, Properties, ResourceType, register, with_attributes


def install() -> None:
    """Register the types, and the attribute ``CidrBlock`` of VPCs."""
    register("AWS::EC2::SecurityGroupIngress", security_group_rule("IpPermissions"))
    register("AWS::EC2::SecurityGroupEgress", security_group_rule("IpPermissionsEgress"))
    # Nothing is routed here, so these exist in name only.
    register("AWS::EC2::NatGateway", name_only("nat"))
    register("AWS::EC2::FlowLog", name_only("fl"))
    register("AWS::EC2::EIP", name_only("eipalloc", {"PublicIp": "198.51.100.1"}))
    # Capacity providers choose among machines; the server starts every task on this one.
    register("AWS::ECS::ClusterCapacityProviderAssociations", name_only("capacity"))
    with_attributes("AWS::EC2::VPC", lambda properties: {"CidrBlock": properties.get("CidrBlock")})


def security_group_rule(direction: str) -> ResourceType:
    """A rule of a security group as a resource of its own, which breaks cycles between groups."""
    groups = internals.member(internals.module("services.ec2"), "_security_groups")
    permissions = internals.member(internals.module("services.cloudformation.provisioners"), "_ec2_sg_permissions")

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        group = groups.get(properties["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        group[direction].extend(permissions([properties]))
        return new_id("sgr"), {}

    def update(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        delete(physical_id, old)
        return create(physical_id, new, stack)

    def delete(_physical_id: str, properties: Properties) -> None:
        group = groups.get(properties["GroupId"])
        for rule in permissions([properties]):
            if group and rule in group[direction]:
                group[direction].remove(rule)

    return ResourceType(create, update, delete)


def name_only(prefix: str, attributes: dict[str, Any] | None = None) -> ResourceType:
    """A resource that has an id and attributes, and no effect."""

    def create(_logical_id: str, _properties: Properties, _stack: str) -> Created:
        physical_id = new_id(prefix)
        return physical_id, attributes_of(physical_id)

    def update(physical_id: str, _old: Properties, _new: Properties, _stack: str) -> Created:
        return physical_id, attributes_of(physical_id)

    def attributes_of(physical_id: str) -> dict[str, Any]:
        return {"Id": physical_id, "AllocationId": physical_id, **(attributes or {})}

    return ResourceType(create, update, lambda _physical_id, _properties: None)


def new_id(prefix: str) -> str:
    """An id in the form of EC2's: a prefix and 17 hexadecimal digits."""
    return f"{prefix}-{uuid.uuid4().hex[:17]}"
