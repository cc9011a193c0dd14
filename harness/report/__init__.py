"""A page about one submission, whole in one file."""

from harness.report._render import report_html

__all__ = ["report_html"]
