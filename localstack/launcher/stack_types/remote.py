"""RDS, DMS and ECS resources: created by calls to our server.

ministack's own handlers for RDS and ECS write into its own state, past the proxy; for DMS it has none.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from launcher import internals, server
from launcher.stack_types.api_shape import fit
from launcher.stack_types.registry import Created, Properties, ResourceType, physical_name, register

WAIT_SECONDS = 600
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class RemoteType:
    """A resource type of CloudFormation as calls to the API of its service."""

    service: str
    noun: str
    """What the operations are called after: ``Create<noun>``, ``Delete<noun>``."""
    name: str
    """The API parameter that names the resource."""
    answer: str
    """The member of the answer that describes the resource."""
    reference: str
    """The member of the description that ``Ref`` gives."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """``Fn::GetAtt`` name to (dotted) member of the description."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Template property to API parameter, where they differ."""
    create: str = "Create"
    modify: str | None = "Modify"
    """The verb that changes a resource in place, if there is one; else the resource is created anew."""
    delete: str = "Delete"
    delete_by: str | None = None
    """The API parameter of the delete call, if it isn't ``name``."""
    delete_extra: Mapping[str, Any] = field(default_factory=dict)
    ready: str | None = None
    """The status to wait for after the creation, if the service works on."""


REMOTE_TYPES: dict[str, RemoteType] = {
    "AWS::DMS::ReplicationSubnetGroup": RemoteType(
        service="dms",
        noun="ReplicationSubnetGroup",
        name="ReplicationSubnetGroupIdentifier",
        answer="ReplicationSubnetGroup",
        reference="ReplicationSubnetGroupIdentifier",
    ),
    "AWS::DMS::Certificate": RemoteType(
        service="dms",
        noun="Certificate",
        name="CertificateIdentifier",
        answer="Certificate",
        reference="CertificateArn",
        create="Import",
        modify=None,
        delete_by="CertificateArn",
    ),
    "AWS::ECS::Cluster": RemoteType(
        service="ecs",
        noun="Cluster",
        name="clusterName",
        answer="cluster",
        reference="clusterName",
        attributes={"Arn": "clusterArn"},
        renames={"ClusterSettings": "settings"},
        modify="Update",
        delete_by="cluster",
    ),
    "AWS::ECS::TaskDefinition": RemoteType(
        service="ecs",
        noun="TaskDefinition",
        name="family",
        answer="taskDefinition",
        reference="taskDefinitionArn",
        attributes={"TaskDefinitionArn": "taskDefinitionArn"},
        create="Register",
        modify=None,
        delete="Deregister",
        delete_by="taskDefinition",
    ),
    "AWS::RDS::DBSubnetGroup": RemoteType(
        service="rds",
        noun="DBSubnetGroup",
        name="DBSubnetGroupName",
        answer="DBSubnetGroup",
        reference="DBSubnetGroupName",
    ),
    "AWS::RDS::DBParameterGroup": RemoteType(
        service="rds",
        noun="DBParameterGroup",
        name="DBParameterGroupName",
        answer="DBParameterGroup",
        reference="DBParameterGroupName",
        renames={"Family": "DBParameterGroupFamily"},
        modify=None,
    ),
    "AWS::RDS::DBInstance": RemoteType(
        service="rds",
        noun="DBInstance",
        name="DBInstanceIdentifier",
        answer="DBInstance",
        reference="DBInstanceIdentifier",
        attributes={
            "DBInstanceArn": "DBInstanceArn",
            "DbiResourceId": "DbiResourceId",
            "Endpoint.Address": "Endpoint.Address",
            "Endpoint.Port": "Endpoint.Port",
        },
        renames={"VPCSecurityGroups": "VpcSecurityGroupIds", "DBSecurityGroups": "DBSecurityGroups"},
        delete_extra={"SkipFinalSnapshot": True},
        ready="available",
    ),
}


