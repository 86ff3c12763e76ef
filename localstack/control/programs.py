"""The two programs of the local cloud: ministack with our patches, and our server for RDS, DMS and ECS."""

import os
import shutil
import sys
from pathlib import Path

from control import processes
from control.cloud import ACCOUNT, CHECKOUT, Cloud, Failure
from control.processes import Program, Started

NAMES = ("ministack", "local-cloud")


def ministack(cloud: Cloud) -> Program:
    """ministack, started by the launcher."""
    return Program(
        name="ministack",
        command=[sys.executable, "-m", "launcher"],
        directory=cloud.home,
        health=f"{cloud.endpoint}/_ministack/health",
        files=list((CHECKOUT / "localstack" / "launcher").glob("**/*.py")),
        environment={
            **base_environment(cloud),
            "PYTHONPATH": str(CHECKOUT / "localstack"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(cloud.home / "tmp"),
            "GATEWAY_PORT": str(cloud.port),
            # The default is every interface.
            "BIND_HOST": "127.0.0.1",
            # Enforce the roles' policies.
            "AUTH": "true",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": cloud.region,
            "LOCAL_CLOUD_SERVER_URL": cloud.server_url,
            "LOCAL_CLOUD_FUNCTION_LOGS": str(function_logs(cloud)),
        },
    )


def server(cloud: Cloud) -> Program:
    """Our server."""
    configuration = os.environ.get("LOCAL_CLOUD_CONFIG")
    binary = cloud.binary("local-cloud")
    worker = os.environ.get("LOCAL_CLOUD_WORKER") or cloud.binary("tenant-restore-worker")
    return Program(
        name="local-cloud",
        command=[str(binary)],
        files=[binary],
        directory=cloud.home,
        health=f"{cloud.server_url}/_health",
        environment={
            **base_environment(cloud),
            "LOCAL_CLOUD_SERVER_PORT": str(cloud.server_port),
            "LOCAL_CLOUD_WORKER": str(Path(worker).absolute()),
            **({"LOCAL_CLOUD_CONFIG": str(Path(configuration).absolute())} if configuration else {}),
            "RUST_LOG": os.environ.get("LOCAL_CLOUD_LOG", "info"),
        },
    )


def base_environment(cloud: Cloud) -> dict[str, str]:
    """What both programs get. Without the endpoint, functions and tasks would call the real AWS."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LOCAL_CLOUD_HOME": str(cloud.home),
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_REGION": cloud.region,
    }


def start_all(cloud: Cloud) -> None:
    """Start what doesn't run, and wait until both programs work; if one fails, nothing that was started stays."""
    run = cloud.home / "run"
    if processes.running(run, "ministack") is None:
        set_function_logs_aside(cloud)
    started: list[tuple[Program, Started]] = []
    try:
        for program in (server(cloud), ministack(cloud)):
            process = processes.running(run, program.name)
            if process is None:
                refuse_stranger(program)
                started.append((program, processes.start(program, run, cloud.logs)))
            elif process.version != program.version():
                print(f"{program.name} runs an older version; `make down` and `make up` replace it")
        for program, process in started:
            processes.wait_until_healthy(program, process, cloud.logs)
    except BaseException:
        for program, _ in started:
            processes.stop(run, program.name)
        raise


def function_logs(cloud: Cloud) -> Path:
    """Folder of the functions' log files."""
    return cloud.logs / "functions"


def set_function_logs_aside(cloud: Cloud) -> None:
    """Keep the functions' logs of the last run beside the new ones."""
    logs, previous = function_logs(cloud), cloud.logs / "functions.previous"
    if logs.exists():
        shutil.rmtree(previous, ignore_errors=True)
        logs.rename(previous)


def state_is_lost(cloud: Cloud) -> bool:
    """Whether ministack has ended by itself: the server would remember resources that ministack has forgotten."""
    run = cloud.home / "run"
    return processes.was_started(run, "ministack") and processes.running(run, "ministack") is None


def refuse_stranger(program: Program) -> None:
    """Stop if the port is taken by something that isn't ours."""
    if processes.healthy(program.health):
        raise Failure(
            f"something else answers {program.health}; choose other ports with LOCAL_CLOUD_PORT and "
            "LOCAL_CLOUD_SERVER_PORT, or stop it"
        )


def stop_all(cloud: Cloud) -> None:
    """Stop ministack first, so that nothing asks the server for more."""
    for name in NAMES:
        processes.stop(cloud.home / "run", name)
