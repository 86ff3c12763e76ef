"""``python -m control up | down | demonstration up <kind> | demonstration down``."""

import shutil
import sys
import time
import urllib.request
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from control import assets, cloud, databases, demonstration, deployment, programs, surroundings, synthesis
from control.cloud import STACK, Cloud, Failure
from control.progress import tell

NEXT = """
The local cloud is up at {endpoint}.

  source localstack/env          AWS CLI, SDKs and tenant-restore then talk to it
  make demo                      break a tenant and bring it back
  curl {endpoint}/_local/counts  what AWS would have billed
  make down                      stop it and remove its state

Logs: {logs}"""


def main() -> None:
    """Run one command; a failure is one message, not a stack of calls."""
    commands: dict[tuple[str, ...], Callable[..., None]] = {
        ("up",): up,
        ("down",): down,
        ("demonstration", "up"): demonstration.up,
        ("demonstration", "down"): demonstration.down,
    }
    words = tuple(sys.argv[1:])
    command = next((known for known in commands if words[: len(known)] == known), None)
    if command is None:
        sys.exit(f"usage: python -m control {' | '.join(' '.join(known) for known in commands)}")
    try:
        commands[command](cloud.from_environment(), *words[len(command) :])
    except Failure as failure:
        sys.exit(f"local cloud: {failure}")
    except KeyboardInterrupt:
        sys.exit("local cloud: interrupted; `make up` goes on, `make down` stops it")
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"local cloud: {error}; the log is {cloud.from_environment().logs / 'ministack.log'}")


def up(local: Cloud) -> None:
    """Start what isn't running, deploy what has changed."""
    began = time.monotonic()
    prepare_home(local)
    if programs.state_is_lost(local):
        # After a restart of the machine, for one. There is nothing left to save but the logs.
        print(f"ministack has ended, and its state with it ({local.logs / 'ministack.log'}); clearing what is left")
        clear(local)
        prepare_home(local)
    programs.start_all(local)
    tell("running", began)

    assembly = synthesis.synthesize(local, surroundings.prepare(local))
    tell("template synthesized", began)

    published = assets.publish(local, assembly, STACK)
    changed = deployment.deploy(local, STACK, published)
    updated = deployment.update_code(local, STACK, published)
    tell(f"stack {STACK} deployed: {changed} resources changed, {updated} functions got new code", began)

    deployment.prove(local, STACK)
    tell("every function answers", began)
    deployment.write_outputs(local, STACK, "outputs.json")
    forget_counts(local)
    print(NEXT.format(endpoint=local.endpoint, logs=local.logs))


def down(local: Cloud) -> None:
    """Stop everything and remove everything but the logs."""
    if not (local.home / cloud.MARKER).exists():
        print(f"no local cloud in {local.home}")
        return
    clear(local)
    print(f"the local cloud is down; its logs are still in {local.logs}")


def clear(local: Cloud) -> None:
    """Stop what runs, and remove all state; the logs stay."""
    programs.stop_all(local)
    for folder in databases.stop_leftovers(local.home):
        print(f"stopped the PostgreSQL server of {folder}, which its owner had left behind")
    for entry in local.home.iterdir():
        if entry.name in (cloud.MARKER, local.logs.name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def prepare_home(local: Cloud) -> None:
    """The folder of this local cloud, which must be new, empty or already its own."""
    marker = local.home / cloud.MARKER
    if local.home.exists() and not marker.exists() and any(local.home.iterdir()):
        raise Failure(f"{local.home} holds other files; choose another folder with LOCAL_CLOUD_HOME")
    # PostgreSQL runs as another user, who must be able to pass through.
    local.home.mkdir(mode=0o755, parents=True, exist_ok=True)
    marker.touch()
    (local.home / "tmp").mkdir(mode=0o700, exist_ok=True)


def forget_counts(local: Cloud) -> None:
    """Start the tally of billed requests anew: what went before was the deployment."""
    request = urllib.request.Request(f"{local.endpoint}/_local/counts", method="DELETE")
    with urllib.request.urlopen(request, timeout=5):
        pass


if __name__ == "__main__":
    main()
