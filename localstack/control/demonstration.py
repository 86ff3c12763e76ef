"""The demonstration of `infra/lib/demonstration` in a local cloud that is up, beside the ordinary deployment."""

import json
import time

from control import assets, deployment, remains, surroundings, synthesis
from control.cloud import DEMONSTRATION, DEMONSTRATION_STACK, Cloud, Failure
from control.progress import tell

KINDS = ("SingleAz", "MultiAz", "AuroraProvisioned", "AuroraServerless")
OUTPUTS = f"outputs-{DEMONSTRATION}.json"


def up(local: Cloud, kind: str = "", changes: str = "{}") -> None:
    """Deploy the demonstration of one kind, or what has changed; `changes` are other values of the app's context."""
    if kind not in KINDS:
        raise Failure(f"name the kind of the database: {', '.join(KINDS)}")
    began = time.monotonic()
    assembly = synthesis.demonstration(local, surroundings.prepare(local), kind, json.loads(changes))
    tell(f"template of {kind} synthesized", began)
    published = assets.publish(local, assembly, DEMONSTRATION_STACK)
    changed = deployment.deploy(local, DEMONSTRATION_STACK, published)
    updated = deployment.update_code(local, DEMONSTRATION_STACK, published)
    tell(f"stack {DEMONSTRATION_STACK} deployed: {changed} resources changed, {updated} functions got new code", began)
    deployment.prove(local, DEMONSTRATION_STACK)
    tell("every function of it answers", began)
    deployment.write_outputs(local, DEMONSTRATION_STACK, OUTPUTS)


def down(local: Cloud) -> None:
    """Delete the demonstration's stack, and tell what is there all the same."""
    began = time.monotonic()
    deployment.delete(local, DEMONSTRATION_STACK)
    (local.home / OUTPUTS).unlink(missing_ok=True)
    tell(f"stack {DEMONSTRATION_STACK} deleted", began)
    for what in remains.of(local, DEMONSTRATION, DEMONSTRATION_STACK):
        print(f"still there: {what}")
