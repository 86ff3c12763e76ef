"""X-Ray's daemon beside the functions, and trace headers on their way through EventBridge and SQS."""

import contextvars
import re
import socket
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any

from launcher import internals, segments
from launcher.server import Answer, Handler

# X-Ray keeps about so much of a trace that comes slowly (AWS re:Post, "trace quota error in X-Ray"), and indexes so
# many annotations (X-Ray developer guide, segment documents).
MOST_BYTES_OF_TRACE = 100_000
MOST_ANNOTATIONS = 50
MOST_TRACES = 1_000
MOST_REFUSED = 100

ATTRIBUTE = "AWSTraceHeader"
HEADER = re.compile(
    r"Root=1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}"
    r"(;\s*(Parent=[0-9a-fA-F]{16}|Sampled=[01?]|(?!Root|Parent|Sampled)\w+=[^;=]*))*;?"
)

_sent_with: contextvars.ContextVar[str | None] = contextvars.ContextVar("sent_with", default=None)
_event_header: contextvars.ContextVar[str | None] = contextvars.ContextVar("event_header", default=None)


@dataclass
class Kept:
    """One trace."""

    documents: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    """By id: a later document replaces an earlier one."""
    size: int = 0
    """Bytes of all that came, the replaced ones included."""
    carried: Counter[str] = field(default_factory=Counter)
    """Messages that a function was given in this trace, by queue."""

    def annotations(self) -> int:
        """How many annotations all documents have."""
        return sum(
            len(part.get("annotations", {})) for each in self.documents.values() for part in segments.parts(each)
        )


class Traces:
    """What the daemon was sent; the newest traces, so that memory is bounded. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traces: OrderedDict[str, Kept] = OrderedDict()
        self._refused: list[dict[str, str]] = []
        self._lost: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        """Where the daemon listens, as `AWS_XRAY_DAEMON_ADDRESS` says it."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def listen(self) -> None:
        """Take documents from now on."""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            self.take(self._socket.recv(65_536))

    def take(self, packet: bytes) -> None:
        """Keep a document, or the reason why X-Ray wouldn't."""
        try:
            document = segments.read(packet)
            with self._lock:
                self._keep(document, len(packet))
        except segments.Refused as wrong:
            with self._lock:
                self._refused = [
                    *self._refused,
                    {"reason": str(wrong), "packet": packet[:2_000].decode(errors="replace")},
                ]
                self._refused = self._refused[-MOST_REFUSED:]

    def _keep(self, document: dict[str, Any], size: int) -> None:
        trace = self._trace(document["trace_id"])
        trace.size += size
        if trace.size > MOST_BYTES_OF_TRACE:
            # X-Ray takes it, and loses it without a word.
            self._lost[document["trace_id"]] += 1
            return
        trace.documents[document["id"]] = document
        if trace.annotations() > MOST_ANNOTATIONS:
            raise segments.Refused(
                f"with it, its trace has {trace.annotations()} annotations; X-Ray indexes {MOST_ANNOTATIONS}"
            )

    def _trace(self, trace_id: str) -> Kept:
        trace = self._traces.setdefault(trace_id, Kept())
        self._traces.move_to_end(trace_id)
        while len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)
        return trace

    def carry(self, queue: str, header: str) -> None:
        """Note that a function was given a message with a header."""
        found = re.match("Root=([^;]+)", header)
        if found:
            with self._lock:
                self._trace(found[1]).carried[queue] += 1

    def show(self) -> dict[str, Any]:
        """All that is kept."""
        with self._lock:
            traces = {
                trace_id: {
                    "documents": list(kept.documents.values()),
                    "bytes": kept.size,
                    "lost": self._lost[trace_id],
                    "carried": dict(kept.carried),
                }
                for trace_id, kept in self._traces.items()
            }
            return {"daemon": self.address, "traces": traces, "refused": list(self._refused)}

    def forget(self) -> None:
        """Start again from nothing."""
        with self._lock:
            self._traces.clear()
            self._refused.clear()
            self._lost.clear()


