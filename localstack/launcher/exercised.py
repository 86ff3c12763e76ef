"""Which rights the roles really use: every call that a policy allowed, with the statement that allowed it.

What a role may do and never does is a right too many. The least privilege of a role is judged by this after a run of
the end-to-end tests (`infra/scripts/rights.ts`).
"""

from typing import Any

from launcher import internals
from launcher.counting import Tally


def install(rights: Tally) -> None:
    """Note what the policies of roles allow."""
    evaluator = internals.module("core.iam_evaluator")
    first_match = internals.member(evaluator, "_first_match")

    def noted(evaluate: internals.Private) -> internals.Private:
        def judge(context: Any, policies: Any, *limits: Any) -> Any:
            result = evaluate(context, policies, *limits)
            role = role_of(context.principal_arn)
            if role and result.decision == "Allow":
                statements = [statement for policy in policies for statement in policy]
                note(rights, role, context, first_match(context, statements, "Allow"))
            return result

        return judge

    internals.replace(evaluator, "evaluate", noted)


def role_of(principal: str) -> str:
    """The role of an assumed-role session, `arn:aws:sts::<account>:assumed-role/<role>/<session>`; empty for others."""
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    return rest.partition("/")[0] if kind == "assumed-role" else ""


def note(rights: Tally, role: str, context: Any, statement: Any) -> None:
    """Note the action and those resources of the statement that the call was about."""
    matches = internals.member(internals.module("core.iam_evaluator"), "_resource_matches")
    for resource in statement.resources:
        if matches(context.resource_arn, [resource], []):
            rights.add(role, f"{context.action} {resource}")
