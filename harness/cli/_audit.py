"""``harness audit``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import Progress

from harness.api import Follower
from harness.cli import PASSED
from harness.cli._audit_items import items
from harness.cli._audit_learning import learning
from harness.cli._common import Group
from harness.cli._options import console, opened, output_option
from harness.terminal import Screen

_SHOWN = 20


@click.group(cls=Group)
def audit() -> None:
    """Compare the submissions of a class, learn from its results, or test whether its models learned."""


audit.add_command(items)
audit.add_command(learning)


@audit.command()
@click.option("--task", required=True, metavar="TASK", help="The task whose submissions are compared.")
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="An earlier year's submissions, compared with this year's. Repeatable.",
)
@click.option(
    "--boilerplate",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file that was handed out: its code does not count as shared. Repeatable.",
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Smallest share of common code that is listed.",
)
@output_option("Where to write the page. By default below .harness/similarity.")
def similarity(
    task: str, against: tuple[Path, ...], boilerplate: tuple[Path, ...], least: float, output: Path | None
) -> int:
    """List submissions that share code with each other, the references or earlier years. The list is not a verdict."""
    out = console()
    found = opened().audits.similarity(
        task,
        against=against,
        boilerplate=boilerplate,
        least=least,
        path=output,
        follower=_ShownComparison(out),
    )
    for pair in found.pairs[:_SHOWN]:
        out.print(f"{pair.first.name} ({pair.shares[0]:.0%}) · {pair.second.name} ({pair.shares[1]:.0%})")
    shared = f"{len(found.pairs)} of {found.compared} pairs share at least {least:.0%}"
    out.conclude(f"{shared}; look at {found.path} before you judge")
    return PASSED


class _ShownComparison(Follower):
    """Shows what is left out, and a bar while pairs are compared."""

    def __init__(self, out: Screen) -> None:
        self._out = out

    def left_out(self, text: str) -> None:
        self._out.print(f"left out: {text}")

    @contextmanager
    def comparing(self, total: int) -> Iterator[Callable[[], None]]:
        with Progress(console=self._out, transient=True, disable=not self._out.is_terminal) as progress:
            bar = progress.add_task("comparing", total=total)
            yield lambda: progress.advance(bar)
