"""Lambda functions as local processes: what they inherit, what they log, and that they are the real thing."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from launcher import internals

# The path of Lambda's own execution environment ("Defined runtime environment variables", Lambda developer guide).
FUNCTION_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/bin"
# Where Lambda unpacks a package; its files are somewhere else here.
TASK_ROOT = "/var/task"
INHERITED = frozenset({"PATH", "LANG", "TZ"})


def install(log_directory: Path) -> None:
    """Give functions a minimal environment, keep their logs in files too, and refuse functions without code."""
    service = internals.module("services.lambda_svc")
    internals.replace(service, "_provided_worker_env", minimal_environment)
    internals.replace(service, "_emit_lambda_logs", lambda emit: log_to_file(emit, log_directory))
    internals.replace(service, "_execute_function_provided_warm", refuse_empty_package)

    handlers = internals.member(internals.module("services.cloudformation.provisioners"), "_RESOURCE_HANDLERS")
    function = internals.entry(handlers, "AWS::Lambda::Function", "CloudFormation handlers")
    fetch = internals.member(service, "_fetch_code_from_s3")
    function["create"] = check_package_on_create(function["create"], fetch)
    function["update"] = check_package_on_update(function["update"], fetch)


def minimal_environment(build: internals.Private) -> internals.Private:
    """A function's environment without ministack's own variables.

    ministack hands its whole environment down, so that a function could come to depend on what no Lambda has.
    """

    def build_minimal(config: dict[str, Any], code_folder: str, *args: Any) -> dict[str, str]:
        own = (config.get("Environment") or {}).get("Variables") or {}
        kept = without_inherited(build(config, code_folder, *args), own)
        return {**kept, **{name: in_package(value, code_folder) for name, value in own.items()}}

    return build_minimal


def without_inherited(environment: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """What Lambda itself sets, and what the function is configured with."""
    kept = {
        name: value
        for name, value in environment.items()
        if name in own or name in INHERITED or name.startswith("AWS_") or name not in os.environ
    }
    return {**kept, "PATH": own.get("PATH", FUNCTION_PATH)}


def in_package(value: str, code_folder: str) -> str:
    """The setting of a function, with the path of a file of its package as it is here."""
    if value == TASK_ROOT or value.startswith(f"{TASK_ROOT}/"):
        return code_folder + value.removeprefix(TASK_ROOT)
    return value


def log_to_file(emit: internals.Private, directory: Path) -> internals.Private:
    """Log of an invocation to CloudWatch Logs, as ministack does, and to ``<function>.log``."""

    def emit_both(func: dict[str, Any], request_id: str, text: str, *args: Any, **kwargs: Any) -> None:
        emit(func, request_id, text, *args, **kwargs)
        if not text:
            return
        name = (func.get("config") or func).get("FunctionName", "unknown")
        directory.mkdir(parents=True, exist_ok=True)
        with open(directory / f"{name}.log", "a", encoding="utf-8") as log:
            log.write(text.rstrip("\n") + "\n")

    return emit_both


def refuse_empty_package(execute: internals.Private) -> internals.Private:
    """An invocation that fails without code.

    ministack answers "Mock response" with status 200: a pipeline of nothing would seem to work.
    """

    def execute_real(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        if (func.get("config") or func).get("PackageType") != "Image" and not func.get("code_zip"):
            message = "the function has no deployment package; its S3 object was missing when it was created"
            return {"body": {"errorMessage": message, "errorType": "Runtime.InvalidEntrypoint"}, "error": True}
        return execute(func, event, request_id)

    return execute_real


def check_package_on_create(create: internals.Private, fetch: internals.Private) -> internals.Private:
    """AWS::Lambda::Function that fails when its S3 object is missing."""

    def create_checked(logical_id: str, properties: dict[str, Any], stack: str) -> tuple:
        check_package(properties, fetch)
        return create(logical_id, properties, stack)

    return create_checked


def check_package_on_update(update: internals.Private, fetch: internals.Private) -> internals.Private:
    """Update of AWS::Lambda::Function that fails when its S3 object is missing."""

    def update_checked(physical_id: str, old: dict[str, Any], new: dict[str, Any], *args: Any) -> tuple:
        check_package(new, fetch)
        return update(physical_id, old, new, *args)

    return update_checked


def check_package(properties: dict[str, Any], fetch: Callable[..., bytes | None]) -> None:
    """Raise unless the S3 object of a function exists and, for a custom runtime, holds an executable ``bootstrap``."""
    code = properties.get("Code", {})
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if not bucket or not key:
        return
    package = fetch(bucket, key, version_id=code.get("S3ObjectVersion"))
    if package is None:
        raise ValueError(f"Error occurred while GetObject. S3 Error Code: NoSuchKey. s3://{bucket}/{key}")
    if not str(properties.get("Runtime", "")).startswith("provided"):
        return
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        if "bootstrap" not in archive.namelist():
            raise ValueError(f"s3://{bucket}/{key} has no file named bootstrap, which a custom runtime starts")
