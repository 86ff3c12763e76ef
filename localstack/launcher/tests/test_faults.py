"""Faults of calls and deliveries."""

import json
import time
import unittest
import urllib.error
import urllib.request
from typing import Any

from botocore.exceptions import ClientError

from launcher.faults import FaultError, Faults
from launcher.faulty_calls import Memory, code_of, refusal
from launcher.redelivery import has_copy
from launcher.tests.patched_cloud import PatchedCloud


class Switches(unittest.TestCase):
    """Which fault strikes."""

    def test_a_fault_strikes_its_service_caller_operation_and_text_and_so_often_as_asked(self):
        faults = Faults()
        wish = {"service": "s3", "fault": "error", "code": "SlowDown", "caller": "ddl", "action": "PutObject"}
        faults.switch_on({**wish, "match": "abc", "times": 1})

        def strikes(service: str = "s3", caller: str = "ddl", action: str = "PutObject", text: str = "xabcx") -> bool:
            return faults.strikes("error", service, text, action=action, caller=caller) is not None

        self.assertFalse(strikes(service="sns"))
        self.assertFalse(strikes(caller="worker"))
        self.assertFalse(strikes(action="GetObject"))
        self.assertFalse(strikes(text="other"))
        self.assertTrue(strikes())
        self.assertFalse(strikes(), "only once")
        self.assertEqual(faults.list()[0]["struck"], 1)

    def test_the_same_seed_strikes_the_same_calls(self):
        def run(seed: int) -> list[bool]:
            faults = Faults()
            faults.reseed(seed)
            faults.switch_on({"service": "sqs", "fault": "error", "code": "X", "probability": 0.5})
            return [faults.strikes("error", "sqs", "") is not None for _ in range(32)]

        self.assertEqual(run(7), run(7))
        self.assertNotEqual(run(7), run(8))

    def test_what_makes_no_sense_is_refused_by_name(self):
        wrong: dict[str, dict[str, Any]] = {
            "colour": {"service": "s3", "fault": "error", "code": "X", "colour": 1},
            "ec2": {"service": "ec2", "fault": "error", "code": "X"},
            "stale-describe": {"service": "s3", "fault": "stale-describe"},
            "code": {"service": "s3", "fault": "error"},
            "probability": {"service": "s3", "fault": "error", "code": "X", "probability": 2},
        }
        for word, wish in wrong.items():
            with self.subTest(word), self.assertRaisesRegex(FaultError, word):
                Faults().switch_on(wish)


class Refusals(unittest.TestCase):
    """What a caller is told."""

    def told(self, service: str, code: str, body: bytes = b"", **more: Any) -> str:
        faults = Faults()
        faults.switch_on({"service": service, "fault": "error", "code": code, **more})
        fault = faults.strikes("error", service, "")
        assert fault is not None
        return refusal(fault, service, body)[2].decode()

    def test_an_error_speaks_the_protocol_of_its_service(self):
        self.assertIn("<Code>Throttling</Code>", self.told("sns", "Throttling"))
        self.assertIn("<Code>SlowDown</Code>", self.told("s3", "SlowDown"))
        self.assertEqual(json.loads(self.told("ecs", "ServerException"))["__type"], "ServerException")

    def test_a_cancelled_transaction_has_a_reason_for_each_item(self):
        body = json.dumps({"TransactItems": [{}, {}]}).encode()
        told = json.loads(self.told("dynamodb", "TransactionCanceledException", body, message="TransactionConflict"))
        self.assertEqual(told["CancellationReasons"], [{"Code": "TransactionConflict"}, {"Code": "None"}])


class Codes(unittest.TestCase):
    """What a refusal is counted as."""

    def test_a_refusal_is_counted_by_its_code_and_a_cancelled_transaction_by_its_reason(self):
        cancelled = {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}],
        }
        self.assertEqual(code_of(json.dumps(cancelled)), "ConditionalCheckFailed")
        self.assertEqual(code_of(b'{"__type":"ClientException"}'), "ClientException")
        self.assertEqual(code_of(b"<Error><Code>SlowDown</Code></Error>"), "SlowDown")
        self.assertEqual(code_of(b"teapot"), "")


