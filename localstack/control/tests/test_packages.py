"""The Lambda package."""

import io
import tempfile
import unittest
import zipfile
from pathlib import Path

from control import assets


class Packages(unittest.TestCase):
    """A package depends on the binary alone, and can be executed."""

    def test_the_same_binary_gives_the_same_package(self):
        with tempfile.TemporaryDirectory() as folder:
            first, second = Path(folder) / "first", Path(folder) / "second"
            first.write_bytes(b"binary")
            second.write_bytes(b"binary")
            second.chmod(0o600)
            self.assertEqual(assets.zipped(first), assets.zipped(second))

    def test_the_binary_is_an_executable_bootstrap(self):
        with tempfile.TemporaryDirectory() as folder:
            binary = Path(folder) / "any-name"
            binary.write_bytes(b"binary")
            with zipfile.ZipFile(io.BytesIO(assets.zipped(binary))) as archive:
                entry = archive.getinfo("bootstrap")
                self.assertEqual((entry.external_attr >> 16, archive.read(entry)), (0o755, b"binary"))
