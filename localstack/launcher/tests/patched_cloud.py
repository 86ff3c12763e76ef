"""A patched ministack on a free port, with a recorder in the place of our server."""

import http.server
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import botocore.session
from botocore.config import Config

LOCALSTACK = Path(__file__).resolve().parents[2]
START_SECONDS = 20
REGION = "eu-west-3"

# A custom runtime in a few lines: prints its environment, and answers every batch without failures.
FUNCTION = f"""#!{sys.executable}
import json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
        event.read()
    print("environment:", " ".join(sorted(os.environ)), flush=True)
    answer = json.dumps({{"batchItemFailures": []}}).encode()
    urllib.request.urlopen(urllib.request.Request(api + request_id + "/response", data=answer)).close()
"""


class Recorder(http.server.ThreadingHTTPServer):
    """Records calls to RDS, DMS and ECS, and answers with what a test has put there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.calls: list[tuple[str, str]] = []
        self.answers: dict[str, str] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(http.server.BaseHTTPRequestHandler):
    """The handler of the recorder."""

    server: Recorder

    def log_message(self, *_: Any) -> None:
        """Be quiet."""

    def do_POST(self) -> None:
        """Record a call and answer it."""
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        target = self.headers.get("x-amz-target", "")
        self.server.calls.append((target, body))
        found = [answer for key, answer in self.server.answers.items() if key in target or key in body]
        answer = (found[0] if found else "{}").encode()
        self.send_response(200)
        self.send_header("content-type", "text/xml" if answer.startswith(b"<") else "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class PatchedCloud(unittest.TestCase):
    """A test case that shares one patched ministack with its whole class."""

    server: ClassVar[Recorder]
    endpoint: ClassVar[str]
    logs: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        """Start ministack and wait until it works."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = Recorder()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        port = free_port()
        cls.endpoint = f"http://127.0.0.1:{port}"
        cls.logs = Path(folder.name) / "functions"
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher"],
            cwd=folder.name,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(LOCALSTACK),
                "PYTHONDONTWRITEBYTECODE": "1",
                "TMPDIR": folder.name,
                "GATEWAY_PORT": str(port),
                "BIND_HOST": "127.0.0.1",
                "AUTH": "true",
                "MINISTACK_REGION": REGION,
                "AWS_ENDPOINT_URL": cls.endpoint,
                "LOCAL_CLOUD_SERVER_URL": cls.server.url,
                "LOCAL_CLOUD_FUNCTION_LOGS": str(cls.logs),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        cls.addClassCleanup(end, process)
        wait_for(lambda: answers(f"{cls.endpoint}/_ministack/health"), START_SECONDS)

    def setUp(self) -> None:
        """Start each test with nothing recorded or counted."""
        self.server.calls.clear()
        self.server.answers.clear()
        self.counts("DELETE")

    def client(self, service: str, **credentials: str) -> Any:
        """A client, as root unless other credentials are given."""
        keys = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return botocore.session.get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            config=Config(retries={"total_max_attempts": 1}),
            **keys,
        )

    def counts(self, method: str = "GET") -> dict[str, dict[str, float]]:
        """The tally."""
        request = urllib.request.Request(f"{self.endpoint}/_local/counts", method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def deploy(self, name: str, resources: dict[str, Any]) -> tuple[str, str]:
        """Create a stack; its final status, and the reasons of failures."""
        formation = self.client("cloudformation")
        template = json.dumps({"Resources": resources})
        formation.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])

        def status() -> str:
            return formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]

        wait_for(lambda: not status().endswith("IN_PROGRESS"), START_SECONDS)
        events = formation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]]
        return status(), "\n".join(reasons)

    def publish_function(self, bucket: str, key: str) -> None:
        """Put a working Lambda package into S3."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr(entry, FUNCTION)
        s3.put_object(Bucket=bucket, Key=key, Body=package.getvalue())

    def role(self, name: str, *statements: dict[str, Any]) -> str:
        """Make a role with these statements; its ARN."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust_policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy)["Role"]["Arn"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return arn

    def credentials_of(self, role_arn: str) -> dict[str, str]:
        """Credentials of a session of a role."""
        session = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": session["AccessKeyId"],
            "aws_secret_access_key": session["SecretAccessKey"],
            "aws_session_token": session["SessionToken"],
        }


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(url: str) -> bool:
    """Whether the URL answers."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def wait_for(condition: Any, seconds: float) -> None:
    """Wait until a condition holds, or fail the test."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {seconds} s")
        time.sleep(0.05)


def end(process: subprocess.Popen) -> None:
    """End ministack and the functions that it started."""
    os.killpg(process.pid, 9)
    process.wait()
