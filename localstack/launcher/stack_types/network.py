"""EC2 resource types that ministack's CloudFormation lacks, and the checks of EC2 that it leaves out.

Nothing is routed or filtered here: what is refused is what EC2 would refuse to make, never a connection.
"""

import uuid
from typing import Any

from launcher import internals
from launcher.stack_types import recorded, rights
from launcher.stack_types.registry import Created, Properties, ResourceType, before, register, with_attributes

FLOW_LOG = "AWS::EC2::FlowLog"
FLOW_LOG_SERVICE = "vpc-flow-logs.amazonaws.com"
FLOW_LOG_ACTIONS = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
INTERFACE_ACTIONS = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
"""What the role of a function in a VPC must allow, or Lambda refuses to make it (Lambda developer guide)."""


def install() -> None:
    """Register the types, the checks, and the attribute ``CidrBlock`` of VPCs."""
    register("AWS::EC2::SecurityGroupIngress", security_group_rule("IpPermissions"))
    register("AWS::EC2::SecurityGroupEgress", security_group_rule("IpPermissionsEgress"))
    register(FLOW_LOG, ResourceType(create_flow_log, update_flow_log, delete_flow_log))
    # Nothing is routed here, so these exist in name only.
    register("AWS::EC2::NatGateway", name_only("nat"))
    register("AWS::EC2::EIP", name_only("eipalloc", {"PublicIp": "198.51.100.1"}))
    # Capacity providers choose among machines; the server starts every task on this one.
    register("AWS::ECS::ClusterCapacityProviderAssociations", name_only("capacity"))
    with_attributes("AWS::EC2::VPC", lambda properties: {"CidrBlock": properties.get("CidrBlock")})
    before("AWS::EC2::SecurityGroup", lambda properties: found("_vpcs", properties.get("VpcId")))
    before("AWS::EC2::VPCEndpoint", check_endpoint)
    before("AWS::Lambda::Function", check_function)


def store(name: str) -> dict[str, dict[str, Any]]:
    """One of EC2's tables."""
    service = internals.module("services.ec2")
    internals.member(service, "_ensure_defaults_initialized")()
    return internals.member(service, name)


def found(table: str, name: str | None) -> dict[str, Any] | None:
    """What has this id, which must exist if it is given."""
    if name is None:
        return None
    one = store(table).get(name)
    if one is None:
        raise ValueError(f"The {table.strip('_').removesuffix('s').replace('_', ' ')} ID '{name}' does not exist")
    return one


def within(table: str, names: list[str], vpc: str) -> list[dict[str, Any]]:
    """Subnets, groups or route tables, which must all be in one VPC."""
    ones = [one for one in (found(table, name) for name in names) if one]
    for name, one in zip(names, ones, strict=True):
        if one["VpcId"] != vpc:
            raise ValueError(f"'{name}' is in the VPC {one['VpcId']}, not in {vpc}")
    return ones


def check_endpoint(properties: Properties) -> None:
    """What EC2 demands of an endpoint (CreateVpcEndpoint, EC2 API reference; AWS PrivateLink guide)."""
    vpc, service = properties["VpcId"], properties["ServiceName"]
    network = found("_vpcs", vpc) or {}
    within("_route_tables", properties.get("RouteTableIds", []), vpc)
    groups = within("_security_groups", properties.get("SecurityGroupIds", []), vpc)
    subnets = within("_subnets", properties.get("SubnetIds", []), vpc)
    if not service.startswith(f"com.amazonaws.{internals.module('core.responses').get_region()}."):
        raise ValueError(f"The Vpc Endpoint Service '{service}' does not exist")
    if properties.get("VpcEndpointType", "Gateway") == "Gateway":
        if subnets or groups or properties.get("PrivateDnsEnabled"):
            raise ValueError("Subnets, security groups and private DNS are for interface endpoints")
        return
    zones = [subnet["AvailabilityZone"] for subnet in subnets]
    if len(set(zones)) < len(zones):
        raise ValueError("Found another VPC endpoint subnet in the availability zone: one subnet of a zone at most")
    if properties.get("PrivateDnsEnabled") and not names_hosts(network):
        raise ValueError("Enabling private DNS requires both enableDnsSupport and enableDnsHostnames of the VPC")
    twins = [
        each for each in store("_vpc_endpoints").values() if (each["VpcId"], each["ServiceName"]) == (vpc, service)
    ]
    if properties.get("PrivateDnsEnabled") and any(each["PrivateDnsEnabled"] for each in twins):
        raise ValueError(f"private-dns-enabled cannot be set because there is already a domain of {service} in {vpc}")


