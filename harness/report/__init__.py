"""Render the page about one submission, a single HTML file."""

from harness.report._render import report_html

__all__ = ["report_html"]
