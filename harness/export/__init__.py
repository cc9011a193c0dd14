"""Convert records to forms for other programs: a list of checks, and JUnit XML."""

from harness.export._reported_checks import NAMES, ReportedCheck, checks_of

__all__ = ["NAMES", "ReportedCheck", "checks_of"]