def install(server_url: str) -> None:
    """Serve the resource types above through the server, without holding up ministack meanwhile."""
    for name, remote in REMOTE_TYPES.items():
        register(name, resource_type(remote, server_url))
    stacks = internals.module("services.cloudformation.stacks")
    # Calls to the server block, and the server may itself call ministack: they must not run on its event loop.
    internals.replace(stacks, "_runs_on_worker_thread", lambda runs: lambda name: name in REMOTE_TYPES or runs(name))


def resource_type(remote: RemoteType, server_url: str) -> ResourceType:
    """The handlers of one resource type."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        named = {remote.name: physical_name(stack, logical_id), **given_name(remote, properties)}
        client = client_of(remote, server_url)
        description = call(client, remote.create + remote.noun, renamed(remote, properties) | named)[remote.answer]
        if remote.ready:
            description = wait_until_ready(client, remote, named[remote.name])
        return created(remote, description)

    def update(physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
        if remote.modify is None:
            return create(physical_id, new, stack)
        named = {"cluster" if remote.service == "ecs" else remote.name: physical_id}
        changes = {name: value for name, value in renamed(remote, new).items() if name != "Tags"}
        answer = call(client_of(remote, server_url), remote.modify + remote.noun, changes | named, ignore_unknown=True)
        return created(remote, answer[remote.answer])

    def delete(physical_id: str, _properties: Properties) -> None:
        target = {remote.delete_by or remote.name: physical_id, **remote.delete_extra}
        call(client_of(remote, server_url), remote.delete + remote.noun, target)

    return ResourceType(create, update, delete)


def client_of(remote: RemoteType, server_url: str) -> Any:
    """A client for the region of the stack."""
    return server.client(remote.service, server_url, internals.module("core.responses").get_region())


def given_name(remote: RemoteType, properties: Properties) -> dict[str, str]:
    """The name that the template gives, if any."""
    found = next((value for key, value in properties.items() if key.lower() == remote.name.lower()), None)
    return {remote.name: found} if found else {}


def renamed(remote: RemoteType, properties: Properties) -> Properties:
    """The properties under the names of the API, without the name of the resource."""
    return {
        remote.renames.get(key, key): value
        for key, value in without_reserved_tags(properties).items()
        if key.lower() != remote.name.lower()
    }


def without_reserved_tags(properties: Properties) -> Properties:
    """The properties without CloudFormation's own tags (`aws:…`), which services accept from CloudFormation alone."""
    tags = [tag for tag in properties.get("Tags", []) if not tag["Key"].startswith("aws:")]
    others = {key: value for key, value in properties.items() if key != "Tags"}
    return {**others, "Tags": tags} if tags else others


def call(client: Any, operation: str, properties: Properties, *, ignore_unknown: bool = False) -> dict[str, Any]:
    """Call an operation with properties of a template; a failure is the reason of the stack's failure."""
    model = client.meta.service_model.operation_model(operation)
    parameters = fit(properties, model.input_shape, ignore_unknown=ignore_unknown)
    method = next(name for name, api_name in client.meta.method_to_api_mapping.items() if api_name == operation)
    try:
        return getattr(client, method)(**parameters)
    except ClientError as refused:
        raise ValueError(f"{operation}: {refused}") from refused


def wait_until_ready(client: Any, remote: RemoteType, name: str) -> dict[str, Any]:
    """Wait for the status that ends the creation."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        found = call(client, f"Describe{remote.noun}s", {remote.name: name})[f"{remote.noun}s"][0]
        status = found[f"{remote.noun}Status"]
        if status == remote.ready:
            return found
        if "fail" in status or time.monotonic() > deadline:
            raise ValueError(f"{remote.noun} {name} is {status} after its creation, not {remote.ready}")
        time.sleep(POLL_SECONDS)


def created(remote: RemoteType, description: dict[str, Any]) -> Created:
    """Physical id and attributes from the description of a resource."""
    attributes = {name: str(member(description, path)) for name, path in remote.attributes.items()}
    return description[remote.reference], attributes


def member(description: dict[str, Any], path: str) -> Any:
    """The member at a dotted path."""
    value: Any = description
    for name in path.split("."):
        value = value[name]
    return value
