"""Which submissions share code: a report to look at, never a verdict."""

from harness.similarity._compare import Pair, Text, compare, gather
from harness.similarity._report import report_html

__all__ = ["Pair", "Text", "compare", "gather", "report_html"]
