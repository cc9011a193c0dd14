"""Find the line on which a field of a task is declared."""

from __future__ import annotations

from pathlib import Path

from harness.taskcode import lines_of_fields


def place_of_field(folder: Path, field: str) -> str:
    """Return file and line on which the task in `folder` declares `field`; only the file if that is not found."""
    path = folder / "task.py"
    source = path.read_bytes()
    for line, text in enumerate(source.decode("utf-8", "replace").splitlines(), start=1):
        if "Task(" in text and (found := lines_of_fields(source, line, (field,))):
            return f"{path}:{found[0]}"
    return str(path)
