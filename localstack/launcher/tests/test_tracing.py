"""The X-Ray daemon, and trace headers on their way."""

import json
import socket
import time
import unittest
import urllib.request

from botocore.exceptions import ClientError

from launcher import segments
from launcher.tests.patched_cloud import PatchedCloud, wait_for

HEADER = "Root=1-{time:08x}-a006649127e371903a2de979;Parent=53995c3f42cd8ad8;Sampled=1"


def header() -> str:
    """A header of now."""
    return HEADER.format(time=int(time.time()))


def segment(**fields: object) -> dict:
    """A segment as X-Ray wants it, but for some fields; `None` leaves one out."""
    now = time.time()
    document = {
        "name": "tenant-restore",
        "id": "70de5b6f19ff9a0a",
        "trace_id": f"1-{int(now):08x}-a006649127e371903a2de979",
        "start_time": now,
        "end_time": now + 1,
        **fields,
    }
    return {name: value for name, value in document.items() if value is not None}


def packet(document: object) -> bytes:
    """A datagram for the daemon."""
    return b'{"format": "json", "version": 1}\n' + json.dumps(document).encode()


class Segments(unittest.TestCase):
    """What X-Ray takes."""

    def test_segments_that_are_over_or_in_progress_and_parts_are_taken(self):
        part = {"type": "subsegment", "parent_id": "70de5b6f19ff9a0b", "namespace": "aws"}
        for document in (
            segment(),
            segment(end_time=None, in_progress=True),
            segment(**part),
            segment(subsegments=[segment(trace_id=None, namespace="aws", aws={"operation": "RunTask"})]),
            segment(annotations={"restore": "abc", "attempt": 2}, fault=True, cause={"exceptions": []}),
        ):
            segments.read(packet(document))

    def test_what_is_not_as_documented_is_refused(self):
        old = int(time.time()) - 31 * 24 * 3600
        for document in (
            segment(id="70de5b6f19ff9a0"),
            segment(trace_id="1-zz"),
            segment(trace_id=f"1-{old:08x}-a006649127e371903a2de979"),
            segment(end_time=None),
            segment(in_progress=True),
            segment(end_time=1.0),
            segment(start_time=time.time() * 1000),
            segment(name="who? me!"),
            segment(name="x" * 201),
            segment(namespace="aws"),
            segment(type="subsegment"),
            segment(annotations={"not-allowed": 1}),
            segment(annotations={"list": []}),
            segment(cause={"exceptions": [{"id": "1"}]}),
            segment(subsegments=[{"name": "no id"}]),
            segment(surprise=1),
            ["not", "an", "object"],
            segment(metadata={"much": "x" * 64_000}),
        ):
            with self.assertRaises(segments.Refused, msg=json.dumps(document)[:100]):
                segments.read(packet(document))
        with self.assertRaises(segments.Refused):
            segments.read(json.dumps(segment()).encode())


class Tracing(PatchedCloud):
    """The daemon and the headers."""

    def traces(self, method: str = "GET") -> dict:
        """What the daemon was sent."""
        request = urllib.request.Request(f"{self.endpoint}/_local/traces", method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def daemon(self) -> tuple[str, int]:
        """The daemon's address, as a function is told it."""
        self.publish_function("told-code", "code.zip")
        role = self.role("told", {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"})
        properties = {
            "FunctionName": "told",
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": role,
            "Timeout": 10,
            "Code": {"S3Bucket": "told-code", "S3Key": "code.zip"},
        }
        self.assertEqual(
            self.deploy("told", {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}),
            ("CREATE_COMPLETE", ""),
        )
        self.client("lambda").invoke(FunctionName="told", Payload=json.dumps({"Records": []}))
        self.assertIn(" AWS_XRAY_DAEMON_ADDRESS ", (self.logs / "told.log").read_text())
        host, port = self.traces()["daemon"].split(":")
        return host, int(port)

    def test_functions_are_told_where_the_daemon_is_and_it_keeps_what_x_ray_would(self):
        self.traces("DELETE")
        address = self.daemon()
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        goes_on = segment(end_time=None, in_progress=True)
        over = segment(trace_id=goes_on["trace_id"])
        for document in (goes_on, over, segment(id="bad")):
            sender.sendto(packet(document), address)
        wait_for(lambda: self.traces()["refused"], 5)
        kept = self.traces()
        self.assertEqual(kept["traces"][over["trace_id"]]["documents"], [over])
        self.assertEqual([each["reason"] for each in kept["refused"]], ["id is 'bad'"])
        self.traces("DELETE")
        many = [segment(id=f"{number:016x}", annotations={"a": 1, "b": 2}) for number in range(26)]
        for document in many:
            sender.sendto(packet({**document, "trace_id": over["trace_id"]}), address)
        wait_for(lambda: self.traces()["refused"], 5)
        self.assertIn("52 annotations", self.traces()["refused"][0]["reason"])
        self.traces("DELETE")

    def queue(self, name: str) -> tuple[str, str]:
        """A new queue; its URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def received(self, url: str) -> str | None:
        """The trace header of the next message."""
        sqs = self.client("sqs")
        message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, AttributeNames=["All"])["Messages"][0]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return message["Attributes"].get("AWSTraceHeader")

    def test_a_message_bears_the_header_that_it_was_sent_with_and_a_malformed_one_is_refused(self):
        url, _ = self.queue("traced")
        sqs = self.client("sqs")

        def send(value: str, kind: str = "String") -> None:
            attribute = {"StringValue": value, "DataType": kind}
            sqs.send_message(QueueUrl=url, MessageBody="x", MessageSystemAttributes={"AWSTraceHeader": attribute})

        own = header()
        send(own)
        self.assertEqual(self.received(url), own)
        for value, kind in (("nonsense", "String"), (own, "Number"), (f"{own};Sampled=yes please", "String")):
            with self.assertRaises(ClientError) as refused:
                send(value, kind)
            self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidParameterValue")

    def test_the_attribute_comes_before_the_header_of_the_request(self):
        url, _ = self.queue("headed")
        sqs = self.client("sqs")
        own = header()
        sqs.meta.events.register("before-send.sqs.SendMessage", with_header(own))
        sqs.send_message(QueueUrl=url, MessageBody="x")
        self.assertEqual(self.received(url), own)
        other = own.replace("53995c3f42cd8ad8", "0000000000000001")
        attribute = {"StringValue": other, "DataType": "String"}
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageSystemAttributes={"AWSTraceHeader": attribute})
        self.assertEqual(self.received(url), other)

    def test_an_event_gives_its_header_on_unless_it_is_malformed(self):
        url, arn = self.queue("events-traced")
        events = self.client("events")
        events.put_rule(Name="traced", EventPattern=json.dumps({"source": ["traced"]}))
        events.put_targets(Rule="traced", Targets=[{"Id": "1", "Arn": arn}])
        own = header()
        entry = {"Source": "traced", "DetailType": "d", "Detail": "{}"}
        for given, expected in ((own, own), ("Root=nonsense", None), (None, None)):
            traced = {"TraceHeader": given} if given else {}
            events.put_events(Entries=[{**entry, **traced}])
            self.assertEqual(self.received(url), expected)


def with_header(value: str) -> object:
    """A hook that adds the header which SDKs send inside a function."""

    def add(request: object, **_: object) -> None:
        request.headers["X-Amzn-Trace-Id"] = value  # type: ignore[attr-defined]

    return add
