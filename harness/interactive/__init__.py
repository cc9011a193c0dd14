"""Functions for notebooks: load a task's data, and check or evaluate a class that is defined in a cell.

The harness runs in a separate process and not in the kernel, which runs the student's code and gets no test part.
"""

from harness.interactive._notebook_run import Report, check, evaluate, load_data
from harness.interactive._parts import read_parts, write_parts

__all__ = ["Report", "check", "evaluate", "load_data", "read_parts", "write_parts"]
