"""A tally of what AWS would bill for."""

import math
import threading
from collections import Counter, defaultdict
from typing import Any

SQS_CHUNK_BYTES = 64 * 1024
EVENT_CHUNK_BYTES = 64 * 1024
WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4 * 1024


class Tally:
    """Counts under a group and a name, such as `sqsRequests` and `SendMessage`. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, group: str, name: str, amount: float = 1) -> None:
        """Add to one count."""
        with self._lock:
            self._counts[group][name] += amount  # type: ignore[assignment]

    def snapshot(self) -> dict[str, dict[str, float]]:
        """All counts at this moment, in order of their names."""
        with self._lock:
            return {group: dict(sorted(names.items())) for group, names in sorted(self._counts.items())}

    def reset(self) -> None:
        """Start again from nothing."""
        with self._lock:
            self._counts.clear()


def chunks(size: int, chunk: int) -> int:
    """How many chunks a payload is billed as: at least one."""
    return max(1, math.ceil(size / chunk))


def event_chunks(entry: dict[str, Any]) -> int:
    """How many events an entry of PutEvents is billed as ("each 64 KB chunk is billed as one event")."""
    return chunks(len(entry.get("Detail", "").encode()), EVENT_CHUNK_BYTES)


def event_group(entry: dict[str, Any]) -> str:
    """Custom events cost money, events of AWS services don't."""
    return "serviceEvents" if entry.get("Source", "").startswith("aws.") else "customEvents"


def log_bytes(lines: list[str]) -> int:
    """What CloudWatch Logs bills for lines: "UTF-8 encoded, plus 26 bytes for each log event" (PutLogEvents)."""
    return sum(len(line.encode()) + 26 for line in lines)


def write_units(item_bytes: int, *, transaction: bool = False) -> int:
    """Write request units of an item: one per KB, two in a transaction."""
    return chunks(item_bytes, WRITE_UNIT_BYTES) * (2 if transaction else 1)


def read_units(item_bytes: int, *, consistent: bool, transaction: bool = False) -> float:
    """Read request units of an item or page: one per 4 KB, half if eventually consistent, two in a transaction."""
    units = chunks(item_bytes, READ_UNIT_BYTES)
    if transaction:
        return units * 2
    return units if consistent else units / 2
