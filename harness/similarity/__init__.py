"""Find submissions that share code, and report them to a person; the report is not a verdict."""

from harness.similarity._compare import MOST_CODE, Pair, Text, compare, gather
from harness.similarity._similarity_report import report_html

__all__ = ["MOST_CODE", "Pair", "Text", "compare", "gather", "report_html"]
