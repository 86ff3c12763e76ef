"""The local cloud's own paths on ministack's port: the tallies, the kills, the mails, and the switches of faults."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from launcher import internals, server
from launcher.counting import Tally
from launcher.faults import ID_PREFIX, FaultError, Faults, is_ours
from launcher.kills import Kills
from launcher.mails import Mails
from launcher.stack_types import recorded
from launcher.tracing import Traces

COUNTS_PATH = "/_local/counts"
CALLS_PATH = "/_local/calls"
RIGHTS_PATH = "/_local/rights"
KILLS_PATH = "/_local/kills"
MAILS_PATH = "/_local/mails"
RECORDED_PATH = "/_local/recorded"
TRACES_PATH = "/_local/traces"
FAULTS_PATH = "/_faults"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Reply = tuple[int, dict[str, Any]]


@dataclass
class Local:
    """What the local paths answer from."""

    tally: Tally
    calls: Tally
    rights: Tally
    kills: Kills
    mails: Mails
    faults: Faults
    traces: Traces
    server_url: str


def install(local: Local) -> None:
    """Answer the local paths before ministack sees them."""
    internals.replace(internals.module("app"), "app", lambda app: with_local_paths(app, local))


def with_local_paths(app: internals.Private, local: Local) -> internals.Private:
    """``/_local/counts``, ``calls``, ``rights``, ``kills``, ``mails``, ``recorded``, ``traces``; ``/_faults``."""

    tallies = {COUNTS_PATH: local.tally, CALLS_PATH: local.calls, RIGHTS_PATH: local.rights}

    async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        local_paths = (*tallies, KILLS_PATH, MAILS_PATH, RECORDED_PATH, TRACES_PATH, FAULTS_PATH)
        if scope["type"] != "http" or not path.startswith(local_paths):
            await app(scope, receive, send)
            return
        body = await read_body(receive)
        if path.startswith(FAULTS_PATH):
            status, answered = await asyncio.to_thread(answer_faults, scope["method"], path, local, body)
        elif path.startswith(KILLS_PATH):
            status, answered = answer_kills(scope["method"], local.kills, body)
        elif path.startswith(MAILS_PATH):
            status, answered = answer_mails(scope["method"], local.mails)
        elif path == RECORDED_PATH:
            status, answered = 200, {"recorded": recorded.listed()}
        elif path.startswith(TRACES_PATH):
            status, answered = answer_traces(scope["method"], local.traces)
        else:
            status, answered = counts(scope["method"], path, tallies.get(path, local.tally))
        await respond(send, status, json.dumps(answered, indent=2).encode() + b"\n")

    return answer


def counts(method: str, path: str, tally: Tally) -> Reply:
    """The counts, after a reset if asked for."""
    if method == "DELETE":
        tally.reset()
    elif method != "GET":
        return 405, {"message": f"GET or DELETE {path}"}
    return 200, tally.snapshot()


def answer_traces(method: str, traces: Traces) -> Reply:
    """What the X-Ray daemon was sent, after it was told to forget if asked for."""
    if method == "DELETE":
        traces.forget()
    elif method != "GET":
        return 405, {"message": f"GET or DELETE {TRACES_PATH}"}
    return 200, traces.show()


def answer_kills(method: str, kills: Kills, body: bytes) -> Reply:
    """``POST`` asks for a kill, ``GET`` lists them, ``DELETE`` forgets them."""
    if method == "POST":
        try:
            return 200, {"id": kills.ask(json.loads(body))}
        except (TypeError, ValueError) as wrong:
            return 400, {"message": str(wrong)}
    if method == "DELETE":
        kills.forget()
    elif method != "GET":
        return 405, {"message": f"GET, POST or DELETE {KILLS_PATH}"}
    return 200, {"kills": kills.list()}


def answer_mails(method: str, mails: Mails) -> Reply:
    """``GET`` lists the mails, ``DELETE`` forgets them."""
    if method == "DELETE":
        mails.forget()
    elif method != "GET":
        return 405, {"message": f"GET or DELETE {MAILS_PATH}"}
    return 200, {"mails": mails.list()}


def answer_faults(method: str, path: str, local: Local, body: bytes) -> Reply:
    """One list of the server's faults and of those of calls; see the README."""
    fault_id = path.removeprefix(FAULTS_PATH).strip("/")
    if fault_id.startswith(ID_PREFIX) and method == "DELETE":
        found = local.faults.switch_off(fault_id)
        return (200, {}) if found else (404, {"message": f"no fault {fault_id} is switched on"})
    if method == "POST":
        return switch_on(local, body)
    if method == "DELETE" and not fault_id:
        local.faults.clear()
    status, answered = ask_server(local, method, path, b"")
    if method == "GET" and status == 200:
        answered["faults"] += local.faults.list()
    return status, answered


def switch_on(local: Local, body: bytes) -> Reply:
    """Switch on what is asked for, here and at the server; all of it or nothing."""
    try:
        asked = json.loads(body)
    except ValueError as wrong:
        return 400, {"message": f"the body is no JSON: {wrong}"}
    plan = asked if isinstance(asked, dict) and "faults" in asked else {"faults": asked}
    wishes = plan["faults"] if isinstance(plan["faults"], list) else [plan["faults"]]
    ours = [wish for wish in wishes if is_ours(wish)]
    others = [wish for wish in wishes if not is_ours(wish)]
    ids: list[Any] = []
    try:
        for wish in ours:
            ids.append(local.faults.switch_on(wish))
    except FaultError as wrong:
        forget(local, ids)
        return 400, {"message": str(wrong)}
    if plan.get("seed") is not None:
        local.faults.reseed(plan["seed"])
    if not others and "seed" not in plan:
        return 200, {"ids": ids}
    status, answered = ask_server(local, "POST", FAULTS_PATH, json.dumps({**plan, "faults": others}).encode())
    if status != 200:
        forget(local, ids)
        return status, answered
    return 200, {"ids": [*answered["ids"], *ids]}


def forget(local: Local, ids: list[Any]) -> None:
    """Switch off what was switched on a moment ago."""
    for fault_id in ids:
        local.faults.switch_off(fault_id)


def ask_server(local: Local, method: str, path: str, body: bytes) -> Reply:
    """What the server answers about its faults."""
    status, _, answered = server.send(local.server_url, method, path, {}, body)
    return status, json.loads(answered)


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def respond(send: Send, status: int, body: bytes) -> None:
    """Answer with JSON."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
