"""Check whether the baseline that a task states is the score of its reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.contract import Source, Task
from harness.taskcheck._lines import place_of_field


@dataclass(frozen=True)
class ReferenceScore:
    """What a staff solution gets on one source of a task: the primary score and its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


def named_references(task: Task) -> list[tuple[Source, str]]:
    """Return the sources whose baseline names the reference that gets it."""
    return [(source, source.baseline.reference) for source in task.sources if source.baseline.reference]


def doubt_about_baseline(task: Task, folder: Path, source: Source, found: ReferenceScore) -> str | None:
    """Return what its author should look at where the baseline is not what the reference gets, or None."""
    base, metric = source.baseline, task.primary
    met = metric.at_least_as_good(found.value, base.value) and not (base.strict and found.value == base.value)
    if met and found.low <= base.value <= found.high:
        return None
    what = f"{source.kind} data: the baseline of {source.title!r} is {base.value:g}, and reference/{found.name} gets"
    gets = f"{metric.name} {found.value:.4g} ({found.low:.4g} to {found.high:.4g})"
    why = "expected about that" if met else "its own reference does not reach it"
    return f"{what} {gets}; {why} ({place_of_field(folder, f'baseline of {source.title!r}')})"
