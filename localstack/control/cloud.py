"""Where a local cloud lives: its folder, its ports, its region."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

CHECKOUT = Path(__file__).resolve().parents[2]
ACCOUNT = "000000000000"
DEPLOYMENT = "tenant-restore"
STACK = "TenantRestore"
SOURCE = "production"
DEMONSTRATION = "showcase"
DEMONSTRATION_TAG = "show"
DEMONSTRATION_STACK = "ShowcaseDemonstration"
"""A demonstration has another name than the ordinary deployment, which it stands beside."""

MARKER = ".local-cloud"
"""Marks a folder as a local cloud's own, so that `down` removes nothing else."""


class Failure(Exception):
    """Something went wrong that the user can read about; the text says what and where to look."""


@dataclass(frozen=True)
class Cloud:
    """One local cloud. Clouds with other folders and ports run side by side."""

    home: Path
    port: int
    server_port: int
    region: str
    target: Path
    """Folder of the built binaries."""

    @property
    def endpoint(self) -> str:
        """The URL of every service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def server_url(self) -> str:
        """The URL of the server for RDS, DMS and ECS, which `endpoint` forwards to."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def logs(self) -> Path:
        """Folder of all log files."""
        return self.home / "logs"

    @property
    def ca_certificate(self) -> Path:
        """Certificate of the authority that signs for every PostgreSQL server here."""
        return self.home / "ca.pem"

    def binary(self, name: str) -> Path:
        """A built binary."""
        path = self.target / name
        if not path.is_file():
            raise Failure(f"{path} is not built; `make debug` does it")
        return path

    def client(self, service: str) -> Any:
        """A client of one service, as the account's root."""
        return botocore.session.get_session().create_client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            # A failure here is to be seen, not retried away.
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60),
        )


def from_environment(environment: Mapping[str, str] = os.environ) -> Cloud:
    """The local cloud that the environment names, as `localstack/env` does."""
    port = int(environment.get("LOCAL_CLOUD_PORT", "4566"))
    return Cloud(
        home=Path(environment.get("LOCAL_CLOUD_HOME", "/var/tmp/tenant-restore")).absolute(),
        port=port,
        server_port=int(environment.get("LOCAL_CLOUD_SERVER_PORT", str(port + 1000))),
        region=environment.get("AWS_REGION", "eu-west-3"),
        target=Path(environment.get("CARGO_TARGET_DIR", CHECKOUT / "target")).absolute() / "debug",
    )
