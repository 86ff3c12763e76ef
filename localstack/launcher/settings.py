"""What the launcher is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class MissingSetting(Exception):
    """A variable that the launcher can't do without is not set."""


@dataclass(frozen=True)
class Settings:
    """Where the launcher's neighbours are."""

    server_url: str
    """URL of the server for RDS, DMS and ECS, without a trailing slash."""
    function_logs: Path
    """Directory that receives one log file per Lambda function."""


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings, naming the first variable that is missing."""
    for name in ("LOCAL_CLOUD_SERVER_URL", "LOCAL_CLOUD_FUNCTION_LOGS", "AWS_ENDPOINT_URL"):
        if not environment.get(name):
            # AWS_ENDPOINT_URL is read by ministack itself: without it, functions would call the real AWS.
            raise MissingSetting(f"{name} is not set; start the local cloud with localstack/up")
    return Settings(
        server_url=environment["LOCAL_CLOUD_SERVER_URL"].rstrip("/"),
        function_logs=Path(environment["LOCAL_CLOUD_FUNCTION_LOGS"]),
    )
