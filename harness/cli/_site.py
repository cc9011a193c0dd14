"""``harness site``."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from harness.cli import PASSED
from harness.cli._options import console, opened, output_option
from harness.text import count_of


@click.command()
@click.option(
    "--audience",
    type=click.Choice(["public", "instructor"]),
    default="public",
    show_default=True,
    help="Who the pages are for. instructor adds logs, test items and a page about the class; do not publish them.",
)
@click.option("--open", "show", is_flag=True, help="Also open the first page in a browser.")
@output_option("Folder to write to. By default leaderboard/site, or .harness/site for instructors.", folder=True)
def site(audience: str, show: bool, output: Path | None) -> int:
    """Write static pages: the boards of the course, and a report for each record.

    The pages need no server and load nothing from elsewhere. The same records give the same bytes.
    """
    made = opened().pages.site(audience=audience, folder=output)
    pages, written = count_of(made.pages, "file", "files"), made.written
    removed = f", {made.removed} removed" if made.removed else ""
    console().conclude(f"{made.index}: {pages}, {written} written{removed}")
    if show and not webbrowser.open(made.index.resolve().as_uri()):
        console(stderr=True).print(f"no browser was found: open {made.index} yourself")
    return PASSED
