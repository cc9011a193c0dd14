"""Records in forms that other programs read: a list of checks, and JUnit XML."""

from harness.export._checks import NAMES, Check, checks_of

__all__ = ["NAMES", "Check", "checks_of"]
