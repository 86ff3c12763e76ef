"""DynamoDB request units, from the sizes of items, whether or not a request asks for them."""

import functools
import json
from typing import Any

from launcher import internals
from launcher.counting import Tally, read_units, write_units

SINGLE_WRITES = ("_put_item", "_update_item", "_delete_item")
REPORTED_CALLS = {
    "writeUnits": ("_transact_write_items", "_batch_write_item"),
    "readUnits": ("_transact_get_items", "_batch_get_item"),
}


def install(tally: Tally) -> None:
    """Count the units of every read and write."""
    dynamodb = internals.module("services.dynamodb")
    pages = EvaluatedPages()
    internals.replace(dynamodb, "_paginate_evaluated_items", lambda page: pages.watch(page, dynamodb))
    internals.replace(dynamodb, "_add_consumed_capacity", lambda add: count_single(add, dynamodb, pages, tally))
    for name in SINGLE_WRITES:
        internals.replace(dynamodb, name, lambda write: count_refused_write(write, dynamodb, tally))
    for group, calls in REPORTED_CALLS.items():
        for name in calls:
            internals.replace(dynamodb, name, functools.partial(count_reported, dynamodb, group, tally))


class EvaluatedPages:
    """The size of the page that a query or scan has just read, before its filter.

    DynamoDB requests run one after the other on ministack's event loop, so the last page belongs to the request
    whose capacity is counted next.
    """

    def __init__(self) -> None:
        self.last_bytes = 0

    def watch(self, paginate: internals.Private, dynamodb: Any) -> internals.Private:
        """Remember the size of each page."""

        def paginate_watched(*args: Any, **kwargs: Any) -> tuple:
            page, more = paginate(*args, **kwargs)
            self.last_bytes = sum(dynamodb._item_size_bytes(item) for item in page)
            return page, more

        return paginate_watched


def count_single(add: internals.Private, dynamodb: Any, pages: EvaluatedPages, tally: Tally) -> internals.Private:
    """Units of a single read or write, which all pass here at their end."""

    def add_counted(
        result: dict[str, Any], data: dict[str, Any], table: str, write: bool = False, **items: Any
    ) -> None:
        add(result, data, table, write=write, **items)
        if write:
            reported: dict[str, Any] = {}
            add(reported, {**data, "ReturnConsumedCapacity": "TOTAL"}, table, write=True, **items)
            tally.add("dynamodb", "writeUnits", reported["ConsumedCapacity"]["CapacityUnits"])
            return
        consistent = bool(data.get("ConsistentRead"))
        size = item_bytes(dynamodb, data) if "Key" in data else pages.last_bytes
        tally.add("dynamodb", "readUnits", read_units(size, consistent=consistent))

    return add_counted


def item_bytes(dynamodb: Any, data: dict[str, Any]) -> int:
    """The size of the stored item with the key of a request; 0 if there is none."""
    table = dynamodb._tables.get(data["TableName"])
    item = dynamodb._get_item_by_key(table, data["Key"]) if table else None
    return dynamodb._item_size_bytes(item) if item else 0


def count_refused_write(write: internals.Private, dynamodb: Any, tally: Tally) -> internals.Private:
    """Units of a write whose condition fails: it costs as much as the item that is there (DynamoDB developer guide)."""

    def write_counted(data: dict[str, Any]) -> tuple:
        answer = write(data)
        if answer[0] == 400 and b"ConditionalCheckFailed" in as_bytes(answer[2]):
            keyed = data if "Key" in data else {**data, "Key": data.get("Item", {})}
            tally.add("dynamodb", "writeUnits", write_units(item_bytes(dynamodb, keyed)))
        return answer

    return write_counted


def count_reported(dynamodb: Any, group: str, tally: Tally, call: internals.Private) -> internals.Private:
    """Units of a transaction or batch, which ministack works out when asked to report them.

    A cancelled transaction is counted with two units an action, as its items' sizes aren't at hand.
    """

    def call_counted(data: dict[str, Any]) -> tuple:
        status, headers, body = call({**data, "ReturnConsumedCapacity": "TOTAL"})
        answer = json.loads(body)
        if status >= 400:
            if "TransactionCanceled" in answer.get("__type", ""):
                tally.add("dynamodb", group, 2 * len(data.get("TransactItems", [])))
            return status, headers, body
        tally.add("dynamodb", group, sum(table["CapacityUnits"] for table in answer.get("ConsumedCapacity", [])))
        if data.get("ReturnConsumedCapacity", "NONE") == "NONE":
            answer.pop("ConsumedCapacity", None)
            return dynamodb.json_response(answer)
        return status, headers, body

    return call_counted


def as_bytes(body: bytes | str) -> bytes:
    """The body of an answer as bytes."""
    return body if isinstance(body, bytes) else body.encode()
