"""Lambda functions and their packages."""

import json

from launcher.tests.patched_cloud import PatchedCloud


class Functions(PatchedCloud):
    """Real binaries, minimal environments, counted invocations."""

    def function(self, name: str, key: str, role: str) -> dict:
        """A function as a template describes it."""
        return {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": name,
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Role": role,
                "MemorySize": 256,
                "Timeout": 10,
                "Environment": {"Variables": {"HANDLER": "intake"}},
                "Code": {"S3Bucket": f"{name}-code", "S3Key": key},
            },
        }

    def test_a_missing_package_fails_the_deployment(self):
        self.publish_function("absent-code", "there.zip")
        function = self.function("absent", "missing.zip", "arn:aws:iam::000000000000:role/none")
        status, reason = self.deploy("absent", {"Function": function})
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        self.assertIn("NoSuchKey", reason)

    def test_a_function_runs_with_a_minimal_environment_and_a_log(self):
        self.publish_function("runs-code", "code.zip")
        role = self.role("runs", {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"})
        status, reason = self.deploy("runs", {"Function": self.function("runs", "code.zip", role)})
        self.assertEqual((status, reason), ("CREATE_COMPLETE", ""))

        answer = self.client("lambda").invoke(FunctionName="runs", Payload=json.dumps({"Records": []}))
        self.assertEqual(json.loads(answer["Payload"].read()), {"batchItemFailures": []})

        line = (self.logs / "runs.log").read_text()
        names = set(line.removeprefix("environment:").split())
        self.assertLessEqual({"HANDLER", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_REGION"}, names)
        self.assertEqual({name for name in names if name.startswith(("LOCAL_CLOUD", "PYTHON", "AUTH", "BIND"))}, set())

        counts = self.counts()
        self.assertEqual(counts["lambdaInvocations"], {"runs": 1})
        self.assertGreater(counts["lambdaGigabyteSeconds"]["runs"], 0)
