"""What a notebook calls: a task's data, and the verdict on a class that is defined in a cell.

The harness runs as a process of its own, never in the kernel, which runs the student's code; no test part comes in.
"""

from harness.interactive._notebook_run import Report, check, evaluate, load_data
from harness.interactive._parts import read_parts, write_parts

__all__ = ["Report", "check", "evaluate", "load_data", "read_parts", "write_parts"]
