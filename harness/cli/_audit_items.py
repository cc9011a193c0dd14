"""``harness audit items``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from harness.api import OpenCourse
from harness.cli import PASSED
from harness.cli._options import console, opened
from harness.errors import InfrastructureError
from harness.leaderboard import Ensemble, ItemAnalysis, ItemFinding
from harness.terminal import Screen
from harness.text import count_of, neutral_line

_MODELS = 5


@click.command()
@click.option("--task", required=True, metavar="TASK", help="The task whose scored items are analysed.")
def items(task: str) -> int:
    """Show which scored items look mislabelled, and which separate good models from bad ones. Never publish the result.

    Items are counted from 0 in the scored part. The results reveal something about the targets, so they are
    printed and never written to a file.
    """
    out, course = console(), opened()
    found = course.audits.items(task)
    for one, passed in zip(found, course.audits.cut_offs(task), strict=True):
        _show(out, one)
        if passed:
            out.print("share of the class that passes")
        for cut_off in passed:
            out.print(f"  {cut_off}")
    _show_alike(out, course, task)
    models = sum(len(one.models) for one in found)
    out.conclude(f"{task}: {count_of(models, 'model', 'models')} analysed; for instructors only")
    return PASSED


def _show(out: Screen, found: ItemAnalysis) -> None:
    if found.without_evidence:
        out.print(f"without evidence of each item: {neutral_line(', '.join(found.without_evidence))}")
    if not found.nobody and not found.reversed and not found.separating and found.ensemble is None:
        out.print("at least three models with evidence of which items are right are needed")
        return
    _list(out, "no model is right on these: check their labels", found.nobody)
    _list(out, "better models are right on these less often than others: check their labels", found.reversed)
    _list(out, "these separate good models from bad ones best", found.separating)
    if found.ensemble is not None:
        _show_ensemble(out, found.ensemble)


def _show_alike(out: Screen, course: OpenCourse, task: str) -> None:
    """Print inputs that parts share, because scores on items that `fit` was given, or on similar ones, say little."""
    try:
        found = course.audits.alike(task)
    except InfrastructureError as error:
        out.print(f"it is unknown whether parts share inputs: {neutral_line(str(error))}")
        return
    for sentence in found:
        out.print(neutral_line(sentence))


def _list(out: Screen, title: str, found: Sequence[ItemFinding]) -> None:
    if found:
        out.print(title)
    for one in found:
        out.print(f"  item {one.item:<6} right in {one.right:.0%} of models, correlation {one.discrimination:+.2f}")


def _show_ensemble(out: Screen, found: Ensemble) -> None:
    out.print(f"a vote of all models reaches {found.score:.4f}, the best of them {found.best:.4f}")
    for name, added in found.added[:_MODELS]:
        out.print(f"  {neutral_line(name)} adds {added:+.4f}")
