"""PostgreSQL servers that outlived the server which started them."""

import functools
import os
import signal
from pathlib import Path

from control.processes import wait_until

STOP_SECONDS = 10


def stop_leftovers(home: Path) -> list[Path]:
    """Stop every PostgreSQL server whose data folder lies below `home`; the folders of those that were found.

    The server ends its databases itself; this is for the case that it was killed.
    """
    found = []
    for lock in home.glob("**/postmaster.pid"):
        pid = int(lock.read_text().splitlines()[0])
        if not serves(pid, lock.parent):
            continue
        found.append(lock.parent)
        # SIGQUIT is PostgreSQL's immediate shutdown: the data is removed anyway.
        os.kill(pid, signal.SIGQUIT)
        if not wait_until(functools.partial(ended, pid, lock.parent), STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
    return found


def ended(pid: int, folder: Path) -> bool:
    """Whether this process no longer serves this data folder."""
    return not serves(pid, folder)


def serves(pid: int, folder: Path) -> bool:
    """Whether this process is the PostgreSQL server of this data folder, which is its working directory."""
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(folder.resolve())
    except (FileNotFoundError, ProcessLookupError):
        return False
