"""The local cloud's own paths on ministack's port: the tally, the kills, and the switches of the server."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from launcher import internals, server
from launcher.counting import Tally
from launcher.kills import Kills

COUNTS_PATH = "/_local/counts"
KILLS_PATH = "/_local/kills"
FAULTS_PATH = "/_faults"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def install(tally: Tally, kills: Kills, server_url: str) -> None:
    """Answer the local paths before ministack sees them."""
    internals.replace(internals.module("app"), "app", lambda app: with_local_paths(app, tally, kills, server_url))


def with_local_paths(app: internals.Private, tally: Tally, kills: Kills, server_url: str) -> internals.Private:
    """``/_local/counts`` and ``/_local/kills``; everything below ``/_faults`` goes to the server."""

    async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith((COUNTS_PATH, KILLS_PATH, FAULTS_PATH)):
            await app(scope, receive, send)
            return
        body = await read_body(receive)
        if path.startswith(FAULTS_PATH):
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            forwarded = await asyncio.to_thread(server.send, server_url, scope["method"], path, headers, body)
            await respond(send, forwarded[0], forwarded[2])
            return
        if path.startswith(KILLS_PATH):
            status, answered = answer_kills(scope["method"], kills, body)
        else:
            status, answered = counts(scope["method"], tally)
        await respond(send, status, json.dumps(answered, indent=2).encode() + b"\n")

    return answer


def counts(method: str, tally: Tally) -> tuple[int, dict[str, Any]]:
    """The counts, after a reset if asked for."""
    if method == "DELETE":
        tally.reset()
    elif method != "GET":
        return 405, {"message": f"GET or DELETE {COUNTS_PATH}"}
    return 200, tally.snapshot()


def answer_kills(method: str, kills: Kills, body: bytes) -> tuple[int, dict[str, Any]]:
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
