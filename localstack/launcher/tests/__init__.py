"""Tests of the launcher: the patched ministack as its clients see it, and the pure parts on their own."""
