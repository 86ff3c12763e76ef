"""SNS where ministack is kinder than its documents, and the e-mails that a topic sends.

ministack publishes what SNS refuses (API reference, Publish: a message of the structure `json` without a `default`,
a subject that is no line of less than 100 characters), takes an e-mail address as confirmed, and sends no e-mail.
"""

import json
import threading
from typing import Any

from launcher import internals

PROTOCOLS = ("email", "email-json")
LONGEST_SUBJECT = 99
CONFIRMATION = "AWS Notification - Subscription Confirmation"

Mail = dict[str, Any]


class Mails:
    """What was sent to e-mail addresses, in order. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        """Put a mail behind the others."""
        with self._lock:
            self._sent.append(mail)

    def list(self) -> list[Mail]:
        """All of them."""
        with self._lock:
            return list(self._sent)

    def forget(self) -> None:
        """Empty all mailboxes."""
        with self._lock:
            self._sent.clear()


def install() -> Mails:
    """Refuse what SNS refuses, and keep the mails."""
    topics = internals.module("services.sns")
    mails = Mails()
    internals.replace(topics, "publish_internal", lambda publish: publish_checked(publish, topics))
    internals.replace(topics, "_subscribe", lambda subscribe: subscribe_unconfirmed(subscribe, topics, mails))
    internals.replace(topics, "_fanout", lambda fan_out: fan_out_with_mails(fan_out, topics, mails))
    return mails


def publish_checked(publish: internals.Private, topics: Any) -> internals.Private:
    """Publish, unless SNS would refuse it."""

    def checked(topic_arn: str, message: Any, subject: str = "", **more: Any) -> Any:
        problem = wrong_subject(subject or "") or wrong_structure(message, more.get("message_structure") or "")
        if problem:
            raise topics.SnsPublishError("InvalidParameter", f"Invalid parameter: {problem}")
        return publish(topic_arn, message, subject, **more)

    return checked


def wrong_subject(subject: str) -> str | None:
    """Why SNS refuses a subject: "no line breaks or control characters, and less than 100 characters long"."""
    if len(subject) > LONGEST_SUBJECT or any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in subject):
        return "Subject"
    return None


def wrong_structure(message: Any, structure: str) -> str | None:
    """Why SNS refuses a message with a text for each protocol."""
    if structure == "":
        return None
    if structure != "json":
        return "MessageStructure"
    try:
        texts = json.loads(message, object_pairs_hook=without_twins)
    except ValueError:
        return "Message Structure - JSON message body failed to parse"
    if not isinstance(texts, dict) or not isinstance(texts.get("default"), str):
        return "Message Structure - No default entry in JSON message body"
    return None


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless a key is in it twice ("Duplicate keys are not allowed")."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def subscribe_unconfirmed(subscribe: internals.Private, topics: Any, mails: Mails) -> internals.Private:
    """Subscribe; an e-mail address hears nothing before it gives back the token that a mail brings it."""

    def subscribe_address(params: dict[str, Any]) -> tuple:
        protocol, endpoint = topics._p(params, "Protocol"), topics._p(params, "Endpoint")
        answer = subscribe(params)
        if protocol not in PROTOCOLS or answer[0] != 200:
            return answer
        topic, _ = topics._get_topic(topics._p(params, "TopicArn"))
        who = (protocol, endpoint)
        subscription = next(each for each in topic["subscriptions"] if (each["protocol"], each["endpoint"]) == who)
        if subscription["token"] is None and "asked" not in subscription:
            ask(subscription, topics, topic, mails)
        if subscription["confirmed"] or topics._p(params, "ReturnSubscriptionArn") == "true":
            return answer
        pending = "<SubscribeResult><SubscriptionArn>pending confirmation</SubscriptionArn></SubscribeResult>"
        return topics._xml(200, "SubscribeResponse", pending)

    return subscribe_address


def ask(subscription: dict[str, Any], topics: Any, topic: dict[str, Any], mails: Mails) -> None:
    """Send the mail that asks for confirmation."""
    token = topics.new_uuid()
    subscription.update(confirmed=False, token=token, asked=True)
    subscription["attributes"].update(PendingConfirmation="true", ConfirmationWasAuthenticated="false")
    topics._refresh_subscription_counts(topic)
    text = f"You have chosen to subscribe to the topic {topic['arn']}: confirm by ConfirmSubscription with the token."
    to = {"to": subscription["endpoint"], "protocol": subscription["protocol"], "topic": topic["arn"]}
    mails.send({**to, "subject": CONFIRMATION, "text": text, "token": token})


def fan_out_with_mails(fan_out: internals.Private, topics: Any, mails: Mails) -> internals.Private:
    """Deliver to everybody, also by e-mail: the text as it is, or as JSON with all around it."""

    def deliver(
        topic_arn: str,
        message_id: str,
        message: str,
        subject: str,
        structure: str = "",
        attributes: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        fan_out(topic_arn, message_id, message, subject, structure, attributes, **more)
        topic = topics._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
        for subscription in topic["subscriptions"]:
            protocol = subscription["protocol"]
            if protocol not in PROTOCOLS or not subscription["confirmed"]:
                continue
            text = topics._resolve_message_for_protocol(message, structure, protocol)
            if not topics._matches_filter_policy(subscription, attributes or {}, text):
                continue
            if protocol == "email-json":
                text = topics._build_envelope(topic_arn, message_id, text, subject, attributes or {}, False)
            to = {"to": subscription["endpoint"], "protocol": protocol, "topic": topic_arn}
            mails.send({**to, "subject": subject or "AWS Notification Message", "text": text})

    return deliver
