"""The files that a template refers to, published where it expects them."""

import base64
import hashlib
import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from control.cloud import ACCOUNT, Cloud

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can hold: the same content always gives the same zip file."""


@dataclass(frozen=True)
class Location:
    """An object in S3."""

    bucket: str
    key: str


@dataclass(frozen=True)
class Published:
    """What was published for a stack."""

    template: Location
    code: Location
    code_sha256: str
    """SHA-256 of the zip file in base64, as Lambda's `CodeSha256`."""


def publish(cloud: Cloud, assembly: Path, stack: str) -> Published:
    """Publish a stack's template, and the Lambda binary of this machine under the key of its asset."""
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text())
    template, code = None, None
    s3 = cloud.client("s3")
    chosen = os.environ.get("LOCAL_CLOUD_LAMBDA")
    package = zipped(Path(chosen).absolute() if chosen else cloud.binary("bootstrap"))
    for asset in manifest["files"].values():
        location = destination(cloud, asset)
        ensure_bucket(s3, cloud, location.bucket)
        if asset["source"]["packaging"] == "zip":
            code = location
            s3.put_object(Bucket=location.bucket, Key=location.key, Body=package)
        else:
            template = location
            s3.put_object(
                Bucket=location.bucket, Key=location.key, Body=(assembly / asset["source"]["path"]).read_bytes()
            )
    if template is None or code is None:
        raise ValueError(f"the assembly {assembly} has no template or no Lambda artifact for {stack}")
    return Published(template, code, base64.b64encode(hashlib.sha256(package).digest()).decode())


def destination(cloud: Cloud, asset: dict[str, Any]) -> Location:
    """Where the CDK's synthesizer expects an asset."""
    target = next(iter(asset["destinations"].values()))
    return Location(filled_in(cloud, target["bucketName"]), filled_in(cloud, target["objectKey"]))


def filled_in(cloud: Cloud, text: str) -> str:
    """A name of the asset manifest with its placeholders replaced."""
    values = {"AWS::AccountId": ACCOUNT, "AWS::Region": cloud.region, "AWS::Partition": "aws"}
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def ensure_bucket(s3: Any, cloud: Cloud, bucket: str) -> None:
    """The assets' bucket, which `cdk bootstrap` makes in AWS."""
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as missing:
        if missing.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region})


def zipped(binary: Path) -> bytes:
    """A Lambda package with this binary as its `bootstrap`."""
    entry = zipfile.ZipInfo("bootstrap", FIXED_TIME)
    entry.external_attr = 0o755 << 16
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, binary.read_bytes())
    return package.getvalue()