def names_hosts(network: dict[str, Any]) -> bool:
    """Whether a VPC has both attributes that private DNS needs; the first is on unless it is switched off."""
    return all(str(network.get(name, name == "EnableDnsSupport")).lower() == "true" for name in DNS_ATTRIBUTES)


DNS_ATTRIBUTES = ("EnableDnsSupport", "EnableDnsHostnames")


def check_function(properties: Properties) -> None:
    """What Lambda demands of a function in a VPC."""
    place = properties.get("VpcConfig") or {}
    subnets = [found("_subnets", name) for name in place.get("SubnetIds", [])]
    if not subnets or subnets[0] is None:
        return
    vpc = subnets[0]["VpcId"]
    within("_subnets", place["SubnetIds"], vpc)
    within("_security_groups", place.get("SecurityGroupIds", []), vpc)
    denied = rights.refused(properties["Role"], INTERFACE_ACTIONS, "*")
    if denied:
        action = denied[0].removeprefix("ec2:")
        raise ValueError(f"The provided execution role does not have permissions to call {action} on EC2")


def create_flow_log(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Keep a flow log: there is no traffic to log. What it would fail with is told as EC2 does."""
    recorded.demand(
        properties,
        {"ResourceId", "ResourceType"},
        {
            "DeliverLogsPermissionArn",
            "LogDestinationType",
            "LogGroupName",
            "MaxAggregationInterval",
            "Tags",
            "TrafficType",
        },
    )
    found({"VPC": "_vpcs", "Subnet": "_subnets"}[properties["ResourceType"]], properties["ResourceId"])
    group, role = properties.get("LogGroupName"), properties.get("DeliverLogsPermissionArn")
    if properties.get("LogDestinationType", "cloud-watch-logs") != "cloud-watch-logs" or not group or not role:
        raise ValueError("here a flow log goes to a log group, which needs LogGroupName and DeliverLogsPermissionArn")
    if not rights.trusts(rights.role_of(role), FLOW_LOG_SERVICE):
        raise ValueError(f"Unable to assume given IAM role: {role} doesn't trust {FLOW_LOG_SERVICE}")
    physical_id = new_id("fl")
    responses = internals.module("core.responses")
    arn = f"arn:aws:logs:{responses.get_region()}:{responses.get_account_id()}:log-group:{group}:*"
    denied = rights.refused(role, FLOW_LOG_ACTIONS, arn)
    status = {"deliverLogsStatus": "FAILED" if denied else "SUCCESS", "denied": denied}
    recorded.note(FLOW_LOG, physical_id, properties, **status)
    store("_flow_logs")[physical_id] = {
        "FlowLogId": physical_id,
        "LogDestination": group,
        "LogDestinationType": "cloud-watch-logs",
        "ResourceId": properties["ResourceId"],
        "ResourceType": properties["ResourceType"],
        "TrafficType": properties.get("TrafficType", "ALL"),
        "FlowLogStatus": "ACTIVE",
        "CreationTime": internals.member(internals.module("services.ec2"), "_now_ts")(),
    }
    return physical_id, {"Id": physical_id}


def update_flow_log(physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
    """A flow log can't be changed: a new one takes its place."""
    delete_flow_log(physical_id, new)
    return create_flow_log(physical_id, new, stack)


def delete_flow_log(physical_id: str, _properties: Properties) -> None:
    """Forget it."""
    recorded.forget(FLOW_LOG, physical_id)
    store("_flow_logs").pop(physical_id, None)


def security_group_rule(direction: str) -> ResourceType:
    """A rule of a security group as a resource of its own, which breaks cycles between groups."""
    groups = internals.member(internals.module("services.ec2"), "_security_groups")
    permissions = internals.member(internals.module("services.cloudformation.provisioners"), "_ec2_sg_permissions")

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        group = groups.get(properties["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        for end in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
            within("_security_groups", [name for name in [properties.get(end)] if name], group["VpcId"])
        rules = permissions([properties])
        if any(same_rule(rule, known) for rule in rules for known in group[direction]):
            raise ValueError(f"the specified rule already exists in {properties['GroupId']}")
        group[direction].extend(rules)
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


def same_rule(one: Any, other: Any) -> bool:
    """Whether two rules allow the same; what they are described as makes no difference to EC2."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = (one.keys() | other.keys()) - {"Description"}
        return all(same_rule(one.get(key), other.get(key)) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_rule, one, other))
    return bool(one == other)


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
