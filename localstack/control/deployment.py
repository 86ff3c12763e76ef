"""The stack: a change set, as `cdk deploy` makes it, and the functions' code."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from control.assets import Published
from control.cloud import Cloud, Failure
from control.programs import function_logs

DEPLOY_SECONDS = 120
POLL_SECONDS = 0.05
# What proves a function alive without a message, and a part of the answer.
EMPTY_BATCH: tuple[dict[str, Any], dict[str, Any]] = ({"Records": []}, {"batchItemFailures": []})
DRY_RUN: tuple[dict[str, Any], dict[str, Any]] = ({"dryRun": True}, {"dryRun": True})
OF_SAMPLES = ("-sample-tenants", "-activity")
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
UNUSABLE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS", "CREATE_FAILED", "DELETE_FAILED"})


def deploy(cloud: Cloud, name: str, published: Published) -> int:
    """Bring the stack to the published template; how many resources changed."""
    formation = cloud.client("cloudformation")
    known = stack(formation, name)
    if known and known["StackStatus"] in UNUSABLE:
        formation.delete_stack(StackName=name)
        wait(lambda: stack(formation, name) is None, f"the deletion of the failed stack {name}")
        known = None
    change_set = prepare(formation, name, template_url(cloud, published), "UPDATE" if known else "CREATE")
    if change_set is None:
        return 0
    formation.execute_change_set(StackName=name, ChangeSetName=change_set["ChangeSetName"])
    wait(lambda: not current(formation, name)["StackStatus"].endswith("IN_PROGRESS"), f"the deployment of {name}")
    if current(formation, name)["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Failure(f"the deployment of {name} failed:\n{failures(formation, name)}")
    return len(change_set["Changes"])


def template_url(cloud: Cloud, published: Published) -> str:
    """Where CloudFormation reads the template."""
    return f"{cloud.endpoint}/{published.template.bucket}/{published.template.key}"


def prepare(formation: Any, stack_name: str, template: str, kind: str) -> dict[str, Any] | None:
    """A change set that is ready to be executed; None if nothing would change."""
    name = f"local-{time.time_ns()}"
    formation.create_change_set(
        StackName=stack_name,
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateURL=template,
        Capabilities=CAPABILITIES,
    )

    def state() -> dict[str, Any]:
        return formation.describe_change_set(StackName=stack_name, ChangeSetName=name)

    wait(lambda: state()["Status"] in ("CREATE_COMPLETE", "FAILED"), "the change set")
    ready = state()
    if ready["Status"] == "CREATE_COMPLETE" and ready["Changes"]:
        return ready
    formation.delete_change_set(StackName=stack_name, ChangeSetName=name)
    reason = ready.get("StatusReason", "")
    if ready["Status"] == "FAILED" and "didn't contain changes" not in reason and "No updates" not in reason:
        raise Failure(f"CloudFormation refuses the template: {reason}")
    return None


def delete(cloud: Cloud, name: str) -> None:
    """Delete a stack; a failure names what could not be deleted, and why."""
    formation = cloud.client("cloudformation")
    formation.delete_stack(StackName=name)

    def ended() -> bool:
        known = stack(formation, name)
        return known is None or not known["StackStatus"].endswith("IN_PROGRESS")

    wait(ended, f"the deletion of {name}")
    if stack(formation, name) is not None:
        raise Failure(f"the deletion of {name} failed:\n{failures(formation, name)}")


def stack(formation: Any, name: str) -> dict[str, Any] | None:
    """The stack, if it exists."""
    try:
        return formation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as missing:
        if "does not exist" in str(missing):
            return None
        raise


def current(formation: Any, name: str) -> dict[str, Any]:
    """The stack, which exists."""
    return formation.describe_stacks(StackName=name)["Stacks"][0]


def failures(formation: Any, name: str) -> str:
    """What failed in the last deployment, and why."""
    events = formation.describe_stack_events(StackName=name)["StackEvents"]
    return "\n".join(
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
        for event in events
        if event["ResourceStatus"].endswith("FAILED")
    )


def wait(condition: Callable[[], bool], what: str) -> None:
    """Wait for a step of the deployment."""
    deadline = time.monotonic() + DEPLOY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"{what} has not ended after {DEPLOY_SECONDS} s")
        time.sleep(POLL_SECONDS)


def functions_of(cloud: Cloud, name: str) -> dict[str, str]:
    """The names of a stack's functions, by logical id."""
    resources = cloud.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::Lambda::Function"
    }


def update_code(cloud: Cloud, name: str, published: Published) -> int:
    """Give every function the published code, if it has another; how many had."""
    client = cloud.client("lambda")
    template = cloud.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    resources = (json.loads(template) if isinstance(template, str) else template)["Resources"]
    stale = 0
    for logical_id, function in functions_of(cloud, name).items():
        package = published.packages[resources[logical_id]["Properties"]["Code"]["S3Key"]]
        if client.get_function_configuration(FunctionName=function)["CodeSha256"] == package.sha256:
            continue
        stale += 1
        client.update_function_code(FunctionName=function, S3Bucket=package.code.bucket, S3Key=package.code.key)
    return stale


def prove(cloud: Cloud, name: str) -> None:
    """Invoke every function with nothing to do: only the real binary answers it, and the first wait is over.

    The demonstration's own have no order that does nothing. CloudFormation had an answer of the one that loads.
    """
    client = cloud.client("lambda")
    idle = [function for function in functions_of(cloud, name).values() if not function.endswith(OF_SAMPLES)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda function: prove_function(cloud, client, function), idle))


def prove_function(cloud: Cloud, client: Any, name: str) -> None:
    """Invoke a phase's function with an empty batch of messages, the sweeper for a dry run."""
    event, expected = DRY_RUN if name.endswith("-sweeper") else EMPTY_BATCH
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer or not expected.items() <= payload.items():
        log = function_logs(cloud) / f"{name}.log"
        raise Failure(f"the function {name} answered {event} with {payload}; its log is {log}")


def write_outputs(cloud: Cloud, name: str, file: str) -> Path:
    """Write the outputs of a stack to a file, as JSON."""
    outputs = current(cloud.client("cloudformation"), name).get("Outputs", [])
    path = cloud.home / file
    path.write_text(json.dumps({output["OutputKey"]: output["OutputValue"] for output in outputs}, indent=2) + "\n")
    return path
