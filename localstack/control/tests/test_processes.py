"""Processes in the background."""

import json
import sys
import tempfile
import unittest
import warnings
from dataclasses import asdict, replace
from pathlib import Path

from control import processes
from control.cloud import Failure
from control.processes import Program, Started

# Answers on a free port, whose number it prints, and has a child that ignores the polite way to end.
PARENT = """
import http.server, subprocess, sys
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
child.stdout.readline()
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


class Processes(unittest.TestCase):
    """A process is found again, and stopped with all that it started."""

    def setUp(self) -> None:
        """A folder for records and logs."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        # Background processes outlive the object that started them, by design.
        self.enterContext(warnings.catch_warnings())
        warnings.simplefilter("ignore", ResourceWarning)

    def program(self, code: str) -> Program:
        """A program that runs this code; it is never healthy."""
        return Program(
            name="example",
            command=[sys.executable, "-c", code],
            environment={},
            directory=self.home,
            health="http://127.0.0.1:9/",
            files=[],
        )

    def test_stopping_ends_the_children_that_a_process_leaves_behind(self):
        started = processes.start(self.program(PARENT), self.home, self.home)
        log = self.home / "example.log"
        self.assertTrue(processes.wait_until(lambda: bool(log.read_text()), 10))
        self.assertEqual(processes.running(self.home, "example"), started)
        self.assertEqual(len(list(processes.members(started))), 2)
        processes.stop(self.home, "example")
        self.assertEqual(list(processes.members(started)), [])
        self.assertIsNone(processes.running(self.home, "example"))

    def test_a_process_that_ends_early_is_reported_with_its_last_words(self):
        program = self.program("import sys; sys.exit('no room left')")
        started = processes.start(program, self.home, self.home)
        with self.assertRaisesRegex(Failure, "(?s)ended while it was starting.*no room left"):
            processes.wait_until_healthy(program, started, self.home)

    def test_a_later_process_with_the_same_number_is_left_alone(self):
        bystander = processes.start(self.program("import time; time.sleep(60)"), self.home, self.home)
        stale = Started(bystander.pid, bystander.born - 1, "")
        (self.home / "stale.json").write_text(json.dumps(asdict(stale)))
        self.assertIsNone(processes.running(self.home, "stale"))
        processes.stop(self.home, "stale")
        self.assertTrue(processes.is_alive(bystander))
        processes.stop(self.home, "example")
        self.assertFalse(processes.is_alive(bystander))

    def test_a_process_of_an_earlier_boot_runs_no_more_whatever_has_its_number_now(self):
        bystander = processes.start(self.program("import time; time.sleep(60)"), self.home, self.home)
        stale = replace(bystander, boot="another boot")
        (self.home / "stale.json").write_text(json.dumps(asdict(stale)))
        self.assertIsNone(processes.running(self.home, "stale"))
        processes.stop(self.home, "stale")
        self.assertTrue(processes.is_alive(bystander))
        processes.stop(self.home, "example")
