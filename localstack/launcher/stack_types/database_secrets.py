"""What ties a secret to a database: its address in the secret, the rotation, who may use it."""

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from launcher import internals, server
from launcher.stack_types import recorded
from launcher.stack_types.event_buses import checked
from launcher.stack_types.registry import Created, Properties, ResourceType, register

ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
ROTATION = "AWS::SecretsManager::RotationSchedule"
POLICY = "AWS::SecretsManager::ResourcePolicy"
IDENTIFIERS = {"AWS::RDS::DBInstance": "dbInstanceIdentifier", "AWS::RDS::DBCluster": "dbClusterIdentifier"}
SCHEDULE = re.compile(r"rate\([1-9]\d* (hours?|days?)\)|cron\(\S+( \S+){5}\)")


def install(server_url: str) -> None:
    """Register the types; databases are the server's, not ministack's."""
    provisioners = internals.module("services.cloudformation.provisioners")
    internals.replace(provisioners, "_sm_target_connection", lambda _: connection_from(server_url))
    # What is taken out of the secret again when it is no longer attached.
    internals.replace(provisioners, "_SM_TARGET_KEYS", lambda keys: (*keys, *IDENTIFIERS.values()))
    stacks = internals.module("services.cloudformation.stacks")
    # It waits for the server's answer.
    internals.replace(stacks, "_runs_on_worker_thread", lambda runs: lambda name: name == ATTACHMENT or runs(name))
    register(ROTATION, ResourceType(create_rotation, update_rotation, delete_rotation))
    register(POLICY, ResourceType(create_policy, update_policy, delete_policy))


def connection_from(server_url: str) -> internals.Private:
    """What an attachment writes into the secret: engine, host, port, the database's name and identifier."""

    def connection(kind: str, name: str) -> dict[str, Any]:
        if kind not in IDENTIFIERS:
            raise ValueError(f"here a secret is attached to {' or '.join(IDENTIFIERS)}, not to {kind}")
        rds = server.client("rds", server_url, internals.module("core.responses").get_region())
        try:
            found = describe(rds, kind, name)
        except ClientError as refused:
            raise ValueError(f"{ATTACHMENT}: {refused}") from refused
        return {"engine": "postgres", **found, IDENTIFIERS[kind]: name}

    return connection


def describe(rds: Any, kind: str, name: str) -> dict[str, Any]:
    """Host, port and, if it was made with one, the name of the database."""
    if kind == "AWS::RDS::DBCluster":
        one = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
        host, port, database = one["Endpoint"], one["Port"], one.get("DatabaseName")
    else:
        one = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        host, port, database = one["Endpoint"]["Address"], one["Endpoint"]["Port"], one.get("DBName")
    return {"host": host, "port": int(port), **({"dbname": database} if database else {})}


def create_rotation(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Keep a secret's rotation. Nothing rotates: AWS's function can't be run here, so the password stays.

    AWS would rotate at once, unless ``RotateImmediatelyOnUpdate`` is false.
    """
    recorded.demand(properties, {"SecretId"}, {"RotationLambdaARN", "RotationRules", "RotateImmediatelyOnUpdate"})
    secret = secret_of(properties)
    function = properties.get("RotationLambdaARN", "")
    if not function or not is_function(function):
        raise ValueError(
            f"Secrets Manager cannot invoke the specified Lambda function: there is no {function or 'one'}"
        )
    rules = properties.get("RotationRules", {})
    expression = rules.get("ScheduleExpression")
    if ("AutomaticallyAfterDays" in rules) == (expression is not None):
        raise ValueError("RotationRules need AutomaticallyAfterDays or ScheduleExpression, one of the two")
    if expression is not None and not SCHEDULE.fullmatch(expression):
        raise ValueError(f"Invalid ScheduleExpression: {expression}")
    secret.update({"RotationEnabled": True, "RotationLambdaARN": function, "RotationRules": rules})
    recorded.note(ROTATION, secret["ARN"], properties)
    return secret["ARN"], {}


def update_rotation(_physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
    """Keep the other schedule."""
    return create_rotation("", new, stack)


def delete_rotation(physical_id: str, properties: Properties) -> None:
    """The secret isn't rotated any more."""
    recorded.forget(ROTATION, physical_id)
    _, secret = resolve(properties)
    for name in ("RotationEnabled", "RotationLambdaARN", "RotationRules"):
        (secret or {}).pop(name, None)


def is_function(arn: str) -> bool:
    """Whether a function has this ARN; that of an application exists in name only."""
    name = arn.rsplit(":", 1)[-1]
    return name in internals.member(internals.module("services.lambda_svc"), "_functions") or any(
        record.get("function") == arn for record in recorded.listed()
    )


def create_policy(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Who may use a secret, besides what roles are allowed."""
    recorded.demand(properties, {"ResourcePolicy", "SecretId"}, {"BlockPublicPolicy"})
    arn = secret_of(properties)["ARN"]
    call = {"SecretId": arn, "ResourcePolicy": json.dumps(properties["ResourcePolicy"])}
    checked(internals.module("services.secretsmanager")._put_resource_policy(call))
    return arn, {}


def update_policy(_physical_id: str, _old: Properties, new: Properties, stack: str) -> Created:
    """Put the other policy in its place."""
    return create_policy("", new, stack)


def delete_policy(physical_id: str, properties: Properties) -> None:
    """Only roles' policies count again."""
    if resolve(properties)[1] is not None:
        checked(internals.module("services.secretsmanager")._delete_resource_policy({"SecretId": physical_id}))


def secret_of(properties: Properties) -> dict[str, Any]:
    """The secret, which must exist."""
    _, secret = resolve(properties)
    if secret is None:
        raise ValueError("Secrets Manager can't find the specified secret.")
    return secret


def resolve(properties: Properties) -> tuple[str | None, dict[str, Any] | None]:
    """ministack's name of a secret and what it keeps of it."""
    return internals.module("services.secretsmanager")._resolve(properties["SecretId"])
