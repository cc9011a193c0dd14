"""Check whether the baseline that a task states is the score of its reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.contract import Source, Task
from harness.taskcheck._lines import place_of_field


@dataclass(frozen=True)
class ReferenceScore:
    """The primary score of a staff solution on one source of a task, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


def named_references(task: Task) -> list[tuple[Source, str]]:
    """Return the sources whose baseline names a reference, each with the name."""
    return [(source, source.baseline.reference) for source in task.sources if source.baseline.reference]


def doubt_about_baseline(task: Task, folder: Path, source: Source, found: ReferenceScore) -> str | None:
    """Return a sentence for the author if the baseline differs from the score of its reference, or None."""
    base, metric = source.baseline, task.primary
    met = metric.at_least_as_good(found.value, base.value) and not (base.strict and found.value == base.value)
    if met and found.low <= base.value <= found.high:
        return None
    what = f"{source.kind} data: the baseline of {source.title!r} is {base.value:g}, and reference/{found.name} reaches"
    score = f"{metric.name} {found.value:.4g} ({found.low:.4g} to {found.high:.4g})"
    why = "expected about the same" if met else "its reference does not reach the baseline"
    return f"{what} {score}; {why} ({place_of_field(folder, f'baseline of {source.title!r}')})"
