"""``harness doctor``."""

from __future__ import annotations

import os

import click
from rich.console import Console

from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._common import common_options
from harness.cli._options import console, opened
from harness.data import Places
from harness.diagnosis import Diagnosis, Observation
from harness.errors import UsageError
from harness.terminal import hanging

_LINES = {
    "good": ("  ✓ ", "green"),
    "bad": ("  ✗ ", "yellow"),
    "neutral": ("  · ", ""),
    "fact": ("", ""),
    "advice": ("  to do: ", ""),
}


@click.command()
@click.option("--clock", is_flag=True, help="Also time the yardstick against itself, for three seconds.")
def doctor(*, clock: bool) -> int:
    """Show what works on this machine, and how to fix what does not."""
    out, diagnosis = console(), _diagnosis(clock)
    for observation in diagnosis.observations():
        _show(out, observation)
    level = diagnosis.level
    out.conclude("no worker starts here" if level is None else f"ready: isolation {level.value}")
    return INFRASTRUCTURE if level is None else PASSED


def _diagnosis(clock: bool) -> Diagnosis:
    """Return the diagnosis for the course of the current folder; outside of a course, for the machine alone."""
    try:
        return opened().diagnose(clock=clock)
    except UsageError as error:
        places = Places.of(os.environ, common_options().data_root)
        return Diagnosis(course=None, places=places, clock=clock, problem=str(error))


def _show(out: Console, observation: Observation) -> None:
    mark, style = _LINES[observation.verdict]
    out.print(hanging(out, mark, observation.text), style=style)
    if observation.remedy:
        out.print(hanging(out, "      to do: ", observation.remedy))
