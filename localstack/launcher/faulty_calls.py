"""Calls that are refused, whose answers are lost, or that are answered with what was true a moment ago.

Only calls of roles are struck: those of functions and tasks. The account's root, as whom a person or a test looks
on, is spared.
"""

import json
import re
import time
from collections import defaultdict, deque
from typing import Any
from xml.sax.saxutils import escape

from launcher import counted_services, internals
from launcher.counting import Tally
from launcher.faults import ANSWER_LOST, ERROR, SERVER_SERVICES, STACK_SERVICES, STALE_DESCRIBE, Fault, Faults
from launcher.server import Answer, Handler

JSON_TYPE = "application/x-amz-json-1.0"
REMEMBERED_SECONDS = 30
REASON = re.compile(r'"Code": ?"(ConditionalCheckFailed|TransactionConflict)"')
CODE = re.compile(r'(?:"__type": ?"(?:[^"#]*#)?|<Code>)([^"<]+)')


def install(faults: Faults, calls: Tally) -> None:
    """Let the faults strike every service, and note who calls what."""
    handlers = internals.member(internals.module("app"), "SERVICE_HANDLERS")
    for service in (*SERVER_SERVICES, *STACK_SERVICES):
        handler = internals.entry(handlers, service, "service handlers")
        handlers[service] = with_faults(service, handler, faults, calls)


def with_faults(service: str, handler: Handler, faults: Faults, calls: Tally) -> Handler:
    """A service some of whose calls go wrong."""
    memory = Memory()

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        caller = role_of(headers)
        if not caller:
            return await handler(method, path, headers, body, query)
        action = operation(service, method, path, headers, body, query)
        calls.add(caller, f"{service} {action}")
        subject = f"{path} {query} {text(body)}"

        def strikes(name: str) -> Fault | None:
            return faults.strikes(name, service, subject, action=action, caller=caller)

        refused = strikes(ERROR)
        if refused:
            return refusal(refused, service, body)
        answered = await handler(method, path, headers, body, query)
        if answered[0] >= 400:
            calls.add("refused", f"{service} {action} {code_of(answered[2])}")
        lost = strikes(ANSWER_LOST)
        if lost:
            return refusal(lost, service, body)
        if service in SERVER_SERVICES and action.startswith(("Describe", "List")):
            question = (action, text(body))
            stale = strikes(STALE_DESCRIBE)
            earlier = memory.before(question, stale.ms / 1000) if stale else None
            memory.keep(question, answered)
            return earlier or answered
        return answered

    return handle


class Memory:
    """What questions were answered in the last seconds. Calls run one after the other on ministack's event loop."""

    def __init__(self) -> None:
        self._answers: dict[Any, deque[tuple[float, Answer]]] = defaultdict(deque)

    def keep(self, question: Any, answer: Answer) -> None:
        """Remember an answer, and forget old ones."""
        now = time.monotonic()
        self._answers[question].append((now, answer))
        for key in list(self._answers):
            answers = self._answers[key]
            while answers and now - answers[0][0] > REMEMBERED_SECONDS:
                answers.popleft()
            if not answers:
                del self._answers[key]

    def before(self, question: Any, seconds: float) -> Answer | None:
        """The oldest answer that was given at most so long ago."""
        since = time.monotonic() - seconds
        return next((answer for at, answer in self._answers.get(question, ()) if at >= since), None)


def role_of(headers: dict[str, str]) -> str:
    """The name of the role that calls; empty for everyone else."""
    _, _, credential = headers.get("authorization", "").partition("Credential=")
    session = internals.module("services.sts")._sessions.get(credential.partition("/")[0])
    if session is None:
        return ""
    # arn:aws:sts::<account>:assumed-role/<role>/<session>
    return session["Arn"].split("/")[1]


def operation(service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str:
    """The operation of a request in any of the protocols."""
    if service != "s3":
        return counted_services.operation(service, method, headers, body)
    if path.strip("/").count("/") == 0:
        return "DeleteObjects" if "delete" in query else "ListObjectsV2"
    return {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject"}.get(method, f"{method.title()}Object")


def code_of(body: bytes | str) -> str:
    """The code of a refusal; of a cancelled transaction, that of the item which cancelled it."""
    told = text(body)
    found = REASON.search(told) or CODE.search(told)
    return found.group(1) if found else ""


def text(body: bytes | str) -> str:
    """A body as text."""
    return body if isinstance(body, str) else body.decode(errors="replace")


def refusal(fault: Fault, service: str, body: bytes) -> Answer:
    """The error in the protocol of the service."""
    code, message = fault.code or "", fault.message
    if service in ("rds", "sns"):
        kind = "Sender" if fault.status < 500 else "Receiver"
        error = f"<Error><Type>{kind}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        answer = f"<ErrorResponse>{error}<RequestId>fault</RequestId></ErrorResponse>"
        return fault.status, {"Content-Type": "text/xml"}, answer.encode()
    if service == "s3":
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message><RequestId>fault</RequestId>"
        return fault.status, {"Content-Type": "application/xml"}, f"<Error>{error}</Error>".encode()
    if code == "TransactionCanceledException":
        # One reason for each item (DynamoDB API reference); the message stands for the code of the first.
        count = len(json.loads(body or b"{}").get("TransactItems", []))
        reasons = [{"Code": message if place == 0 else "None"} for place in range(count)]
        named = ", ".join(reason["Code"] for reason in reasons)
        told = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{named}]"
        cancelled = {"__type": code, "Message": told, "CancellationReasons": reasons}
        return 400, {"Content-Type": JSON_TYPE}, json.dumps(cancelled).encode()
    return fault.status, {"Content-Type": JSON_TYPE}, json.dumps({"__type": code, "message": message}).encode()
