"""Waits that ministack adds and AWS doesn't."""

import socketserver

from launcher import internals

SCHEDULER_TICK_SECONDS = 1


def install() -> None:
    """Send small answers at once, and look at schedules every second."""
    # The Lambda runtime API is served by http.server, whose answers are two small writes: with Nagle's algorithm the
    # second waits for a delayed acknowledgement, and a warm invocation takes 55 ms instead of 8 ms.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True

    # Both look at their schedules every 10 s, so that `at(...)` fires up to 10 s late.
    eventbridge = internals.module("services.eventbridge")
    internals.replace(eventbridge, "_SCHEDULER_TICK_INTERVAL", lambda _: SCHEDULER_TICK_SECONDS)
    scheduler = internals.module("services.scheduler")
    internals.replace(scheduler, "_SCHEDULE_TICK_INTERVAL", lambda _: SCHEDULER_TICK_SECONDS)
