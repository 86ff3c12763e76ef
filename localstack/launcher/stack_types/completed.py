"""Resource types that ministack has, with the properties that it leaves out."""

import json
from typing import Any

from launcher import internals
from launcher.stack_types.registry import Created, Properties, after, handlers


def install() -> None:
    """Complete secrets, tables, functions and buckets."""
    complete_secrets()
    for table in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        after(table, finish_table)
    after("AWS::Lambda::Function", finish_function)
    after("AWS::S3::Bucket", finish_bucket)


def finish_table(name: str, properties: Properties) -> None:
    """Set what a table's template says about expiry and point-in-time recovery."""
    dynamodb, responses = internals.module("services.dynamodb"), internals.module("core.responses")
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": expiry})
    replicas = properties.get("Replicas", [])
    local = next((replica for replica in replicas if replica["Region"] == responses.get_region()), properties)
    recovery = local.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": recovery})


def finish_function(name: str, properties: Properties) -> None:
    """Show the subnets and security groups of a function."""
    functions = internals.module("services.lambda_svc")
    if properties.get("VpcConfig"):
        functions._functions[name]["config"]["VpcConfig"] = functions._vpc_config_with_id(properties["VpcConfig"])


def finish_bucket(name: str, properties: Properties) -> None:
    """Tag the bucket: conditions on tags would deny everything otherwise."""
    if properties.get("Tags"):
        tags = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
        internals.module("services.s3")._bucket_tags[name] = tags


def complete_secrets() -> None:
    """``Ref`` of a secret is its ARN, and generated passwords obey all options.

    ministack gives the name, so that IAM statements built from ``Ref`` never match, and ignores `ExcludePunctuation`
    and its relatives.
    """
    secret = internals.entry(handlers(), "AWS::SecretsManager::Secret", "CloudFormation handlers")
    create, update, delete = secret["create"], secret["update"], secret["delete"]

    def create_by_arn(logical_id: str, properties: Properties, stack: str) -> Created:
        _, attributes = create(logical_id, properties, stack)
        return attributes["Arn"], attributes

    def update_by_arn(arn: str, old: Properties, new: Properties, *rest: Any) -> Created:
        _, attributes = update(secret_name(arn), old, new, *rest)
        return attributes["Arn"], attributes

    secret["create"] = create_by_arn
    secret["update"] = update_by_arn
    secret["delete"] = lambda arn, properties: delete(secret_name(arn), properties)
    internals.replace(internals.module("services.cloudformation.provisioners"), "_sm_secret_string", generate_value)


def secret_name(arn: str) -> str:
    """The name in the ARN of a secret: what is left without the hyphen and six random characters at its end."""
    return arn.split(":secret:")[1][:-7]


def generate_value(original: internals.Private) -> internals.Private:
    """The value of a new secret, with a password as GetRandomPassword makes it."""

    def value(properties: Properties) -> str:
        options = properties.get("GenerateSecretString")
        if not options or properties.get("SecretString"):
            return original(properties)
        _, _, body = internals.module("services.secretsmanager")._get_random_password(options)
        password = json.loads(body)["RandomPassword"]
        if not options.get("SecretStringTemplate"):
            return password
        return json.dumps({**json.loads(options["SecretStringTemplate"]), options["GenerateStringKey"]: password})

    return value
