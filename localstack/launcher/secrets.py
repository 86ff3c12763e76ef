"""Versions of secrets: AWS keeps deprecated versions, ministack forgets them."""

import base64
import json
import time
from typing import Any

from launcher import internals

PAGE_SIZE = 100


def install() -> None:
    """Keep deprecated versions with exact dates, list them on request, and make version tokens idempotent."""
    service = internals.module("services.secretsmanager")
    internals.replace(service, "_apply_current_promotion", keep_deprecated_versions)
    internals.replace(service, "_store_new_secret", lambda store: date_first_version(store, service))
    internals.replace(service, "_create_secret", lambda create: name_first_version(create, service))
    internals.replace(service, "_put_secret_value", lambda put: refuse_changed_version(put, service))
    internals.replace(service, "_list_secret_version_ids", lambda _: version_lister(service))


def now() -> float:
    """Seconds since the epoch, exact to the millisecond, as Secrets Manager dates versions.

    ministack cuts dates to the second: a password changed within the second of a restore time would seem to be in
    force too early.
    """
    return round(time.time(), 3)


def keep_deprecated_versions(promote: internals.Private) -> internals.Private:
    """Promotion to AWSCURRENT that leaves a version without labels in place, as deprecated.

    A restored database has the password of its restore time, which may be any older version of the secret.
    """

    def promote_and_keep(secret: dict[str, Any], version_id: str) -> None:
        versions = secret["Versions"]
        promoted = versions.get(version_id)
        if promoted is not None and not promoted["Stages"]:
            promoted["CreatedDate"] = now()
        before = dict(versions)
        promote(secret, version_id)
        for known, version in before.items():
            versions.setdefault(known, version)

    return promote_and_keep


def date_first_version(store: internals.Private, service: Any) -> internals.Private:
    """Creation of a secret whose first version has an exact date."""

    def store_dated(name: str, *args: Any, **kwargs: Any) -> tuple[str, str]:
        arn, version_id = store(name, *args, **kwargs)
        service._secrets[name]["Versions"][version_id]["CreatedDate"] = now()
        return arn, version_id

    return store_dated


def name_first_version(create: internals.Private, service: Any) -> internals.Private:
    """CreateSecret whose ClientRequestToken becomes the version id, and which may be repeated with the same value.

    "If a version with this value already exists and the contents are the same, the request is ignored" (Secrets
    Manager API reference); ministack ignores the token.
    """

    def create_named(data: dict[str, Any]) -> tuple:
        token, name = data.get("ClientRequestToken"), data.get("Name")
        secret = service._secrets.get(name) if name else None
        if token and secret and same_value(secret["Versions"].get(token), data):
            return service.json_response({"ARN": secret["ARN"], "Name": name, "VersionId": token})
        status, headers, body = create(data)
        if status >= 400 or not token:
            return status, headers, body
        answer = json.loads(body)
        versions = service._secrets[name]["Versions"]
        versions[token] = versions.pop(answer["VersionId"])
        return service.json_response({**answer, "VersionId": token})

    return create_named


def refuse_changed_version(put: internals.Private, service: Any) -> internals.Private:
    """PutSecretValue that never overwrites a version.

    "If a version with this token already exists and its contents are different, the operation fails because you
    can't modify existing versions" (Secrets Manager API reference); ministack overwrites it.
    """

    def put_once(data: dict[str, Any]) -> tuple:
        _, secret = service._resolve(data.get("SecretId"))
        token = data.get("ClientRequestToken")
        version = secret["Versions"].get(token) if secret and token else None
        if version is None:
            return put(data)
        if not same_value(version, data):
            return service.error_response_json(
                "ResourceExistsException", f"The version {token} already exists with another value.", 400
            )
        return service.json_response(
            {
                "ARN": secret["ARN"],
                "Name": secret["Name"],
                "VersionId": token,
                "VersionStages": list(version["Stages"]),
            }
        )

    return put_once


def same_value(version: dict[str, Any] | None, data: dict[str, Any]) -> bool:
    """Whether a stored version has exactly the value of a request."""
    return version is not None and all(version.get(key) == data.get(key) for key in ("SecretString", "SecretBinary"))


def version_lister(service: Any) -> internals.Private:
    """ListSecretVersionIds with ``IncludeDeprecated``, which ministack doesn't know."""

    def list_versions(data: dict[str, Any]) -> tuple:
        _, secret = service._resolve(data.get("SecretId"))
        if secret is None:
            return service.error_response_json(
                "ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400
            )
        start = int(base64.b64decode(data["NextToken"])) if data.get("NextToken") else 0
        end = start + min(data.get("MaxResults", PAGE_SIZE), PAGE_SIZE)
        versions = listed_versions(secret["Versions"], bool(data.get("IncludeDeprecated")))
        answer = {"ARN": secret["ARN"], "Name": secret["Name"], "Versions": versions[start:end]}
        if end < len(versions):
            answer["NextToken"] = base64.b64encode(str(end).encode()).decode()
        return service.json_response(answer)

    return list_versions


def listed_versions(versions: dict[str, dict[str, Any]], include_deprecated: bool) -> list[dict[str, Any]]:
    """The versions as ListSecretVersionIds shows them, newest first."""
    shown = [
        {"VersionId": version_id, "VersionStages": list(version["Stages"]), "CreatedDate": version["CreatedDate"]}
        for version_id, version in versions.items()
        if version["Stages"] or include_deprecated
    ]
    return sorted(shown, key=lambda version: version["CreatedDate"], reverse=True)