def install() -> Traces:
    """Give functions the daemon's address, and let headers through where AWS does."""
    traces = Traces()
    traces.listen()
    functions = internals.module("services.lambda_svc")
    internals.replace(functions, "_provided_worker_env", lambda build: with_daemon(build, traces.address))
    handlers = internals.member(internals.module("app"), "SERVICE_HANDLERS")
    for service in ("sqs", "events"):
        handlers[service] = keep_header(internals.entry(handlers, service, "service handlers"))
    queues = internals.module("services.sqs")
    internals.replace(queues, "_act_send_message", lambda send: send_traced(send, queues))
    actions = internals.member(queues, "_HANDLERS")
    internals.entry(actions, "SendMessage", "SQS actions")
    actions["SendMessage"] = queues._act_send_message
    internals.replace(queues, "_queue_by_arn", stamp_deliveries)
    internals.replace(queues, "_receive_messages_for_esm", lambda receive: note_carried(receive, traces))
    internals.replace(internals.module("services.eventbridge"), "_put_events", put_traced)
    return traces


def with_daemon(build: internals.Private, address: str) -> internals.Private:
    """A function's environment with the daemon's address, which Lambda gives whether tracing is active or not."""

    def build_with_daemon(config: dict[str, Any], *args: Any) -> dict[str, str]:
        return {**build(config, *args), "AWS_XRAY_DAEMON_ADDRESS": address}

    return build_with_daemon


def keep_header(handler: Handler) -> Handler:
    """A service that knows the header which an SDK sends of its own accord inside a function."""

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        token = _sent_with.set(headers.get("x-amzn-trace-id"))
        try:
            return await handler(method, path, headers, body, query)
        finally:
            _sent_with.reset(token)

    return handle


def send_traced(send: internals.Private, queues: Any) -> internals.Private:
    """SendMessage as SQS takes message system attributes: one alone, well-formed, before the HTTP header."""

    def send_message(data: dict[str, Any], queue_url: str) -> Any:
        given = data.get("MessageSystemAttributes") or {}
        for name, attribute in given.items():
            value = attribute.get("StringValue", "")
            if name != ATTRIBUTE or attribute.get("DataType") != "String" or not HEADER.fullmatch(value):
                message = f"Value {value!r} for parameter MessageSystemAttributes.{name} is invalid."
                raise queues._Err("InvalidParameterValue", message)
        header = _sent_with.get()
        if not given and header and HEADER.fullmatch(header):
            given = {ATTRIBUTE: {"DataType": "String", "StringValue": header}}
        return send({**data, "MessageSystemAttributes": given}, queue_url)

    return send_message


def put_traced(put: internals.Private) -> internals.Private:
    """PutEvents, an entry at a time, which gives a well-formed header on to queues and drops another.

    ministack drops them all. Events of AWS services have none (EventBridge user guide, "integration with AWS X-Ray").
    """

    def put_events(data: dict[str, Any], *args: Any, **kwargs: Any) -> tuple:
        entries = data.get("Entries", [])
        header = entries[0].get("TraceHeader") or _sent_with.get() if len(entries) == 1 else None
        token = _event_header.set(header if header and HEADER.fullmatch(header) else None)
        try:
            return put(data, *args, **kwargs)
        finally:
            _event_header.reset(token)

    return put_events


def stamp_deliveries(find: internals.Private) -> internals.Private:
    """The queue of an ARN, whose new messages bear the header of the event at hand."""

    def find_stamped(arn: str) -> dict[str, Any] | None:
        queue, header = find(arn), _event_header.get()
        if queue is None or header is None:
            return queue
        return {**queue, "messages": Stamped(queue["messages"], header)}

    return find_stamped


class Stamped:
    """A queue's messages, for whoever adds some."""

    def __init__(self, messages: list[dict[str, Any]], header: str) -> None:
        self._messages = messages
        self._header = header

    def append(self, message: dict[str, Any]) -> None:
        """Add a message, with the header."""
        message["sys"][ATTRIBUTE] = self._header
        self._messages.append(message)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._messages[index]


def note_carried(receive: internals.Private, traces: Traces) -> internals.Private:
    """The messages of a batch, noted by queue and trace."""

    def receive_noted(queue_url: str, maximum: int) -> list[dict[str, Any]]:
        messages = receive(queue_url, maximum)
        for message in messages:
            traces.carry(queue_url.rsplit("/", 1)[-1], (message.get("sys") or {}).get(ATTRIBUTE, ""))
        return messages

    return receive_noted
