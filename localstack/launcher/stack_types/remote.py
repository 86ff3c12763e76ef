"""RDS, DMS and ECS resources: created by calls to our server.

ministack's own handlers for RDS and ECS write into its own state, past the proxy; for DMS it has none.
"""

import time
import uuid
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from launcher import internals, server
from launcher.stack_types.api_shape import fit
from launcher.stack_types.registry import Created, Properties, ResourceType, handlers, physical_name, register
from launcher.stack_types.remote_types import REMOTE_TYPES, RemoteType

WAIT_SECONDS = 600
POLL_SECONDS = 0.2


def install(server_url: str) -> None:
    """Serve the resource types above through the server, without holding up ministack meanwhile."""
    for name, remote in REMOTE_TYPES.items():
        register(name, resource_type(remote, server_url))
        if remote.snapshot:
            handlers()[name]["snapshot"] = snapshooter(remote, server_url)
    stacks = internals.module("services.cloudformation.stacks")
    # Calls to the server block, and the server may itself call ministack: they must not run on its event loop.
    internals.replace(stacks, "_runs_on_worker_thread", lambda runs: lambda name: name in REMOTE_TYPES or runs(name))


def resource_type(remote: RemoteType, server_url: str) -> ResourceType:
    """The handlers of one resource type."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        named = {remote.name: physical_name(stack, logical_id), **given_name(remote, properties)}
        client = client_of(remote, server_url)
        first, afterwards = split(remote, properties)
        description = call(client, remote.create + remote.noun, renamed(remote, first) | named)[remote.answer]
        if afterwards:
            set_parameters(client, remote, description[remote.reference], afterwards)
        if remote.ready:
            description = wait_until_ready(client, remote, named[remote.name])
        return created(remote, description)

    def update(physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
        if remote.modify is None:
            return create(physical_id, new, stack)
        if remote.afterwards:
            client = client_of(remote, server_url)
            set_parameters(client, remote, physical_id, new.get(remote.afterwards, {}))
            return physical_id, {}
        named = {"cluster" if remote.service == "ecs" else remote.name: physical_id}
        changes = {name: value for name, value in renamed(remote, new).items() if name != "Tags"}
        answer = call(client_of(remote, server_url), remote.modify + remote.noun, changes | named, ignore_unknown=True)
        return created(remote, answer[remote.answer])

    def delete(physical_id: str, _properties: Properties) -> None:
        target = {remote.delete_by or remote.name: physical_id, **remote.delete_extra}
        client = client_of(remote, server_url)
        call(client, remote.delete + remote.noun, target)
        if remote.ready:
            wait_until_gone(client, remote, physical_id)

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


def split(remote: RemoteType, properties: Properties) -> tuple[Properties, Properties]:
    """What a creation takes, and what is set afterwards."""
    rest = {key: value for key, value in properties.items() if key != remote.afterwards}
    return rest, properties.get(remote.afterwards or "", {})


def set_parameters(client: Any, remote: RemoteType, name: str, parameters: Properties) -> None:
    """Set parameters of a group as CloudFormation does: static ones count from the next start of a database."""
    listed = [
        {"ParameterName": parameter, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
        for parameter, value in parameters.items()
    ]
    call(client, f"Modify{remote.noun}", {remote.name: name, "Parameters": listed})


def snapshooter(remote: RemoteType, server_url: str) -> Any:
    """``DeletionPolicy: Snapshot``: a snapshot before the deletion, which the server makes without a last one."""

    def snapshot(physical_id: str, _properties: Properties) -> None:
        client = client_of(remote, server_url)
        parameter = str(remote.snapshot)
        named = {parameter: f"{physical_id}-snapshot-{uuid.uuid4().hex[:12]}", remote.name: physical_id}
        kind = f"{remote.noun}Snapshot"
        call(client, f"Create{kind}", named)
        wait_for(client, f"Describe{kind}s", {parameter: named[parameter]}, f"{kind}s", "Status", "available")

    return snapshot


def wait_until_ready(client: Any, remote: RemoteType, name: str) -> dict[str, Any]:
    """Wait for the status that ends the creation."""
    ready = str(remote.ready)
    return wait_for(client, f"Describe{remote.noun}s", {remote.name: name}, f"{remote.noun}s", remote.status, ready)


def wait_for(
    client: Any, operation: str, named: dict[str, str], answer: str, status: str, wanted: str
) -> dict[str, Any]:
    """Wait for a status of what a Describe answers."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        found = call(client, operation, named)[answer][0]
        if found[status] == wanted:
            return found
        if "fail" in found[status] or time.monotonic() > deadline:
            raise ValueError(f"{', '.join(named.values())} is {found[status]} after its creation, not {wanted}")
        time.sleep(POLL_SECONDS)


def wait_until_gone(client: Any, remote: RemoteType, name: str) -> None:
    """Wait for the end of a deletion: what the resource was made in can't be deleted before."""
    deadline = time.monotonic() + WAIT_SECONDS
    method = getattr(client, xform_name(f"Describe{remote.noun}s"))
    while True:
        try:
            method(**{remote.name: name})
        except ClientError as refused:
            if "NotFound" in refused.response["Error"]["Code"]:
                return
            raise
        if time.monotonic() > deadline:
            raise ValueError(f"{remote.noun} {name} isn't gone {WAIT_SECONDS} s after its deletion")
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
