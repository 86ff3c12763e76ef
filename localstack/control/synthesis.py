"""The template, as the CDK app in `infra/` writes it."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from control.assets import AUTHORITIES
from control.cloud import ACCOUNT, CHECKOUT, DEMONSTRATION, DEMONSTRATION_TAG, SOURCE, Cloud, Failure
from control.surroundings import Surroundings

INFRA = CHECKOUT / "infra"
SOURCES = ("bin", "lib", "package-lock.json", "tsconfig.json")
SYNTH_SECONDS = 120
PRICES = CHECKOUT / "localstack" / "prices.json"


def synthesize(cloud: Cloud, surroundings: Surroundings) -> Path:
    """The cloud assembly of the ordinary deployment."""
    return assembled(cloud, context_of(cloud, surroundings), "assembly")


def demonstration(cloud: Cloud, surroundings: Surroundings, kind: str, changes: dict[str, str]) -> Path:
    """The cloud assembly of a demonstration beside the ordinary deployment, with other values of some keys."""
    context = settings_of(cloud, surroundings) | {
        "selectedDatabase": kind,
        "deployment": DEMONSTRATION,
        "deploymentTag": DEMONSTRATION_TAG,
        "engineVersion": major_version(),
        "sampleArtifact": str(placeholder(cloud, "placeholder-samples", ("bootstrap", AUTHORITIES))),
    }
    return assembled(cloud, context | changes, f"assembly-{DEMONSTRATION}")


def major_version() -> str:
    """The newest installed version of PostgreSQL, which the server runs: the template's own may be another."""
    found = [path.name for path in Path("/usr/lib/postgresql").iterdir() if path.name.isdigit()]
    return max(found, key=int)


def assembled(cloud: Cloud, context: dict[str, str], folder: str) -> Path:
    """The cloud assembly for a context; made anew only if the app or the context has changed."""
    assembly = cloud.home / folder
    key = fingerprint(context)
    stamp = assembly / "fingerprint"
    if stamp.is_file() and stamp.read_text() == key:
        return assembly
    run_app(cloud, context, assembly)
    stamp.write_text(key)
    return assembly


def context_of(cloud: Cloud, surroundings: Surroundings) -> dict[str, str]:
    """The context of the ordinary deployment; `infra/README.md` explains the keys."""
    network = surroundings.network
    context = {
        "vpcId": network.vpc,
        "subnetIds": ",".join(network.task_subnets),
        "databaseSubnetIds": ",".join(network.database_subnets),
        "securityGroupIds": network.database_group,
        "source": SOURCE,
        "sourceSecretArn": surroundings.secret_arn,
        "managedSecrets": "true",
    }
    return context | settings_of(cloud, surroundings)


def settings_of(cloud: Cloud, surroundings: Surroundings) -> dict[str, str]:
    """What every deployment is told here."""
    context = {
        "dmsCaCertificateArn": surroundings.authority_arn,
        "lambdaArtifact": str(placeholder(cloud, "placeholder", ("bootstrap",))),
        "workerImage": "tenant-restore-worker:local",
        "workerCaBundle": str(cloud.ca_certificate),
        "prices": PRICES.read_text(),
        "removal": "destroy",
    }
    keys = ("pace", "admission", "databases", "prices", "sweeping", "requesters")
    chosen = {key: os.environ.get(f"LOCAL_CLOUD_{key.upper()}") for key in keys}
    return context | {key: value for key, value in chosen.items() if value}


def placeholder(cloud: Cloud, name: str, files: tuple[str, ...]) -> Path:
    """A folder in the place of a Lambda artifact.

    The app only needs something to give an asset key to. The binary of this machine is published under that key, so
    that a rebuilt binary needs no new template.
    """
    folder = cloud.home / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).write_text("The local cloud publishes the built package under the key of this file.\n")
    return folder


def fingerprint(context: dict[str, str]) -> str:
    """A hash of everything that the template depends on."""
    digest = hashlib.sha256(json.dumps(context, sort_keys=True).encode())
    for source in app_files():
        digest.update(str(source.relative_to(INFRA)).encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def app_files() -> Iterator[Path]:
    """The files of the app, in a stable order."""
    for name in SOURCES:
        path = INFRA / name
        yield from sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def run_app(cloud: Cloud, context: dict[str, str], assembly: Path) -> None:
    """Run the CDK app, which writes the assembly."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", str(cloud.home)),
        "CDK_OUTDIR": str(assembly),
        # The infra tests make the CDK's own check of the template, which takes most of a synthesis.
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_DEFAULT_REGION": cloud.region,
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
    }
    command = ["npx", "--no-install", "tsx", "bin/app.ts"]
    try:
        done = subprocess.run(
            command, cwd=INFRA, env=environment, capture_output=True, text=True, timeout=SYNTH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as slow:
        raise Failure(f"`{' '.join(command)}` in infra/ has not ended after {SYNTH_SECONDS} s") from slow
    if done.returncode != 0:
        raise Failure(f"`{' '.join(command)}` in infra/ failed:\n{done.stderr.strip() or done.stdout.strip()}")
