"""Segment documents, read as strictly as they are documented (X-Ray developer guide, "AWS X-Ray segment documents")."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

DAEMON_HEADER = {"format": "json", "version": 1}
MOST_BYTES = 64_000
LONGEST_NAME = 200
LONGEST_KEY = 500
LONGEST_VALUE = 1_000
KEPT_SECONDS = 30 * 24 * 3600
MOST_AHEAD_SECONDS = 300

TRACE_ID = re.compile(r"1-([0-9a-f]{8})-[0-9a-f]{24}")
SEGMENT_ID = re.compile(r"[0-9a-f]{16}")
NAME = re.compile(r"[\w\s.:/%&#=+\\\-@]+")
ANNOTATION_KEY = re.compile(r"[A-Za-z0-9_.]+")

FIELDS = frozenset(
    "name id trace_id parent_id type namespace start_time end_time in_progress error throttle fault cause annotations "
    "metadata subsegments aws http sql service user origin precursor_ids traced".split()
)
OF_SEGMENTS = frozenset({"service", "user", "origin"})
OF_SUBSEGMENTS = frozenset({"type", "namespace", "sql", "precursor_ids", "traced"})


class Refused(Exception):
    """A document that X-Ray wouldn't take."""


def read(packet: bytes) -> dict[str, Any]:
    """The document of a datagram for the daemon."""
    header, separator, body = packet.partition(b"\n")
    if not separator or parse(header) != DAEMON_HEADER:
        raise Refused(f"the first line is {header[:80]!r}, not the daemon's header")
    if len(body) > MOST_BYTES:
        raise Refused(f"it has {len(body)} bytes, more than {MOST_BYTES}")
    document = parse(body)
    if not isinstance(document, dict):
        raise Refused("it is no object")
    check_alone(document)
    return document


def parse(text: bytes) -> Any:
    """JSON, or a refusal."""
    try:
        return json.loads(text)
    except ValueError as wrong:
        raise Refused(f"it is no JSON: {wrong}") from wrong


def check_alone(document: dict[str, Any]) -> None:
    """Refuse a document that can't be sent by itself."""
    found = TRACE_ID.fullmatch(str(document.get("trace_id")))
    if not found:
        raise Refused(f"trace_id is {document.get('trace_id')!r}")
    age = time.time() - int(found[1], 16)
    if not -MOST_AHEAD_SECONDS <= age <= KEPT_SECONDS:
        raise Refused(f"the time in trace_id is {age:.0f} s ago")
    is_part = "type" in document
    if is_part and document["type"] != "subsegment":
        raise Refused(f"type is {document['type']!r}")
    if is_part and "parent_id" not in document:
        raise Refused("a subsegment that is sent by itself has no parent_id")
    check(document, is_part=is_part)


def check(document: dict[str, Any], *, is_part: bool) -> None:
    """Refuse a document, or one inside another, that isn't as documented."""
    for field in sorted(set(document) - FIELDS | set(document) & (OF_SEGMENTS if is_part else OF_SUBSEGMENTS)):
        raise Refused(f"{field} doesn't belong into a {'subsegment' if is_part else 'segment'}")
    name = document.get("name")
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise Refused(f"name is {name!r}")
    for key in ("id", "parent_id"):
        if (key == "id" or key in document) and not SEGMENT_ID.fullmatch(str(document.get(key))):
            raise Refused(f"{key} is {document.get(key)!r}")
    if document.get("namespace", "aws") not in ("aws", "remote"):
        raise Refused(f"namespace is {document['namespace']!r}")
    check_times(document)
    for flag in ("error", "throttle", "fault"):
        if not isinstance(document.get(flag, False), bool):
            raise Refused(f"{flag} is {document[flag]!r}")
    check_cause(document.get("cause"))
    check_annotations(document.get("annotations", {}))
    if not isinstance(document.get("metadata", {}), dict):
        raise Refused("metadata is no object")
    for part in document.get("subsegments", []):
        check(part, is_part=True)


def check_times(document: dict[str, Any]) -> None:
    """Refuse times that aren't seconds, and segments that are neither over nor in progress."""
    began, ended, goes_on = (document.get(field) for field in ("start_time", "end_time", "in_progress"))
    times = [began] if ended is None else [began, ended]
    # What is beyond the year 2100 is in milliseconds.
    if not all(isinstance(each, int | float) and 0 < each < 4_102_444_800 for each in times):
        raise Refused(f"it lasts from {began!r} to {ended!r}")
    if ended is not None and ended < began:  # type: ignore[operator]
        raise Refused(f"it ends at {ended}, before its begin at {began}")
    if (ended is None) == (goes_on is not True):
        raise Refused(f"end_time is {ended!r} and in_progress {goes_on!r}: one of them is needed")


def check_cause(cause: Any) -> None:
    """Refuse a cause that is neither an exception's id nor a list of exceptions."""
    if cause is None or (isinstance(cause, str) and SEGMENT_ID.fullmatch(cause)):
        return
    exceptions = cause.get("exceptions", []) if isinstance(cause, dict) else None
    if not isinstance(exceptions, list) or not all(
        isinstance(each, dict) and SEGMENT_ID.fullmatch(str(each.get("id"))) for each in exceptions
    ):
        raise Refused(f"cause is {cause!r}")


def check_annotations(annotations: Any) -> None:
    """Refuse annotations that can't be searched by."""
    if not isinstance(annotations, dict):
        raise Refused("annotations are no object")
    for key, value in annotations.items():
        if len(key) > LONGEST_KEY or not ANNOTATION_KEY.fullmatch(key):
            raise Refused(f"the annotation {key!r} has no name for filter expressions")
        if not isinstance(value, str | int | float) or len(str(value)) > LONGEST_VALUE:
            raise Refused(f"the annotation {key} is {value!r}")


def parts(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A document and all inside it."""
    yield document
    for part in document.get("subsegments", []):
        yield from parts(part)
