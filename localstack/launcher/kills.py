"""Lambda functions killed in the middle of an invocation, on demand."""

import itertools
import json
import os
import signal
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

from launcher import internals


@dataclass
class Kill:
    """One process to be killed, while it works on an event that holds a text."""

    function: str
    """The function's name."""
    match: str
    """What the event of the invocation must hold, such as a restore's id."""
    invocation: int = 1
    """Which of the matching invocations is the first that may be struck."""
    ms: float = 0
    """How long after its begin. One that ended sooner is spared, and the next one is struck in half the time."""
    id: int = 0
    seen: int = 0
    """Matching invocations so far."""
    struck: int = 0
    """1 once a process was killed, never more."""


@dataclass
class Kills:
    """The kills that are asked for. Safe to use from any thread."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: list[Kill] = field(default_factory=list)
    _ids: itertools.count = field(default_factory=lambda: itertools.count(1))

    def ask(self, wish: dict[str, Any]) -> int:
        """Ask for a kill; its number. A `TypeError` says what is wrong with the wish."""
        unknown = set(wish) - {"function", "match", "invocation", "ms"}
        if unknown:
            raise TypeError(f"unknown fields: {', '.join(sorted(unknown))}")
        kill = Kill(**wish)
        with self._lock:
            kill.id = next(self._ids)
            self._asked.append(kill)
        return kill.id

    def list(self) -> list[dict[str, Any]]:
        """All that were asked for, and what came of them."""
        with self._lock:
            return [asdict(kill) for kill in self._asked]

    def forget(self) -> None:
        """Kill nothing any more."""
        with self._lock:
            self._asked.clear()

    def due(self, function: str, event: str) -> Kill | None:
        """The kill that an invocation which begins now is to meet, if any."""
        with self._lock:
            met = None
            for kill in self._asked:
                if kill.struck or kill.function != function or kill.match not in event:
                    continue
                kill.seen += 1
                if kill.seen >= kill.invocation:
                    met = met or kill
            return met

    def end(self, kill: Kill, invocation: "Invocation") -> None:
        """Kill the process of an invocation that goes on."""
        with self._lock:
            if not kill.struck and invocation.kill():
                kill.struck = 1

    def spared(self, kill: Kill) -> None:
        """The invocation ended before its time was up."""
        with self._lock:
            kill.ms /= 2


class Invocation:
    """What runs in a warm environment, until it has ended."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._ended = False
        self._lock = threading.Lock()

    def kill(self) -> bool:
        """Send SIGKILL to the process; false if there is none, or it has answered already."""
        with self._lock:
            process = self._worker._proc
            if self._ended or process is None or process.poll() is not None:
                return False
            os.kill(process.pid, signal.SIGKILL)
            return True

    def end(self) -> None:
        """From now on, whatever the process does belongs to somebody else."""
        with self._lock:
            self._ended = True


def install() -> Kills:
    """Let processes of custom runtimes be killed."""
    kills = Kills()
    worker = internals.member(internals.module("core.lambda_runtime"), "ProvidedWorker")
    internals.replace(worker, "invoke", lambda invoke: with_kills(invoke, kills))
    return kills


def with_kills(invoke: internals.Private, kills: Kills) -> internals.Private:
    """An invocation that meets the kill which is asked for it."""

    def invoke_mortal(self: Any, event: Any, request_id: str, **context: Any) -> dict[str, Any]:
        kill = kills.due(self.func_name, json.dumps(event))
        if kill is None:
            return invoke(self, event, request_id, **context)
        running = Invocation(self)
        timer = threading.Timer(kill.ms / 1000, kills.end, (kill, running))
        timer.start()
        try:
            return invoke(self, event, request_id, **context)
        finally:
            running.end()
            timer.cancel()
            if not kill.struck:
                kills.spared(kill)

    return invoke_mortal
