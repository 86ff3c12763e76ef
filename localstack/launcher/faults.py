"""Faults of calls and deliveries, on demand: which are switched on, and whether one strikes now.

The server has faults of RDS, DMS and ECS as services; these here are about how a caller meets a service. Chance comes
from a seed, so a run whose calls come in the same order meets the same faults.
"""

import random
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

SERVER_SERVICES = ("rds", "dms", "ecs")
STACK_SERVICES = ("dynamodb", "events", "s3", "secretsmanager", "sns", "sqs")

ERROR = "error"
"""Answers a call of a role with an error instead of doing it."""
ANSWER_LOST = "answer-lost"
"""Does what a call of a role asks for, and answers with an error: "the request may have succeeded"."""
STALE_DESCRIBE = "stale-describe"
"""Answers a Describe or List of a role with what the same question was answered `ms` ago."""
DELIVER_AGAIN = "deliver-again"
"""Delivers a message up to `again` times more to its function, although that has handled it (SQS: at least once)."""

OF_EVERY_SERVICE = (ERROR, ANSWER_LOST)
ID_PREFIX = "call-"


class FaultError(ValueError):
    """A fault that can't be switched on; the text says why."""


@dataclass
class Fault:
    """A fault that is switched on."""

    service: str
    fault: str
    match: str = ""
    """Strikes only calls and messages that hold this text. Empty: all."""
    caller: str = ""
    """Strikes only calls of the role of this name. Empty: of any role; never those of the account's root."""
    action: str | None = None
    """For calls: the operation; without it, every operation."""
    code: str | None = None
    status: int = 400
    message: str = "a fault was switched on for this call"
    ms: int = 0
    again: int = 1
    probability: float = 1.0
    times: int | None = None
    """How often it strikes at most; without it, until it is switched off."""
    id: str = ""
    struck: int = 0


WISHES = frozenset(Fault.__dataclass_fields__) - {"id", "struck"}


def is_ours(wish: Any) -> bool:
    """Whether a fault that is asked for is one of these, not one of the server's."""
    if not isinstance(wish, dict):
        return False
    names = (ANSWER_LOST, STALE_DESCRIBE, DELIVER_AGAIN)
    return wish.get("service") in STACK_SERVICES or wish.get("fault") in names or "caller" in wish


@dataclass
class Faults:
    """The faults that are switched on. Safe to use from any thread."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _switched: list[Fault] = field(default_factory=list)
    _chance: random.Random = field(default_factory=lambda: random.Random(0))
    _last_id: int = 0

    def reseed(self, seed: int) -> None:
        """Start the sequence of chance anew."""
        with self._lock:
            self._chance = random.Random(seed)

    def switch_on(self, wish: dict[str, Any]) -> str:
        """Switch a fault on; its id. A `FaultError` says what is wrong with it."""
        fault = checked(wish)
        with self._lock:
            self._last_id += 1
            fault.id = f"{ID_PREFIX}{self._last_id}"
            self._switched.append(fault)
            return fault.id

    def switch_off(self, fault_id: str) -> bool:
        """Switch one off; false if there was none of that id."""
        with self._lock:
            before = len(self._switched)
            self._switched = [fault for fault in self._switched if fault.id != fault_id]
            return len(self._switched) < before

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._switched.clear()

    def list(self) -> list[dict[str, Any]]:
        """What is switched on, with how often it struck."""
        with self._lock:
            return [asdict(fault) for fault in self._switched]

    def strikes(
        self, name: str, service: str, subject: str, *, action: str | None = None, caller: str = ""
    ) -> Fault | None:
        """The fault of that name that strikes now, if any; it counts as struck."""
        with self._lock:
            for fault in self._switched:
                if fault.fault != name or fault.service != service or fault.match not in subject:
                    continue
                if fault.caller and fault.caller != caller or fault.action not in (None, action):
                    continue
                if fault.times is not None and fault.struck >= fault.times:
                    continue
                if self._chance.random() < fault.probability:
                    fault.struck += 1
                    return fault
            return None


def checked(wish: dict[str, Any]) -> Fault:
    """The fault that is asked for, or a `FaultError`."""
    unknown = set(wish) - WISHES
    if unknown:
        raise FaultError(f"unknown fields: {', '.join(sorted(unknown))}")
    service, name = wish.get("service"), wish.get("fault")
    if service not in SERVER_SERVICES + STACK_SERVICES:
        raise FaultError(f"no service {service!r}; there are {', '.join(SERVER_SERVICES + STACK_SERVICES)}")
    known = list(OF_EVERY_SERVICE)
    if service in SERVER_SERVICES:
        known.append(STALE_DESCRIBE)
    if service == "sqs":
        known.append(DELIVER_AGAIN)
    if name not in known:
        raise FaultError(f"{service} knows no such fault {name!r} of calls; it knows {', '.join(known)}")
    if name in OF_EVERY_SERVICE and not wish.get("code"):
        raise FaultError(f'the fault "{name}" needs a "code"')
    if not 0 <= wish.get("probability", 1) <= 1:
        raise FaultError("a probability lies between 0 and 1")
    return Fault(**wish)
