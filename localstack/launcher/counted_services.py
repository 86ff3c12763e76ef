"""Where ministack is tapped for the tally.

Not counted: the empty polls of event source mappings, which AWS bills and ministack doesn't make, and moves to a
dead-letter queue, which are free.
"""

import json
import time
from typing import Any
from urllib.parse import parse_qs

from launcher import internals
from launcher.counting import SQS_CHUNK_BYTES, Tally, chunks, event_chunks, event_group, log_bytes
from launcher.server import SERVICES, Answer, Handler

SQS_ACTIONS = (
    "SendMessage",
    "SendMessageBatch",
    "ReceiveMessage",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
)


def install(tally: Tally) -> None:
    """Count Lambda, SQS, EventBridge and the requests of every other service that the pipeline calls."""
    functions = internals.module("services.lambda_svc")
    internals.replace(functions, "_execute_function_dispatch", lambda run: count_invocations(run, tally))
    count_queues(tally)
    count_events(tally)
    count_logs(functions, tally)
    handlers = internals.member(internals.module("app"), "SERVICE_HANDLERS")
    for service in ("s3", "secretsmanager", "sns", *SERVICES):
        handler = internals.entry(handlers, service, "service handlers")
        handlers[service] = count_requests(service, handler, tally)


def count_invocations(execute: internals.Private, tally: Tally) -> internals.Private:
    """Invocations and GB-seconds per function."""

    def execute_counted(
        func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float
    ) -> dict[str, Any]:
        result = execute(func, config, event, request_id, started)
        name = config.get("FunctionName", "unknown")
        gigabytes = config.get("MemorySize", 128) / 1024
        tally.add("lambdaInvocations", name)
        tally.add("lambdaGigabyteSeconds", name, (time.time() - started) * gigabytes)
        return result

    return execute_counted


def count_queues(tally: Tally) -> None:
    """Requests to SQS: those of clients, and those that AWS makes for event source mappings, rules and topics."""
    queues = internals.module("services.sqs")
    actions = internals.member(queues, "_HANDLERS")
    for action in SQS_ACTIONS:
        actions[action] = count_queue_action(action, internals.entry(actions, action, "SQS actions"), tally)

    internals.replace(queues, "_receive_messages_for_esm", lambda receive: count_mapping_receive(receive, tally))
    internals.replace(queues, "_delete_messages_for_esm", lambda delete: count_mapping_delete(delete, tally))
    for module, sender in (("services.eventbridge", "_dispatch_to_sqs"), ("services.sns", "_deliver_to_sqs")):
        internals.replace(internals.module(module), sender, lambda send: count_delivery(send, tally))


def count_queue_action(action: str, handle: internals.Private, tally: Tally) -> internals.Private:
    """One request per 64 KB of payload."""

    def handle_counted(data: dict[str, Any], queue_url: str) -> Any:
        size = len(json.dumps(data).encode()) if action.startswith("SendMessage") else 0
        tally.add("sqsRequests", action, chunks(size, SQS_CHUNK_BYTES))
        return handle(data, queue_url)

    return handle_counted


def count_mapping_receive(receive: internals.Private, tally: Tally) -> internals.Private:
    """One request per batch that an event source mapping receives."""

    def receive_counted(queue_url: str, maximum: int) -> list[dict[str, Any]]:
        messages = receive(queue_url, maximum)
        if messages:
            size = sum(len(message.get("body", "").encode()) for message in messages)
            tally.add("sqsRequests", "ReceiveMessage", chunks(size, SQS_CHUNK_BYTES))
            tally.add("sqsMessagesReceived", queue_url.rsplit("/", 1)[-1], len(messages))
        return messages

    return receive_counted


def count_mapping_delete(delete: internals.Private, tally: Tally) -> internals.Private:
    """One request per batch that an event source mapping deletes."""

    def delete_counted(queue_url: str, receipt_handles: set[str]) -> None:
        tally.add("sqsRequests", "DeleteMessageBatch")
        delete(queue_url, receipt_handles)

    return delete_counted


def count_delivery(send: internals.Private, tally: Tally) -> internals.Private:
    """One request per message that a rule or topic sends to a queue."""

    def send_counted(*args: Any, **kwargs: Any) -> Any:
        tally.add("sqsRequests", "SendMessage")
        return send(*args, **kwargs)

    return send_counted


def count_events(tally: Tally) -> None:
    """Events put, by detail type."""

    def count(put: internals.Private) -> internals.Private:
        def put_counted(data: dict[str, Any], *args: Any, **kwargs: Any) -> tuple:
            answer = put(data, *args, **kwargs)
            entries = data.get("Entries", [])
            if answer[0] == 200:
                results = json.loads(answer[2])["Entries"]
                for entry, result in zip(entries, results, strict=True):
                    if "EventId" in result:
                        tally.add(event_group(entry), entry.get("DetailType", ""), event_chunks(entry))
            return answer

        return put_counted

    internals.replace(internals.module("services.eventbridge"), "_put_events", count)


def count_requests(service: str, handler: Handler, tally: Tally) -> Handler:
    """Requests by operation, or by method for S3, which bills lists as writes."""

    async def handle_counted(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Answer:
        is_list = service == "s3" and "list-type" in query
        tally.add(f"{service}Requests", "LIST" if is_list else operation(service, method, headers, body))
        return await handler(method, path, headers, body, query)

    return handle_counted


def count_logs(functions: Any, tally: Tally) -> None:
    """Bytes that CloudWatch Logs takes, by log group: those of functions, and those that tasks send."""

    def count_lines(emit: internals.Private) -> internals.Private:
        def emit_counted(func: dict[str, Any], request_id: str, text: str, *args: Any, **kwargs: Any) -> None:
            name = (func.get("config") or func).get("FunctionName", "unknown")
            tally.add("logBytes", f"/aws/lambda/{name}", log_bytes((text or "").splitlines()))
            emit(func, request_id, text, *args, **kwargs)

        return emit_counted

    internals.replace(functions, "_emit_lambda_logs", count_lines)
    logs = internals.module("services.cloudwatch_logs")
    internals.replace(logs, "_put_log_events", lambda put: count_log_events(put, tally))


def count_log_events(put: internals.Private, tally: Tally) -> internals.Private:
    """PutLogEvents of a task's log driver."""

    def put_counted(data: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        messages = [event.get("message", "") for event in data.get("logEvents", [])]
        tally.add("logBytes", data.get("logGroupName", "unknown"), log_bytes(messages))
        return put(data, *args, **kwargs)

    return put_counted


def operation(service: str, method: str, headers: dict[str, str], body: bytes) -> str:
    """The operation of a request in any of the protocols; for S3 the method, which its price depends on."""
    if service == "s3":
        return method
    target = headers.get("x-amz-target")
    if target:
        return target.rsplit(".", 1)[-1]
    return parse_qs(body.decode(errors="replace")).get("Action", ["unknown"])[0]
