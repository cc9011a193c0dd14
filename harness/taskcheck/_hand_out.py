"""What the hand-out of a task says, as far as it can be compared with the declaration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.contract import Task

HAND_OUT = "README.md"
_NAMED = (r"--task[ =]([a-z0-9][a-z0-9_-]*)", r"\bsubmissions/[\w.<>-]+/([a-z0-9][a-z0-9_-]*)")


def doubts_about_hand_out(task: Task, folder: Path) -> Iterator[str]:
    """Yield one sentence, with its place, for each thing in the hand-out that its author should look at."""
    path = folder / HAND_OUT
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        yield f"there is no hand-out; expected {path}, which says what students have to do"
        return
    except (OSError, UnicodeDecodeError) as error:
        yield f"the hand-out cannot be read ({error}) ({path})"
        return
    values = sorted({source.baseline.value for source in task.sources})
    if not any(_says(text, value) for value in values):
        stated = " or ".join(f"{value:g}" for value in values)
        yield f"the hand-out does not say the stated baseline, {stated} ({path}:{_line(text, 'baseline')})"
    for pattern in _NAMED:
        other = next((found for found in re.finditer(pattern, text) if found[1] != task.name), None)
        if other is not None:
            line = text.count("\n", 0, other.start()) + 1
            yield f"the hand-out names the task {other[1]!r}; expected {task.name!r} ({path}:{line})"


def _says(text: str, value: float) -> bool:
    """Tell whether a number is in a text: as 0.94, .94 or 94 %."""
    numbers = re.findall(r"\d*\.?\d+(?:e[-+]?\d+)?", text)
    return any(
        abs(float(one) - number) < 1e-9 * max(1, abs(number)) for one in numbers for number in (value, 100 * value)
    )


def _line(text: str, word: str) -> int:
    """Return the first line with `word`, 1 where there is none."""
    lines = (number for number, line in enumerate(text.casefold().splitlines(), start=1) if word in line)
    return next(lines, 1)
