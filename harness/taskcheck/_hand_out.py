"""Compare the hand-out of a task with its declaration, as far as possible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from harness.contract import Task

HAND_OUT = "README.md"
_NAMED = (r"--task[ =]([a-z0-9][a-z0-9_-]*)", r"\bsubmissions/[\w.<>-]+/([a-z0-9][a-z0-9_-]*)")


def doubts_about_hand_out(task: Task, folder: Path) -> Iterator[str]:
    """Yield one sentence, with its place, for each part of the hand-out that its author should examine."""
    path = folder / HAND_OUT
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        yield f"there is no hand-out; expected {path}, with the instructions for students"
        return
    except (OSError, UnicodeDecodeError) as error:
        yield f"the hand-out cannot be read ({error}) ({path})"
        return
    values = sorted({source.baseline.value for source in task.sources})
    if not any(_says(text, value) for value in values):
        stated = " or ".join(f"{value:g}" for value in values)
        yield f"the hand-out does not say the stated baseline, {stated} ({path}:{_line(text, 'baseline')})"
    if not re.search(rf"\b{re.escape(task.primary.name).replace('_', '[ _-]?')}\b", text, re.IGNORECASE):
        yield f"the hand-out does not name {task.primary.name}, by which submissions are ranked ({path}:1)"
    for number in _stated(task):
        for found in re.finditer(number.pattern, text):
            if number.allowed and _number(found[1]) not in number.allowed:
                expected = " or ".join(f"{value:,g}" for value in sorted(number.allowed))
                line = text.count("\n", 0, found.start()) + 1
                stated = " ".join(found[0].split())
                yield f"the hand-out says {stated!r}; the declaration has {expected} ({path}:{line})"
    for pattern in _NAMED:
        other = next((found for found in re.finditer(pattern, text) if found[1] != task.name), None)
        if other is not None:
            line = text.count("\n", 0, other.start()) + 1
            yield f"the hand-out names the task {other[1]!r}; expected {task.name!r} ({path}:{line})"


class _Stated(NamedTuple):
    """A number that hand-outs state in certain words."""

    pattern: str
    """A regular expression for the words."""
    allowed: set[float]
    """The values that agree with the declaration; empty if the declaration does not state the number."""


def _stated(task: Task) -> list[_Stated]:
    counts = [source.counts for source in task.sources if source.counts is not None]
    known = len(counts) == len(task.sources)  # otherwise the numbers may be those of a source without counts

    def of(*values: float) -> set[float]:
        return set(values) if known else set()

    number = r"(\d[\d,]*)"
    return [
        _Stated(rf"{number}\s+to\s+train\b", of(*(one.train for one in counts))),
        _Stated(rf"{number}\s+to\s+validate\b", of(*(one.validation for one in counts))),
        _Stated(rf"{number}\s+to\s+test\b", set() if task.private_test else of(*(one.test for one in counts))),
        _Stated(r"(\d[\d,]*(?:\.\d+)?)\s+s\s+of\s+CPU\s+to\s+fit\b", {task.limits.fit_cpu_seconds}),
        _Stated(r"(\d+(?:\.\d+)?)\s+GiB\s+of\s+memory\b", {task.limits.memory_bytes / (1 << 30)}),
        _Stated(r"\b\d+(?:\.\d+)?\s+at\s+(\d*\.\d+)", {score for score, _ in task.points}),
    ]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _says(text: str, value: float) -> bool:
    """Return whether a number is in a text, for example as 0.94, .94 or 94 %."""
    numbers = re.findall(r"\d*\.?\d+(?:e[-+]?\d+)?", text)
    return any(
        abs(float(one) - number) < 1e-9 * max(1, abs(number)) for one in numbers for number in (value, 100 * value)
    )


def _line(text: str, word: str) -> int:
    """Return the number of the first line with `word`, 1 if there is none."""
    lines = (number for number, line in enumerate(text.casefold().splitlines(), start=1) if word in line)
    return next(lines, 1)
