"""``harness export gradescope``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.api import RunOptions
from harness.cli import PASSED
from harness.cli._options import console, data_option, grading_isolation_option, opened, output_option, run_options
from harness.record import ScoredOn


@click.command()
@click.option("--task", "name", required=True, metavar="TASK", help="The task to be graded on Gradescope.")
@output_option("Where to write the zip. By default gradescope-TASK.zip.")
@click.option("--score-on", type=click.Choice(["validation", "test"]), default="validation", show_default=True)
@run_options(data_option("real"), grading_isolation_option)
@click.option(
    "--torch-index",
    default="",
    metavar="URL",
    callback=lambda _context, _option, given: _address(given),
    help="Install torch there from this package index, such as one with builds for the CPU alone (gigabytes less).",
)
@click.option(
    "--wheel",
    type=click.Path(path_type=Path, exists=True),
    help="A wheel of the harness. By default it is built from the checkout.",
)
def gradescope(
    name: str, output: Path | None, score_on: ScoredOn, run: RunOptions, torch_index: str, wheel: Path | None
) -> int:
    """Write the autograder zip for Gradescope: the harness, one task and its data."""
    out = console()
    with out.status("building"):
        bundle = opened().platforms.write_gradescope_bundle(
            name, score_on=score_on, run=run, torch_index=torch_index, wheel=wheel, path=output
        )
    out.print(f"{bundle.path}: {bundle.size:,} bytes, task {name}, {run.data} data, scored on {score_on}")
    return PASSED


def _address(given: str) -> str:
    """Return `given` if it is the address of a package index that can safely be written into a script.

    Raises:
        BadParameter: it is not.
    """
    if given and (not given.startswith("https://") or not given.isprintable() or " " in given):
        raise click.BadParameter(f"{given!r} is not an address: expected https://…")
    return given
