"""Our server for RDS, DMS and ECS, behind ministack's port."""

import asyncio
import functools
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

import botocore.session

from launcher import internals

SERVICES = ("rds", "dms", "ecs")
TIMEOUT_SECONDS = 60

# Hop-by-hop headers, and those that urllib sets itself.
NOT_FORWARDED = frozenset({"host", "connection", "content-length", "accept-encoding", "transfer-encoding"})

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Answer]]


def install(server_url: str) -> None:
    """Send every request for RDS, DMS and ECS to the server, after ministack has checked the caller's rights."""
    app = internals.module("app")
    handlers = internals.member(app, "SERVICE_HANDLERS")
    for service in SERVICES:
        handlers[service] = forwarder(server_url)
    # ministack has no DMS at all: its router must learn to recognise the requests.
    patterns = internals.member(internals.module("core.router"), "SERVICE_PATTERNS")
    patterns["dms"] = {"target_prefixes": ["AmazonDMSv20160101"], "host_patterns": [], "credential_scope": "dms"}


def forwarder(server_url: str) -> Handler:
    """A handler for ministack that passes requests on."""

    async def forward(method: str, path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]) -> Answer:
        return await asyncio.to_thread(send, server_url, method, path, headers, body)

    return forward


def send(server_url: str, method: str, path: str, headers: dict[str, str], body: bytes | str) -> Answer:
    """Pass one request on and return the answer, whatever its status."""
    content = body.encode() if isinstance(body, str) else body
    passed = {name: value for name, value in headers.items() if name.lower() not in NOT_FORWARDED}
    request = urllib.request.Request(server_url + path, data=content or None, headers=passed, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer_headers(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, answer_headers(error.headers), error.read()


def answer_headers(headers: Any) -> dict[str, str]:
    """The headers that a client needs; ministack adds its own."""
    kept = {name: value for name, value in headers.items() if name.lower().startswith("x-amz")}
    return {"Content-Type": headers.get("Content-Type", "application/json"), **kept}


@functools.cache
def client(service: str, server_url: str, region: str) -> Any:
    """A client of the server, for calls that IAM and CloudFormation make. Clients are safe to share."""
    return botocore.session.get_session().create_client(
        service,
        region_name=region,
        endpoint_url=server_url,
        # The server is reached directly, not through the port that checks signatures.
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
