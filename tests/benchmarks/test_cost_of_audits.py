"""The CPU time that audits add to evaluations of the quick references, of host and workers.

    pytest tests/benchmarks/test_cost_of_audits.py --benchmark-only -s

Printed are seconds of each evaluation and of each audit in it, without the start of the command and the import of
libraries, and their share of it; in brackets, their share if the start of the command is included. All together may
take a tenth of all evaluations. `HARNESS_TASKS` says of which tasks.
"""

from __future__ import annotations

import resource
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.evaluation import _evaluator, _stages
from harness.evaluation._measure import _Bench
from harness.evaluation._session import Session
from tests.benchmarks.test_false_alarms import QUICK, TASKS
from tests.conftest import TemporaryCourse

ROOT = Path(__file__).parents[2]
WORKERS = "workers"
Seconds = defaultdict[str, float]


def watched(spent: Seconds, key: str, call: Callable[..., Any], process_of: Callable[..., Any]) -> Any:
    """Return `call`, which adds the CPU time of this process and of the worker to `spent`."""

    def timed(*arguments: Any, **named: Any) -> Any:
        process = process_of(*arguments)

        def clock() -> float:
            return time.process_time() + (process.cpu_seconds if process is not None else 0.0)

        begin = clock()
        try:
            return call(*arguments, **named)
        finally:
            spent[key] += clock() - begin

    return timed


def watch(patch: pytest.MonkeyPatch, spent: Seconds) -> None:
    """Have every audit add its CPU time to `spent`, and every worker all of its own."""
    audits: list[tuple[Any, str, str, Callable[..., Any]]] = [
        (_stages.Stages, "_ask_altered", "asking altered items", lambda _, session, *__: session.process),
        (_stages.Stages, "_ask_few_inputs", "before save and after load", lambda _, session: session.process),
        (_Bench, "_ask_while_in_doubt", "asking on", lambda bench: bench.model.process),
        (_Bench, "_repeat", "repeated inputs", lambda bench, _: bench.model.process),
        (_stages, "audit", "comparing", lambda *_: None),
    ]
    for owner, name, key, process_of in audits:
        patch.setattr(owner, name, watched(spent, key, getattr(owner, name), process_of))
    end = Session.__exit__

    def ended(session: Session, *error: object) -> None:
        seconds = session.process.cpu_seconds
        end(session, *error)
        spent[WORKERS] += seconds

    patch.setattr(Session, "__exit__", ended)


def of_starting(course: TemporaryCourse) -> float:
    """Return the CPU time of the command until it finds that it has nothing to evaluate."""

    def of_processes() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    begin = of_processes()
    course.process("evaluate", "reference/missing")
    return of_processes() - begin


@pytest.mark.timeout(0)
def test_audits_take_a_tenth_of_evaluations(
    benchmark: Any, course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.environment.pop("HARNESS_LATENCY_SECONDS", None)
    shutil.copytree(ROOT / "tasks", course.root / "tasks", dirs_exist_ok=True)
    shutil.copytree(ROOT / "reference" / "_shared", course.root / "reference" / "_shared")
    spent, totals, lines, starting = Seconds(float), Seconds(float), list[str](), of_starting(course)
    watch(monkeypatch, spent)
    run = _evaluator.Evaluator._run

    def watched_run(self: Any, submission: Any, identity: Any, observer: Any) -> Any:
        spent.clear()
        begin = time.process_time()
        result = run(self, submission, identity, observer)
        total = time.process_time() - begin + spent.pop(WORKERS)
        told = ", ".join(f"{name} {seconds:.3f}" for name, seconds in spent.items())
        shares = f"{sum(spent.values()) / total:.1%} ({sum(spent.values()) / (total + starting):.1%})"
        name, task = result.record.submission.name, result.record.task.name
        lines.append(f"{name} on {task}: {total:.2f} s; {told}; {shares}")
        for key, seconds in (*spent.items(), ("all", total)):
            totals[key] += seconds
        return result

    monkeypatch.setattr(_evaluator.Evaluator, "_run", watched_run)

    def evaluate() -> None:
        for task, names in ((task, names) for task, names in QUICK.items() if not TASKS or task in TASKS):
            for name in names.split():
                shutil.copytree(ROOT / "reference" / name / task, course.root / "reference" / name / task)
            paths = [f"reference/{name}" for name in names.split()]
            if paths:
                course.harness("evaluate", *paths, "--task", task, "--data", "embedded", "--no-store")

    benchmark.pedantic(evaluate, rounds=1)
    everything = totals.pop("all")
    shares = ", ".join(f"{name} {seconds / everything:.1%}" for name, seconds in totals.items())
    together = sum(totals.values()) / everything
    lines = [f"starting: {starting:.2f} s", *lines, f"all: {everything:.1f} s; {shares}; together {together:.1%}"]
    print("", *lines, sep="\n")
    assert together <= 0.1
