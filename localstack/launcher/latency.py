"""Waits that ministack adds and AWS doesn't."""

import socketserver
import threading

from launcher import internals

SCHEDULER_TICK_SECONDS = 1
QUEUE_LOOK_SECONDS = 0.1


def install() -> None:
    """Send small answers at once, look at schedules every second, and at queues ten times a second."""
    # The Lambda runtime API is served by http.server, whose answers are two small writes: with Nagle's algorithm the
    # second waits for a delayed acknowledgement, and a warm invocation takes 55 ms instead of 8 ms.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True

    # Both look at their schedules every 10 s, so that `at(...)` fires up to 10 s late.
    eventbridge = internals.module("services.eventbridge")
    internals.replace(eventbridge, "_SCHEDULER_TICK_INTERVAL", lambda _: SCHEDULER_TICK_SECONDS)
    scheduler = internals.module("services.scheduler")
    internals.replace(scheduler, "_SCHEDULE_TICK_INTERVAL", lambda _: SCHEDULER_TICK_SECONDS)

    # A new message wakes the poller of the event source mappings at once. A delayed or returned one becomes visible
    # without a sign, and would wait for the poller's next look, up to 1 s later.
    functions = internals.module("services.lambda_svc")
    internals.replace(functions, "_esm_wake", Impatient)


class Impatient:
    """An event that is waited for only for `QUEUE_LOOK_SECONDS`, whatever its waiter asks for."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def wait(self, timeout: float) -> bool:
        """Wait for the event, but not for long."""
        return self._event.wait(min(timeout, QUEUE_LOOK_SECONDS))

    def set(self) -> None:
        """Wake the waiter."""
        self._event.set()

    def clear(self) -> None:
        """Forget what has happened."""
        self._event.clear()
