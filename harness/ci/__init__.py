"""Continuous integration: find the submissions that a change touches, and evaluate only those."""

from harness.ci._actions_runner import on_github, runner_lines, silenced, tell_runner
from harness.ci._annotations import Note, notes_of, workflow_command
from harness.ci._change import Change, ChangePolicy, Outside, Touched
from harness.ci._ci_result import FileFinding, Former, Graded, Place, Points, Problem, Result
from harness.ci._ci_run import Grader, Watch, run_ci, without_grades
from harness.ci._find import Range, find_change, find_range, folder_of
from harness.ci._junit_suites import junit_suites
from harness.ci._markdown import COMMENT_BYTES, SUMMARY_BYTES, headline, result_markdown
from harness.ci._read import read_result
from harness.ci._repository import Repository

__all__ = [
    "COMMENT_BYTES",
    "SUMMARY_BYTES",
    "Change",
    "ChangePolicy",
    "FileFinding",
    "Former",
    "Graded",
    "Grader",
    "Note",
    "Outside",
    "Place",
    "Points",
    "Problem",
    "Range",
    "Repository",
    "Result",
    "Touched",
    "Watch",
    "find_change",
    "find_range",
    "folder_of",
    "headline",
    "junit_suites",
    "notes_of",
    "on_github",
    "read_result",
    "result_markdown",
    "run_ci",
    "runner_lines",
    "silenced",
    "tell_runner",
    "without_grades",
    "workflow_command",
]
