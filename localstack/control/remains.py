"""What of a deployment is still in the account after its stack was deleted, by name, over all services that it used."""

from collections.abc import Iterator
from typing import Any

from control.cloud import Cloud


def of(cloud: Cloud, deployment: str, stack: str) -> list[str]:
    """Everything whose name begins with the deployment's, or holds it in a path, or that is tagged as the stack's."""
    names = named(cloud)
    prefixes = (f"{deployment}-", f"{deployment}/", f"{stack}-", f"{stack.lower()}-")

    def its(name: str) -> bool:
        # Of an ARN or a URL the last part, with the revision if it has one.
        last = name.rsplit("/", 1)[-1]
        last = last if last.rsplit(":", 1)[-1].isdigit() else last.rsplit(":", 1)[-1]
        return last == deployment or any(part.startswith(prefixes) for part in (name, last))

    return [f"{kind} {name}" for kind, name in names if its(name)] + tagged(cloud, stack)


def named(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """The kind and name of all that has a name."""
    lists: list[tuple[str, str, str, str, str | None]] = [
        ("function", "lambda", "list_functions", "Functions", "FunctionName"),
        ("queue", "sqs", "list_queues", "QueueUrls", None),
        ("table", "dynamodb", "list_tables", "TableNames", None),
        ("bucket", "s3", "list_buckets", "Buckets", "Name"),
        ("topic", "sns", "list_topics", "Topics", "TopicArn"),
        ("bus", "events", "list_event_buses", "EventBuses", "Name"),
        ("archive", "events", "list_archives", "Archives", "ArchiveName"),
        ("rule of the default bus", "events", "list_rules", "Rules", "Name"),
        ("role", "iam", "list_roles", "Roles", "RoleName"),
        ("log group", "logs", "describe_log_groups", "logGroups", "logGroupName"),
        ("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        ("secret", "secretsmanager", "list_secrets", "SecretList", "Name"),
        ("instance", "rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        ("cluster", "rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
        ("snapshot", "rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
        (
            "cluster snapshot",
            "rds",
            "describe_db_cluster_snapshots",
            "DBClusterSnapshots",
            "DBClusterSnapshotIdentifier",
        ),
        (
            "retained backup",
            "rds",
            "describe_db_instance_automated_backups",
            "DBInstanceAutomatedBackups",
            "DBInstanceIdentifier",
        ),
        ("DB subnet group", "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
        ("parameter group", "rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
        (
            "replication subnet group",
            "dms",
            "describe_replication_subnet_groups",
            "ReplicationSubnetGroups",
            "ReplicationSubnetGroupIdentifier",
        ),
        ("ECS cluster", "ecs", "list_clusters", "clusterArns", None),
        ("revision of the worker", "ecs", "list_task_definitions", "taskDefinitionArns", None),
        ("security group", "ec2", "describe_security_groups", "SecurityGroups", "GroupName"),
    ]
    for kind, service, operation, answer, name in lists:
        client = cloud.client(service)
        pages = (
            client.get_paginator(operation).paginate()
            if client.can_paginate(operation)
            else [getattr(client, operation)()]
        )
        for page in pages:
            for one in page.get(answer, []):
                yield kind, one if name is None else one[name]


def tagged(cloud: Cloud, stack: str) -> list[str]:
    """What has an id alone: networks and keys."""
    ec2, kms = cloud.client("ec2"), cloud.client("kms")
    own = [{"Name": "tag:aws:cloudformation:stack-name", "Values": [stack]}]
    found = [
        *(("VPC", one["VpcId"]) for one in ec2.describe_vpcs(Filters=own)["Vpcs"]),
        *(("subnet", one["SubnetId"]) for one in ec2.describe_subnets(Filters=own)["Subnets"]),
        *(("endpoint", one["VpcEndpointId"]) for one in ec2.describe_vpc_endpoints(Filters=own)["VpcEndpoints"]),
        *(("route table", one["RouteTableId"]) for one in ec2.describe_route_tables(Filters=own)["RouteTables"]),
        *(
            ("key", f"{one['KeyId']}, {state_of(kms, one)}")
            for one in kms.list_keys()["Keys"]
            if of_stack(kms, one, stack)
        ),
    ]
    return [f"{kind} {name}" for kind, name in found]


def of_stack(kms: Any, key: dict[str, str], stack: str) -> bool:
    """Whether a stack made this key."""
    tags = kms.list_resource_tags(KeyId=key["KeyId"]).get("Tags", [])
    return any(tag["TagKey"] == "aws:cloudformation:stack-name" and tag["TagValue"] == stack for tag in tags)


def state_of(kms: Any, key: dict[str, str]) -> str:
    """Such as `PendingDeletion`."""
    return str(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"])