class Copies(unittest.TestCase):
    """Messages and answers that come again."""

    def test_a_message_comes_again_so_often_and_then_is_gone(self):
        faults = Faults()
        faults.switch_on({"service": "sqs", "fault": "deliver-again", "match": "abc", "again": 2})
        message = {"body": "abc"}
        self.assertEqual([has_copy(message, faults) for _ in range(4)], [True, True, False, False])
        self.assertFalse(has_copy({"body": "other"}, faults))

    def test_a_stale_answer_is_the_one_of_a_moment_ago(self):
        memory = Memory()
        self.assertIsNone(memory.before("who", 10))
        memory.keep("who", (200, {}, b"earlier"))
        memory.keep("who", (200, {}, b"now"))
        self.assertEqual(memory.before("who", 10), (200, {}, b"earlier"))
        self.assertIsNone(memory.before("who", 0))


class Calls(PatchedCloud):
    """Calls of a role through the whole of ministack."""

    def setUp(self) -> None:
        """A queue, and a role that may use it."""
        super().setUp()
        self.url = self.client("sqs").create_queue(QueueName="faulty")["QueueUrl"]
        allow = {"Effect": "Allow", "Action": ["sqs:*", "ecs:*"], "Resource": "*"}
        self.credentials = self.credentials_of(self.role(f"caller-{time.monotonic_ns()}", allow))
        self.addCleanup(self.client("sqs").purge_queue, QueueUrl=self.url)

    def switch_on(self, **fault: Any) -> None:
        """Switch a fault on over HTTP, and off after the test."""
        fault_id = self.faults("POST", "", fault)["ids"][0]
        self.addCleanup(self.faults, "DELETE", f"/{fault_id}", None)

    def faults(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """A request for `/_faults`."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{self.endpoint}/_faults{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def send(self, **credentials: str) -> None:
        """Send a message."""
        self.client("sqs", **credentials).send_message(QueueUrl=self.url, MessageBody="abc")

    def waiting(self) -> str:
        """How many messages wait."""
        name = "ApproximateNumberOfMessages"
        found = self.client("sqs").get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return found["Attributes"][name]

    def test_a_refused_call_of_a_role_does_nothing_and_root_is_spared(self):
        self.switch_on(service="sqs", fault="error", action="SendMessage", code="RequestThrottled")
        with self.assertRaisesRegex(ClientError, "RequestThrottled"):
            self.send(**self.credentials)
        self.assertEqual(self.waiting(), "0")
        self.send()
        self.assertEqual(self.waiting(), "1")

    def test_a_call_whose_answer_is_lost_was_done(self):
        self.switch_on(service="sqs", fault="answer-lost", code="InternalError", status=500, times=1)
        with self.assertRaisesRegex(ClientError, "InternalError"):
            self.send(**self.credentials)
        self.assertEqual(self.waiting(), "1")

    def test_a_description_can_be_stale(self):
        ecs = self.client("ecs", **self.credentials)
        self.server.answers["ListTasks"] = json.dumps({"taskArns": ["before"]})
        self.switch_on(service="ecs", fault="stale-describe", ms=5000)
        self.assertEqual(ecs.list_tasks()["taskArns"], ["before"])
        self.server.answers["ListTasks"] = json.dumps({"taskArns": ["after"]})
        self.assertEqual(ecs.list_tasks()["taskArns"], ["before"])
        self.assertEqual(self.client("ecs").list_tasks()["taskArns"], ["after"], "root sees the present")

    def test_an_unknown_fault_of_calls_is_refused_with_the_known_ones(self):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.faults("POST", "", {"service": "sqs", "fault": "nonsense"})
        self.addCleanup(refused.exception.close)
        self.assertIn("deliver-again", json.load(refused.exception)["message"])
