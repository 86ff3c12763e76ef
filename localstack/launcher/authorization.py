"""IAM for RDS, DMS and ECS: which resource a call is about, and the tags of that resource.

ministack knows DMS not at all, of RDS only the instance in ``DBInstanceIdentifier``, and of ECS only the cluster: a
role that is limited to `tr-…` resources would be denied everything, or allowed everything. Resource types per action
as in the Service Authorization Reference; where AWS checks several resources, the one that the call changes.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from launcher import internals, server

DMS_ARN_FIELDS = (
    "ReplicationTaskArn",
    "ReplicationInstanceArn",
    "EndpointArn",
    "ResourceArn",
    "CertificateArn",
)
DMS_NEW_RESOURCES = {
    "CreateReplicationInstance": "rep",
    "CreateEndpoint": "endpoint",
    "CreateReplicationTask": "task",
    "ImportCertificate": "cert",
}
RDS_FIELDS = (
    # The new instance or cluster comes before the source: it is what the call creates.
    ("TargetDBInstanceIdentifier", "db"),
    ("DBInstanceIdentifier", "db"),
    ("DBClusterIdentifier", "cluster"),
    ("DBSnapshotIdentifier", "snapshot"),
    ("DBClusterSnapshotIdentifier", "cluster-snapshot"),
    ("DBSubnetGroupName", "subgrp"),
    ("DBParameterGroupName", "pg"),
    ("DBClusterParameterGroupName", "cluster-pg"),
    ("DBInstanceAutomatedBackupsArn", "auto-backup"),
)
RDS_NEW_RESOURCES = {
    "CreateDBSnapshot": ("DBSnapshotIdentifier", "snapshot"),
    "CreateDBClusterSnapshot": ("DBClusterSnapshotIdentifier", "cluster-snapshot"),
    "CopyDBParameterGroup": ("TargetDBParameterGroupIdentifier", "pg"),
    "CopyDBClusterParameterGroup": ("TargetDBClusterParameterGroupIdentifier", "cluster-pg"),
}
"""Calls that make something of what the first of the fields above names."""
RDS_LISTS = {
    "DescribeDBInstances": ("DBInstanceIdentifier", "db"),
    "DescribeDBClusters": ("DBClusterIdentifier", "cluster"),
    "DescribeDBSnapshots": ("DBSnapshotIdentifier", "snapshot"),
    "DescribeDBClusterSnapshots": ("DBClusterSnapshotIdentifier", "cluster-snapshot"),
    "DescribeDBInstanceAutomatedBackups": ("DBInstanceAutomatedBackupsArn", "auto-backup"),
    "DescribeDBClusterAutomatedBackups": ("DBClusterAutomatedBackupsArn", "cluster-auto-backup"),
    "DescribeDBSubnetGroups": ("DBSubnetGroupName", "subgrp"),
    "DescribeDBParameterGroups": ("DBParameterGroupName", "pg"),
    "DescribeDBClusterParameterGroups": ("DBClusterParameterGroupName", "cluster-pg"),
}
"""Lists, with the parameter that narrows them to one resource of their kind."""


def install(server_url: str) -> None:
    """Name the resources of RDS, DMS and ECS calls, and read their tags from the server."""
    actions = internals.module("core.iam_actions")
    internals.member(actions, "SERVICE_TO_IAM_NAMESPACE")["dms"] = "dms"
    internals.replace(actions, "extract_resource_arn", name_resource)
    internals.replace(actions, "request_tag_context", add_cluster_condition)
    internals.replace(internals.module("services.tagging"), "resource_tags", lambda tags: tags_of(tags, server_url))


def name_resource(extract: internals.Private) -> internals.Private:
    """The resource ARN that a policy's ``Resource`` is compared with."""

    def extract_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        parameters: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        if service == "rds":
            return rds_resource(first_values(parameters), region, account)
        if service in ("dms", "ecs"):
            action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
            name = dms_resource if service == "dms" else ecs_resource
            return name(action, json.loads(body or b"{}"), region, account)
        return extract(service, method, path, headers, body, parameters, region, account)

    return extract_arn


def first_values(parameters: dict[str, Any]) -> dict[str, str]:
    """Form parameters with one value each."""
    return {name: value[0] if isinstance(value, list) else value for name, value in parameters.items()}


