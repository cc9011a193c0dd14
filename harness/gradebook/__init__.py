"""Grades of people: the roster, hand-in times, the cost of lateness, and instructors' decisions."""

from harness.gradebook._adjustments import (
    ADJUSTMENTS_FILE,
    SUBMITTED_FILE,
    Adjustment,
    HandedIn,
    read_adjustments,
    read_handed_in,
)
from harness.gradebook._changes import GradeChange, changes
from harness.gradebook._csv import gradebook_csv
from harness.gradebook._extensions import extensions_by_person, useless_extensions
from harness.gradebook._gradebook import (
    MISSING,
    NOT_GRADED,
    Attempt,
    Attempted,
    Entry,
    Rules,
    make_gradebook,
)
from harness.gradebook._hand_in_times import UNKNOWN, HandIn, Times
from harness.gradebook._history import Claim, History, claim_of_clone
from harness.gradebook._keeping import Gradebook, compile_gradebook, keep_gradebook
from harness.gradebook._person_names import folder_name, plain, slug, spellings
from harness.gradebook._points import fewest_points, most_points, points_for
from harness.gradebook._policy import POLICY_FILE, Amount, Lateness, Policy, deadline_of_command
from harness.gradebook._roster import Mismatch, Person, Roster, compare
from harness.gradebook._words import describe, describe_lateness
from harness.gradebook._zones import days_between, hours_between, in_zone, parse_time, read_course_zone

__all__ = [
    "ADJUSTMENTS_FILE",
    "MISSING",
    "NOT_GRADED",
    "POLICY_FILE",
    "SUBMITTED_FILE",
    "UNKNOWN",
    "Adjustment",
    "Amount",
    "Attempt",
    "Attempted",
    "Claim",
    "Entry",
    "GradeChange",
    "Gradebook",
    "HandIn",
    "HandedIn",
    "History",
    "Lateness",
    "Mismatch",
    "Person",
    "Policy",
    "Roster",
    "Rules",
    "Times",
    "changes",
    "claim_of_clone",
    "compare",
    "compile_gradebook",
    "days_between",
    "deadline_of_command",
    "describe",
    "describe_lateness",
    "extensions_by_person",
    "fewest_points",
    "folder_name",
    "gradebook_csv",
    "hours_between",
    "in_zone",
    "keep_gradebook",
    "make_gradebook",
    "most_points",
    "parse_time",
    "plain",
    "points_for",
    "read_adjustments",
    "read_course_zone",
    "read_handed_in",
    "slug",
    "spellings",
    "useless_extensions",
]
