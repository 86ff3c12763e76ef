"""Whether a role may do what a service will do with it, as services check when they are given the role."""

import json
from typing import Any

from launcher import internals


def role_of(arn: str) -> dict[str, Any]:
    """The role with this ARN, which must exist."""
    role = internals.member(internals.module("services.iam"), "_roles").get(arn.rsplit("/", 1)[-1])
    if role is None:
        raise ValueError(f"The role {arn} cannot be found")
    return role


def trusts(role: dict[str, Any], service: str) -> bool:
    """Whether this service may assume the role."""
    policy = role["AssumeRolePolicyDocument"]
    # ministack's own matcher lets a service pass for any account's root.
    statements = (json.loads(policy) if isinstance(policy, str) else policy)["Statement"]
    named = [statement["Principal"].get("Service", []) for statement in statements if statement["Effect"] == "Allow"]
    return any(service in ([names] if isinstance(names, str) else names) for names in named)


def refused(arn: str, actions: list[str], resource: str) -> list[str]:
    """The actions that a role's policies don't allow on a resource."""
    evaluator, responses = internals.module("core.iam_evaluator"), internals.module("core.responses")
    account, region = responses.get_account_id(), responses.get_region()
    policies = internals.member(evaluator, "_gather_role_policies")(arn.rsplit("/", 1)[-1], account)

    def allowed(action: str) -> bool:
        request = evaluator.EvalContext(
            principal_arn=arn,
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn=resource,
            region=region,
        )
        return evaluator.evaluate(request, policies).decision == "Allow"

    return [action for action in actions if not allowed(action)]
