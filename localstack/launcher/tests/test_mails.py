"""What topics refuse, and what they send by e-mail."""

import json
import urllib.request
from typing import Any

from botocore.exceptions import ClientError

from launcher.tests.patched_cloud import PatchedCloud

ADDRESS = "oncall@example.com"


class Mails(PatchedCloud):
    """Publish and Subscribe."""

    def setUp(self) -> None:
        """Start each test with a topic of its own and empty mailboxes."""
        super().setUp()
        self.sns = self.client("sns")
        self.topic = self.sns.create_topic(Name=self.id().rsplit(".", 1)[-1])["TopicArn"]
        self.mails("DELETE")

    def mails(self, method: str = "GET") -> list[dict[str, Any]]:
        """What was sent."""
        request = urllib.request.Request(f"{self.endpoint}/_local/mails", method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)["mails"]

    def subscribe(self, protocol: str = "email", **attributes: str) -> None:
        """Subscribe the address and confirm it."""
        self.sns.subscribe(TopicArn=self.topic, Protocol=protocol, Endpoint=ADDRESS, Attributes=attributes)
        self.sns.confirm_subscription(TopicArn=self.topic, Token=self.mails()[-1]["token"])
        self.mails("DELETE")

    def publish(self, message: str, **more: Any) -> None:
        """Publish a message with a text for each protocol."""
        self.sns.publish(TopicArn=self.topic, Message=message, MessageStructure="json", **more)

    def test_a_message_of_several_texts_needs_one_for_all_others_and_each_once(self):
        for wrong, why in (
            ("{", "failed to parse"),
            ('{"default": "a", "default": "b"}', "failed to parse"),
            ('{"email": "a"}', "No default entry"),
            ('{"default": 1}', "No default entry"),
            ("[]", "No default entry"),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(ClientError, f"InvalidParameter.*{why}"):
                self.publish(wrong)
        with self.assertRaisesRegex(ClientError, "InvalidParameter.*MessageStructure"):
            self.sns.publish(TopicArn=self.topic, Message="{}", MessageStructure="xml")

    def test_a_subject_is_one_line_of_less_than_a_hundred_characters(self):
        for subject in ("x" * 100, "a\nb", "a\tb", "a\x85b"):
            with self.subTest(subject), self.assertRaisesRegex(ClientError, "InvalidParameter.*Subject"):
                self.publish('{"default": ""}', Subject=subject)
        self.publish('{"default": ""}', Subject="x" * 99)

    def test_all_texts_together_have_256_kilobytes(self):
        texts = {"default": "d" * 200_000, "email": "e" * 70_000}
        with self.assertRaisesRegex(ClientError, "InvalidParameter.*too long"):
            self.publish(json.dumps(texts))

    def test_an_address_hears_nothing_before_it_confirms(self):
        answer = self.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=ADDRESS)
        self.assertEqual(answer["SubscriptionArn"], "pending confirmation")
        self.publish('{"default": "early"}')
        [asked] = self.mails()
        self.assertEqual((asked["to"], asked["subject"]), (ADDRESS, "AWS Notification - Subscription Confirmation"))
        self.sns.confirm_subscription(TopicArn=self.topic, Token=asked["token"])
        self.publish('{"default": "late"}')
        self.assertEqual([mail["text"] for mail in self.mails()[1:]], ["late"])

    def test_an_address_gets_the_text_that_is_meant_for_it_and_the_json_kind_the_one_for_all(self):
        self.subscribe("email")
        self.subscribe("email-json")
        self.publish('{"default": "{\\"a\\": 1}", "email": "read me"}', Subject="A subject")
        plain, wrapped = self.mails()
        self.assertEqual((plain["subject"], plain["text"]), ("A subject", "read me"))
        self.assertEqual(json.loads(json.loads(wrapped["text"])["Message"]), {"a": 1})

    def test_a_filter_policy_holds_for_addresses_too(self):
        self.subscribe("email", FilterPolicy=json.dumps({"outcome": ["FAILED"]}))
        for outcome in ("COMPLETED", "FAILED"):
            attribute = {"outcome": {"DataType": "String", "StringValue": outcome}}
            self.publish(json.dumps({"default": outcome}), MessageAttributes=attribute)
        self.assertEqual([mail["text"] for mail in self.mails()], ["FAILED"])
