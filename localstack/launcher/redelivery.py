"""Messages that a function has handled and gets again: SQS standard queues deliver at least once."""

import time
from typing import Any

from launcher import internals
from launcher.faults import DELIVER_AGAIN, Faults

COPIES_LEFT = "_copies_left"


def install(faults: Faults) -> None:
    """Keep copies of messages that a fault strikes."""
    queues = internals.module("services.sqs")
    internals.replace(queues, "_delete_messages_for_esm", lambda delete: keep_copies(delete, queues, faults))


def keep_copies(delete: internals.Private, queues: Any, faults: Faults) -> internals.Private:
    """The deletion of a batch that was handled, from which copies stay behind.

    A copy comes from a server that didn't hear of the deletion (SQS developer guide, "At-least-once delivery"), so it
    isn't counted as received.
    """

    def delete_some(queue_url: str, receipt_handles: set[str]) -> None:
        kept = set()
        with queues._queues_lock:
            for message in queues._get_q(queue_url)["messages"]:
                handle = message.get("receipt_handle")
                if handle in receipt_handles and has_copy(message, faults):
                    message["visible_at"] = time.time()
                    message["receive_count"] -= 1
                    kept.add(handle)
        delete(queue_url, receipt_handles - kept)

    return delete_some


def has_copy(message: dict[str, Any], faults: Faults) -> bool:
    """Whether a message is delivered once more. Chance decides about each only once."""
    if COPIES_LEFT not in message:
        struck = faults.strikes(DELIVER_AGAIN, "sqs", message["body"])
        message[COPIES_LEFT] = struck.again if struck else 0
    message[COPIES_LEFT] -= 1
    return message[COPIES_LEFT] >= 0
