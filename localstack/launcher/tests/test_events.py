"""Events, their way to queues, and what is counted of it."""

import datetime
import json
import urllib.request

from launcher.tests.patched_cloud import PatchedCloud


class Events(PatchedCloud):
    """PutEvents, rules and topics."""

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """A new queue; its URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def receive(self, url: str) -> dict:
        """The next message, within two seconds."""
        messages = self.client("sqs").receive_message(
            QueueUrl=url, WaitTimeSeconds=2, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        self.assertIn("Messages", messages, "no message came")
        return messages["Messages"][0]

    def test_events_of_aws_services_reach_a_queue_with_their_own_time(self):
        url, arn = self.queue("services")
        events = self.client("events")
        events.put_rule(Name="services", EventPattern=json.dumps({"source": ["aws.rds"]}))
        events.put_targets(Rule="services", Targets=[{"Id": "1", "Arn": arn}])
        then = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
        entry = {"Source": "aws.rds", "DetailType": "RDS DB Instance Event", "Detail": "{}", "Time": then}
        self.assertEqual(events.put_events(Entries=[entry])["FailedEntryCount"], 0)
        self.assertEqual(json.loads(self.receive(url)["Body"])["time"], "2026-01-02T03:04:05Z")

    def test_an_event_that_a_service_delivers_again_keeps_its_id_and_nobody_else_chooses_one(self):
        url, arn = self.queue("again")
        events = self.client("events")
        events.put_rule(Name="again", EventPattern=json.dumps({"source": ["aws.dms", "mine"]}))
        events.put_targets(Rule="again", Targets=[{"Id": "1", "Arn": arn}])
        # EventId is no parameter of PutEvents: botocore wouldn't send it.
        for source in ("aws.dms", "aws.dms", "mine"):
            self.put_raw({"Source": source, "DetailType": "d", "Detail": "{}", "EventId": "given"})
        ids = []
        for _ in range(3):
            message = self.receive(url)
            ids.append(json.loads(message["Body"])["id"])
            self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(ids[:2], ["given", "given"])
        self.assertNotEqual(ids[2], "given")

    def put_raw(self, entry: dict) -> None:
        """PutEvents as our server sends it."""
        scope = "Credential=test/20260101/eu-west-3/events/aws4_request, SignedHeaders=host, Signature=0"
        headers = {
            "authorization": f"AWS4-HMAC-SHA256 {scope}",
            "content-type": "application/x-amz-json-1.1",
            "x-amz-date": datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-target": "AWSEvents.PutEvents",
        }
        body = json.dumps({"Entries": [entry]}).encode()
        request = urllib.request.Request(self.endpoint, data=body, headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=5) as answer:
            self.assertEqual(json.load(answer)["FailedEntryCount"], 0)

    def test_malformed_details_are_refused_one_by_one(self):
        entries = [
            {"Source": "x", "DetailType": "x", "Detail": "not JSON"},
            {"Source": "x", "DetailType": "x", "Detail": "{}"},
            {"Source": "x", "DetailType": "x", "Detail": "[]"},
        ]
        answer = self.client("events").put_events(Entries=entries)
        self.assertEqual(answer["FailedEntryCount"], 2)
        self.assertEqual(
            [each.get("ErrorCode") for each in answer["Entries"]], ["MalformedDetail", None, "MalformedDetail"]
        )

    def test_custom_events_are_counted_apart_from_those_of_services(self):
        events = self.client("events")
        big = json.dumps({"text": "x" * 70_000})
        events.put_events(
            Entries=[
                {"Source": "aws.dms", "DetailType": "d", "Detail": "{}"},
                {"Source": "mine", "DetailType": "m", "Detail": "{}"},
                {"Source": "mine", "DetailType": "m", "Detail": big},
            ]
        )
        counts = self.counts()
        self.assertEqual((counts["serviceEvents"], counts["customEvents"]), ({"d": 1}, {"m": 3}))

    def test_a_raw_delivery_keeps_message_attributes_and_obeys_the_filter(self):
        url, arn = self.queue("subscriber")
        sns = self.client("sns")
        topic = sns.create_topic(Name="outcomes")["TopicArn"]
        attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"outcome": ["COMPLETED"]})}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        self.allow_topic(url, arn)
        for outcome in ("FAILED", "COMPLETED"):
            attribute = {"outcome": {"DataType": "String", "StringValue": outcome}}
            sns.publish(TopicArn=topic, Message=json.dumps({"was": outcome}), MessageAttributes=attribute)
        message = self.receive(url)
        self.assertEqual(json.loads(message["Body"]), {"was": "COMPLETED"})
        self.assertEqual(message["MessageAttributes"]["outcome"]["StringValue"], "COMPLETED")

    def allow_topic(self, url: str, arn: str) -> None:
        """Let topics send to a queue."""
        allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]})
        self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def test_a_message_goes_to_the_dead_letter_queue_after_its_last_receive(self):
        dead_url, dead_arn = self.queue("dead")
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
        url, _ = self.queue("work", RedrivePolicy=redrive, VisibilityTimeout="0")
        sqs = self.client("sqs")
        sqs.send_message(QueueUrl=url, MessageBody="poison")
        self.receive(url)
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))
        self.assertEqual(self.receive(dead_url)["Body"], "poison")

    def test_queue_requests_are_counted_as_they_are_billed(self):
        url, _ = self.queue("billed")
        sqs = self.client("sqs")
        entries = [{"Id": str(number), "MessageBody": "x"} for number in range(3)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
        sqs.send_message(QueueUrl=url, MessageBody="x" * 100_000)
        message = self.receive(url)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        expected = {"SendMessageBatch": 1, "SendMessage": 2, "ReceiveMessage": 1, "DeleteMessage": 1}
        self.assertEqual(self.counts()["sqsRequests"], expected)

    def test_bytes_of_logs_and_lists_of_objects_are_counted_as_they_are_billed(self):
        logs = self.client("logs")
        logs.create_log_group(logGroupName="tasks")
        logs.create_log_stream(logGroupName="tasks", logStreamName="one")
        lines = [{"timestamp": 1, "message": "abc"}, {"timestamp": 2, "message": "é"}]
        logs.put_log_events(logGroupName="tasks", logStreamName="one", logEvents=lines)
        self.assertEqual(self.counts()["logBytes"], {"tasks": 3 + 26 + 2 + 26})
        s3 = self.client("s3")
        s3.create_bucket(Bucket="listed", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        s3.list_objects_v2(Bucket="listed")
        s3.put_object(Bucket="listed", Key="a", Body=b"a")
        self.assertEqual(self.counts()["s3Requests"], {"LIST": 1, "PUT": 2})
