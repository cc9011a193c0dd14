"""Render the page about one submission, and decide what pages may show to whom."""

from harness.report._disclosure import Audience, ReportMaterial, Shown, disclosed_record, disclosure_for, show
from harness.report._examples import draw
from harness.report._render import (
    FAILURES,
    SOURCES,
    PagePlace,
    failure_in_words,
    footer_of,
    make_environment,
    report_body,
    report_html,
    style,
    title_of,
    whole_page,
)
from harness.report._report_findings import ReportFinding, confused_classes, find_all, logged_quantities

__all__ = [
    "FAILURES",
    "SOURCES",
    "Audience",
    "PagePlace",
    "ReportFinding",
    "ReportMaterial",
    "Shown",
    "confused_classes",
    "disclosed_record",
    "disclosure_for",
    "draw",
    "failure_in_words",
    "find_all",
    "footer_of",
    "logged_quantities",
    "make_environment",
    "report_body",
    "report_html",
    "show",
    "style",
    "title_of",
    "whole_page",
]
