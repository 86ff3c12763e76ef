"""PutEvents as EventBridge answers it, and open to our server, which publishes the events of RDS, DMS and ECS."""

import contextvars
import json
from typing import Any

from launcher import internals

MAXIMUM_ENTRIES = 10

_entry_time: contextvars.ContextVar[float | None] = contextvars.ContextVar("entry_time", default=None)
_entry_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("entry_id", default=None)


def install() -> None:
    """Accept ``aws.*`` sources, keep the time of an entry, and refuse entries that EventBridge refuses."""
    eventbridge = internals.module("services.eventbridge")
    internals.replace(eventbridge, "_now_ts", clock_of_entry)
    internals.replace(eventbridge, "new_uuid", id_of_entry)
    internals.replace(eventbridge, "_put_events", lambda put: put_each(put, eventbridge))


def clock_of_entry(clock: internals.Private) -> internals.Private:
    """The time of the entry at hand, if it has one.

    PutEvents takes a ``Time`` per entry; ministack puts its own in, so that no late or replayed event can be shown.
    """

    def time_of_entry() -> float:
        time = _entry_time.get()
        return clock() if time is None else time

    return time_of_entry


def id_of_entry(new_id: internals.Private) -> internals.Private:
    """The id of the entry at hand, if our server gave it one: the first that PutEvents asks for.

    EventBridge delivers an event at least once, with the same id each time; the server can only do so by putting it
    again.
    """

    def id_for_entry() -> str:
        given = _entry_id.get()
        _entry_id.set(None)
        return given or new_id()

    return id_for_entry


def put_each(put_events: internals.Private, eventbridge: Any) -> internals.Private:
    """PutEvents entry by entry, for everyone, with sources that only AWS services may use.

    The server behind this port is AWS, and has no other way to the default bus.
    """

    def put(data: dict[str, Any], allow_aws_source: bool = True) -> tuple:
        entries = data.get("Entries", [])
        if len(entries) > MAXIMUM_ENTRIES:
            return put_events(data, allow_aws_source=allow_aws_source)
        results = [refusal(entry) or put_one(put_events, entry, allow_aws_source) for entry in entries]
        failed = sum("ErrorCode" in result for result in results)
        return eventbridge.json_response({"FailedEntryCount": failed, "Entries": results})

    return put


def put_one(put_events: internals.Private, entry: dict[str, Any], allow_aws_source: bool) -> dict[str, Any]:
    """Publish one entry at its own time; the result as PutEvents lists it."""
    time = entry.get("Time")
    token = _entry_time.set(float(time) if time is not None else None)
    _entry_id.set(entry.get("EventId") if entry.get("Source", "").startswith("aws.") else None)
    try:
        _, _, body = put_events({"Entries": [entry]}, allow_aws_source=allow_aws_source)
    finally:
        _entry_time.reset(token)
        _entry_id.set(None)
    return json.loads(body)["Entries"][0]


def refusal(entry: dict[str, Any]) -> dict[str, str] | None:
    """Why EventBridge refuses an entry, or None; ministack publishes such entries."""
    for field in ("Source", "DetailType", "Detail"):
        if not entry.get(field):
            message = f"Parameter {field} is not valid. Reason: {field} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    try:
        detail = json.loads(entry["Detail"])
    except json.JSONDecodeError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None
