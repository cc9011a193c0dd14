"""Templates of submissions, tasks and courses."""

from harness.scaffold._fill_templates import new_course, new_notebook, new_submission, new_task

__all__ = ["new_course", "new_notebook", "new_submission", "new_task"]
