"""Processes in the background, found again by what is written down about them, never by their names."""

import hashlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from control.cloud import Failure

START_SECONDS = 30
STOP_SECONDS = 30
LEFTOVER_SECONDS = 5
POLL_SECONDS = 0.05
LOG_LINES_SHOWN = 15


@dataclass(frozen=True)
class Started:
    """A process that leads a session of its own, which everything that it starts belongs to."""

    pid: int
    born: int
    """Start time in clock ticks since boot, which tells the process from a later one with the same id."""
    version: str
    """What `Program.version` was when it was started."""
    boot: str = ""
    """The kernel's id of the boot that `born` counts from; empty in records of older versions."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to know that it works."""

    name: str
    command: list[str]
    environment: dict[str, str]
    """The whole environment; nothing is inherited."""
    directory: Path
    health: str
    """URL that answers 200 once the program works."""
    files: list[Path]
    """What the program is made of."""

    def version(self) -> str:
        """Changes whenever one of the files is written anew."""
        times = [(str(file), file.stat().st_mtime_ns) for file in sorted(self.files)]
        return hashlib.sha256(json.dumps(times).encode()).hexdigest()


def start(program: Program, run: Path, logs: Path) -> Started:
    """Start a program in the background, with its output in a log file; the previous log is kept beside it."""
    run.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    path = logs / f"{program.name}.log"
    if path.exists():
        path.rename(logs / f"{program.name}.previous.log")
    with open(path, "wb") as log:
        process = subprocess.Popen(
            program.command,
            cwd=program.directory,
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    born = birth(process.pid)
    if born is None:
        raise Failure(f"{program.name} ended at once; {tail(path)}")
    started = Started(process.pid, born, program.version(), boot_id())
    record(run, program.name).write_text(json.dumps(asdict(started)))
    return started


def wait_until_healthy(program: Program, started: Started, logs: Path) -> None:
    """Wait until the program works; fail as soon as it has ended, or after `START_SECONDS`."""
    log = logs / f"{program.name}.log"
    deadline = time.monotonic() + START_SECONDS
    while not healthy(program.health):
        if not is_alive(started):
            raise Failure(f"{program.name} ended while it was starting; {tail(log)}")
        if time.monotonic() > deadline:
            raise Failure(f"{program.name} does not answer {program.health} after {START_SECONDS} s; {tail(log)}")
        time.sleep(POLL_SECONDS)


def healthy(url: str) -> bool:
    """Whether the URL answers 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def running(run: Path, name: str) -> Started | None:
    """The process with this name, if it was started and still runs."""
    try:
        started = Started(**json.loads(record(run, name).read_text()))
    except FileNotFoundError:
        return None
    return started if is_alive(started) else None


def was_started(run: Path, name: str) -> bool:
    """Whether this program was started and never stopped, though it may have ended by itself."""
    return record(run, name).exists()


def stop(run: Path, name: str) -> None:
    """Stop a process, which ends its own children in order, and then whatever it left behind."""
    path = record(run, name)
    if not path.exists():
        return
    started = Started(**json.loads(path.read_text()))
    if is_alive(started):
        send(started.pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(started), STOP_SECONDS)
    for asked in (signal.SIGTERM, signal.SIGKILL):
        for pid in members(started):
            send(pid, asked)
        if wait_until(lambda: not list(members(started)), LEFTOVER_SECONDS):
            path.unlink()
            return
    raise Failure(f"{name} (process {started.pid}) or one of its children does not end")


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def members(started: Started) -> Iterator[int]:
    """The processes of a session.

    The kernel gives a session's number to no new process while one of its members lives, so members without the
    leader are still ours; but a leader born at another time means that the session is somebody else's.
    """
    leader_born = birth(started.pid)
    if started.boot != boot_id() or leader_born not in (None, started.born):
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = stat(int(entry.name))
            if fields and int(fields[3]) == started.pid and fields[0] != "Z":
                yield int(entry.name)


def is_alive(started: Started) -> bool:
    """Whether this very process runs."""
    fields = stat(started.pid)
    if fields is None or fields[0] == "Z":
        return False
    return int(fields[19]) == started.born and started.boot == boot_id()


def boot_id() -> str:
    """The kernel's id of this boot; see random(4). Process ids and start times mean nothing in another one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def birth(pid: int) -> int | None:
    """When a process was started, if it exists."""
    fields = stat(pid)
    return int(fields[19]) if fields else None


def stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat from the third (state) on; see proc(5)."""
    try:
        # The second field, the command, may hold spaces and parentheses.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def send(pid: int, asked: signal.Signals) -> None:
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(pid, asked)
    except ProcessLookupError:
        pass


def record(run: Path, name: str) -> Path:
    """The file that says which process has this name."""
    return run / f"{name}.json"


def tail(log: Path) -> str:
    """The end of a log file and where it is."""
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n  ".join([f"the end of {log}:", *lines])
