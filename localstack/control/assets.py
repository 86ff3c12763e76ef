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


AUTHORITIES = "rds-global-bundle.pem"
"""The certificates of RDS's authorities, in the package of the sample functions."""


@dataclass(frozen=True)
class Location:
    """An object in S3."""

    bucket: str
    key: str


@dataclass(frozen=True)
class Package:
    """The code of functions."""

    code: Location
    sha256: str
    """Of the zip file, in base64, as Lambda's `CodeSha256`."""


@dataclass(frozen=True)
class Published:
    """What was published for a stack."""

    template: Location
    packages: dict[str, Package]
    """By the key in S3, as functions name their code."""


def publish(cloud: Cloud, assembly: Path, stack: str) -> Published:
    """Publish a stack's template, and this machine's binaries under the keys of the Lambda assets."""
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text())
    template: Location | None = None
    packages: dict[str, Package] = {}
    s3 = cloud.client("s3")
    for asset in manifest["files"].values():
        location = destination(cloud, asset)
        source = assembly / asset["source"]["path"]
        ensure_bucket(s3, cloud, location.bucket)
        if asset["source"]["packaging"] == "zip":
            content = package_for(cloud, source)
            digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
            packages[location.key] = Package(location, digest)
        else:
            template = location
            content = source.read_bytes()
        s3.put_object(Bucket=location.bucket, Key=location.key, Body=content)
    if template is None or not packages:
        raise ValueError(f"the assembly {assembly} has no template or no Lambda artifact for {stack}")
    return Published(template, packages)


def package_for(cloud: Cloud, placeholder: Path) -> bytes:
    """The built package that a placeholder stands for: the sample functions' has certificates of authorities too."""
    if (placeholder / AUTHORITIES).exists():
        return zipped(cloud.binary("tenant-restore-samples"), {AUTHORITIES: cloud.ca_certificate.read_bytes()})
    chosen = os.environ.get("LOCAL_CLOUD_LAMBDA")
    return zipped(Path(chosen).absolute() if chosen else cloud.binary("bootstrap"))


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


def zipped(binary: Path, beside: dict[str, bytes] | None = None) -> bytes:
    """A Lambda package with this binary as its `bootstrap`, and other files beside it."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry("bootstrap", 0o755), binary.read_bytes())
        for name, content in (beside or {}).items():
            archive.writestr(entry(name, 0o644), content)
    return package.getvalue()


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    """An entry of a package that is the same at any time."""
    named = zipfile.ZipInfo(name, FIXED_TIME)
    named.external_attr = mode << 16
    return named