def rds_resource(parameters: dict[str, str], region: str, account: str) -> str:
    """The instance, cluster, snapshot or group that a call to RDS is about; a list is about all of its kind."""
    prefix = f"arn:aws:rds:{region}:{account}"
    if parameters.get("Action") in RDS_LISTS:
        field, kind = RDS_LISTS[parameters["Action"]]
        return arn_of(parameters.get(field, "*"), f"{prefix}:{kind}:")
    if parameters.get("Action") in RDS_NEW_RESOURCES:
        field, kind = RDS_NEW_RESOURCES[parameters["Action"]]
        return f"{prefix}:{kind}:{parameters.get(field, '').lower()}"
    if parameters.get("ResourceName", "").startswith("arn:"):
        return parameters["ResourceName"]
    for field, kind in RDS_FIELDS:
        name = parameters.get(field)
        if name:
            return name if name.startswith("arn:") else f"{prefix}:{kind}:{name.lower()}"
    return "*"


def dms_resource(action: str, call: dict[str, Any], region: str, account: str) -> str:
    """The task, replication instance, endpoint or certificate that a call to DMS is about.

    A new resource's ARN ends in its ``ResourceIdentifier`` (DMS API reference).
    """
    if action in DMS_NEW_RESOURCES:
        name = call.get("ResourceIdentifier") or call.get("CertificateIdentifier") or "*"
        return f"arn:aws:dms:{region}:{account}:{DMS_NEW_RESOURCES[action]}:{name}"
    if call.get("ReplicationSubnetGroupIdentifier"):
        return f"arn:aws:dms:{region}:{account}:subgrp:{call['ReplicationSubnetGroupIdentifier']}"
    return next((call[field] for field in DMS_ARN_FIELDS if call.get(field)), "*")


def ecs_resource(action: str, call: dict[str, Any], region: str, account: str) -> str:
    """The task definition, task or cluster that a call to ECS is about."""
    prefix = f"arn:aws:ecs:{region}:{account}"
    if action in ("RunTask", "DescribeTaskDefinition"):
        return arn_of(call.get("taskDefinition"), f"{prefix}:task-definition/")
    cluster = arn_of(call.get("cluster") or "default", f"{prefix}:cluster/")
    task = call.get("task") or next(iter(call.get("tasks") or []), None)
    if task:
        return arn_of(task, f"{prefix}:task/{cluster.rsplit('/', 1)[-1]}/")
    if action in ("ListTasks", "CreateCluster", "RegisterTaskDefinition", "ListClusters"):
        return "*"
    return cluster


def arn_of(name: str | None, prefix: str) -> str:
    """The ARN of something that may be given by name or by ARN."""
    if not name:
        return "*"
    return name if name.startswith("arn:") else prefix + name


def add_cluster_condition(request_tags: internals.Private) -> internals.Private:
    """The condition key ``ecs:cluster`` of ECS calls, beside the request's tags."""

    def context(service: str, action: str, body: bytes, parameters: dict[str, Any]) -> dict[str, Any]:
        found = request_tags(service, action, body, parameters)
        if service != "ecs":
            return found
        cluster = json.loads(body or b"{}").get("cluster") or "default"
        responses = internals.module("core.responses")
        prefix = f"arn:aws:ecs:{responses.get_region()}:{responses.get_account_id()}:cluster/"
        return {**found, "ecs:cluster": arn_of(cluster, prefix)}

    return context


def tags_of(resource_tags: internals.Private, server_url: str) -> internals.Private:
    """The tags behind ``aws:ResourceTag/…``, asked from the server for its resources."""

    def tags(arn: str) -> dict[str, str] | None:
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[2] not in server.SERVICES or "*" in arn:
            return resource_tags(arn)
        return server_tags(parts[2], server.client(parts[2], server_url, parts[3]), arn)

    return tags


def server_tags(service: str, client: Any, arn: str) -> dict[str, str] | None:
    """The tags of an RDS, DMS or ECS resource; None if there is none, so that no condition on tags holds."""
    try:
        if service == "rds":
            found = client.list_tags_for_resource(ResourceName=arn)["TagList"]
        elif service == "dms":
            found = client.list_tags_for_resource(ResourceArn=arn)["TagList"]
        else:
            found = client.list_tags_for_resource(resourceArn=arn)["tags"]
    except ClientError:
        return None
    return {tag.get("Key") or tag.get("key"): tag.get("Value") or tag.get("value") or "" for tag in found}
