"""The stack: a change set, as `cdk deploy` makes it, and the functions' code."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from control.assets import Published
from control.cloud import STACK, Cloud, Failure
from control.programs import function_logs

DEPLOY_SECONDS = 120
POLL_SECONDS = 0.05
# What proves a function alive without a message, and a part of the answer.
EMPTY_BATCH: tuple[dict[str, Any], dict[str, Any]] = ({"Records": []}, {"batchItemFailures": []})
DRY_RUN: tuple[dict[str, Any], dict[str, Any]] = ({"dryRun": True}, {"dryRun": True})
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
UNUSABLE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS", "CREATE_FAILED", "DELETE_FAILED"})


def deploy(cloud: Cloud, published: Published) -> int:
    """Bring the stack to the published template; how many resources changed."""
    formation = cloud.client("cloudformation")
    known = stack(formation)
    if known and known["StackStatus"] in UNUSABLE:
        formation.delete_stack(StackName=STACK)
        wait(lambda: stack(formation) is None, f"the deletion of the failed stack {STACK}")
        known = None
    change_set = prepare(formation, cloud, published, "UPDATE" if known else "CREATE")
    if change_set is None:
        return 0
    formation.execute_change_set(StackName=STACK, ChangeSetName=change_set["ChangeSetName"])
    wait(lambda: not current(formation)["StackStatus"].endswith("IN_PROGRESS"), f"the deployment of {STACK}")
    if current(formation)["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Failure(f"the deployment of {STACK} failed:\n{failures(formation)}")
    return len(change_set["Changes"])


def prepare(formation: Any, cloud: Cloud, published: Published, kind: str) -> dict[str, Any] | None:
    """A change set that is ready to be executed; None if nothing would change."""
    name = f"local-{time.time_ns()}"
    template = published.template
    formation.create_change_set(
        StackName=STACK,
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateURL=f"{cloud.endpoint}/{template.bucket}/{template.key}",
        Capabilities=CAPABILITIES,
    )

    def state() -> dict[str, Any]:
        return formation.describe_change_set(StackName=STACK, ChangeSetName=name)

    wait(lambda: state()["Status"] in ("CREATE_COMPLETE", "FAILED"), "the change set")
    ready = state()
    if ready["Status"] == "CREATE_COMPLETE" and ready["Changes"]:
        return ready
    formation.delete_change_set(StackName=STACK, ChangeSetName=name)
    reason = ready.get("StatusReason", "")
    if ready["Status"] == "FAILED" and "didn't contain changes" not in reason and "No updates" not in reason:
        raise Failure(f"CloudFormation refuses the template: {reason}")
    return None


def stack(formation: Any) -> dict[str, Any] | None:
    """The stack, if it exists."""
    try:
        return formation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as missing:
        if "does not exist" in str(missing):
            return None
        raise


def current(formation: Any) -> dict[str, Any]:
    """The stack, which exists."""
    return formation.describe_stacks(StackName=STACK)["Stacks"][0]


def failures(formation: Any) -> str:
    """What failed in the last deployment, and why."""
    events = formation.describe_stack_events(StackName=STACK)["StackEvents"]
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


def functions_of_stack(cloud: Cloud) -> list[str]:
    """The names of the stack's functions."""
    resources = cloud.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    return [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::Lambda::Function"]


def update_code(cloud: Cloud, published: Published) -> int:
    """Give every function the published code, if it has another; how many had."""
    client = cloud.client("lambda")
    stale = [
        name
        for name in functions_of_stack(cloud)
        if client.get_function_configuration(FunctionName=name)["CodeSha256"] != published.code_sha256
    ]
    for name in stale:
        client.update_function_code(FunctionName=name, S3Bucket=published.code.bucket, S3Key=published.code.key)
    return len(stale)


def prove(cloud: Cloud) -> None:
    """Invoke every function with nothing to do: only the real binary answers it, and the first wait is over."""
    client = cloud.client("lambda")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: prove_function(cloud, client, name), functions_of_stack(cloud)))


def prove_function(cloud: Cloud, client: Any, name: str) -> None:
    """Invoke a phase's function with an empty batch of messages, the sweeper for a dry run."""
    event, expected = DRY_RUN if name.endswith("-sweeper") else EMPTY_BATCH
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer or not expected.items() <= payload.items():
        log = function_logs(cloud) / f"{name}.log"
        raise Failure(f"the function {name} answered {event} with {payload}; its log is {log}")


def write_outputs(cloud: Cloud) -> Path:
    """Write the outputs of the stack to a file, as JSON."""
    outputs = current(cloud.client("cloudformation")).get("Outputs", [])
    path = cloud.home / "outputs.json"
    path.write_text(json.dumps({output["OutputKey"]: output["OutputValue"] for output in outputs}, indent=2) + "\n")
    return path
