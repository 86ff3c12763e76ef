"""Functions killed while they work."""

import json
import time
import urllib.request

from launcher.kills import Invocation, Kills
from launcher.tests.patched_cloud import PatchedCloud

FUNCTION = "mortal"


class Process:
    """A process that runs."""

    def poll(self) -> None:
        """Not ended."""


class Worker:
    """What ministack keeps a process in."""

    _proc = Process()


class Choice(PatchedCloud):
    """Which invocation is killed."""

    def test_the_wished_invocation_of_the_function_whose_event_holds_the_text_is_met(self):
        kills = Kills()
        kills.ask({"function": "ddl", "match": "abc", "invocation": 2})
        self.assertIsNone(kills.due("ddl", "other"))
        self.assertIsNone(kills.due("migrate", "abc"))
        self.assertIsNone(kills.due("ddl", "1 abc"))
        self.assertIsNotNone(kills.due("ddl", "2 abc"))

    def test_an_invocation_that_has_ended_is_spared_and_the_next_one_struck_sooner(self):
        kills = Kills()
        kills.ask({"function": "ddl", "match": "abc", "ms": 40})
        kill = kills.due("ddl", "abc")
        assert kill is not None
        ended = Invocation(Worker())
        ended.end()
        kills.end(kill, ended)
        kills.spared(kill)
        self.assertEqual(kills.list()[0] | {"struck": 0, "ms": 20}, kills.list()[0])

    def test_a_wish_with_an_unknown_field_is_refused(self):
        with self.assertRaisesRegex(TypeError, "colour"):
            Kills().ask({"function": "ddl", "match": "abc", "colour": 1})

    def test_a_killed_process_fails_its_invocation_alone(self):
        self.publish_function("mortal-code", "code.zip")
        role = self.role("mortal", {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"})
        self.client("lambda").create_function(
            FunctionName=FUNCTION,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=role,
            Code={"S3Bucket": "mortal-code", "S3Key": "code.zip"},
            Timeout=10,
        )
        self.invoke()
        wish = self.wish()
        self.assertNotIn("FunctionError", self.invoke(mark="somebody else"))
        self.assertEqual(self.struck(wish), 0)
        # An invocation that answers before it is struck is spared, and one that has just answered doesn't fail.
        failed = 0
        deadline = time.monotonic() + 60
        while not failed and time.monotonic() < deadline:
            if self.struck(wish):
                wish = self.wish()
            failed = "FunctionError" in self.invoke(mark="victim")
        self.assertEqual((failed, self.struck(wish)), (True, 1))
        self.assertNotIn("FunctionError", self.invoke(mark="victim"))
        self.assertNotIn("FunctionError", self.invoke(mark="somebody else"))

    def wish(self) -> int:
        """Ask for the end of the next victim's process; the wish's number."""
        body = json.dumps({"function": FUNCTION, "match": "victim"}).encode()
        wish = urllib.request.Request(f"{self.endpoint}/_local/kills", data=body, method="POST")
        with urllib.request.urlopen(wish, timeout=5) as answer:
            return json.load(answer)["id"]

    def struck(self, wish: int) -> int:
        """How often it was met."""
        with urllib.request.urlopen(f"{self.endpoint}/_local/kills", timeout=5) as answer:
            kills = json.load(answer)["kills"]
        return next(kill["struck"] for kill in kills if kill["id"] == wish)

    def invoke(self, **event: str) -> dict:
        """An invocation with an empty batch of messages."""
        return self.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps({"Records": [], **event}))
