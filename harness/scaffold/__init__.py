"""Templates of submissions, tasks and courses."""

from harness.scaffold._fill_templates import new_course, new_notebook, new_submission, new_task
from harness.scaffold._found_data import DataQuestions, FoundData, UnclearDataError, parse_size
from harness.scaffold._task_from_data import REFERENCES, StatedBaseline, find_data, write_declaration, write_task

__all__ = [
    "REFERENCES",
    "DataQuestions",
    "FoundData",
    "StatedBaseline",
    "UnclearDataError",
    "find_data",
    "new_course",
    "new_notebook",
    "new_submission",
    "new_task",
    "parse_size",
    "write_declaration",
    "write_task",
]
