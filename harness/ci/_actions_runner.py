"""Conventions of GitHub's runner: its environment, outputs and step summary."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.ci._annotations import notes_of, workflow_command
from harness.ci._ci_result import Result


def on_github(environment: Mapping[str, str]) -> bool:
    """Return whether the harness runs on one of GitHub's runners."""
    return environment.get("GITHUB_ACTIONS") == "true"


@contextmanager
def silenced(environment: Mapping[str, str], say: Callable[[str], None]) -> Iterator[None]:
    """Stop the runner from interpreting the output of the body as commands; a secret word ends this."""
    if not on_github(environment):
        yield
        return
    word = secrets.token_hex(16)
    say(f"::stop-commands::{word}")
    try:
        yield
    finally:
        say(f"::{word}::")


def runner_lines(result: Result, prefix: str) -> Iterable[str]:
    """Return the lines to print for the runner."""
    return map(workflow_command, notes_of(result, prefix))


def tell_runner(environment: Mapping[str, str], summary: str, result: Result) -> None:
    """Append the summary and the outputs to the files that the runner named."""
    outputs = f"outcome={'passed' if result.good else 'failed'}\nevaluated={len(result.graded)}\n"
    for name, text in (("GITHUB_STEP_SUMMARY", summary), ("GITHUB_OUTPUT", outputs)):
        if environment.get(name):
            with Path(environment[name]).open("a", encoding="utf-8") as file:
                file.write(text)
