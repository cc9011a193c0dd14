"""The page for the people who teach: which items are hard, which tell models apart, and which claims do not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment
from markupsafe import Markup

from harness import svg
from harness.contract import Split, Task
from harness.kinds import KINDS
from harness.report import draw, make_environment, whole_page
from harness.text import as_percent

Array = np.ndarray[Any, Any]

_MOST_ITEMS = 12
_LEAST_MODELS = 4
"""Fewer models say nothing about an item."""
_BEYOND_CHANCE = 2.0
"""How many standard errors below zero the correlation of a misleading item is, where models answer it by chance."""
_BINS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassTask:
    """What all models of one task did with the same scored items."""

    task: Task
    name: str
    outcomes: Array
    """(models, items) bool: which answers are right."""
    scored: Split | None
    """The scored items, if this machine has them."""
    claims: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For each submission that claims a score what there is to say about it."""


@dataclass(frozen=True)
class _HardItem:
    number: int
    right: str
    discrimination: str
    picture: Markup | None
    truth: str


@dataclass(frozen=True)
class _ClassPart:
    title: str
    name: str
    about: str
    difficulties: Markup | None
    hard: list[_HardItem]
    odd: list[_HardItem]
    claims: tuple[tuple[str, tuple[str, ...]], ...]


def class_page(title: str, tasks: Sequence[ClassTask], similarity: str) -> str:
    """Return the page; `similarity` says how to compare the code of the class."""
    body = (
        _templates().get_template("class.html.jinja").render(parts=[_part(one) for one in tasks], similarity=similarity)
    )
    return whole_page(
        "What the class teaches",
        Markup(body),  # noqa: S704 - escaped there
        footer="For the people who teach: it shows items of the scored part. Do not publish it.",
        up="",
        trail=[(title, "index.html")],
        wide=True,
    )


def difficulty(outcomes: Array) -> Array:
    """Return (items,) the share of models that have each item right."""
    return np.asarray(outcomes.mean(axis=0))


def discrimination(outcomes: Array) -> Array:
    """Return (items,) the correlation of having an item right with the score on all others; NaN where all agree."""
    right = outcomes.astype(float)
    rest = right.sum(axis=1, keepdims=True) - right
    centred, others = right - right.mean(axis=0), rest - rest.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0) * (others**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(spread > 1e-12, (centred * others).sum(axis=0) / spread, np.nan))


def _part(one: ClassTask) -> _ClassPart:
    models, items = one.outcomes.shape
    about = f"{models} models, {items} scored items."
    if models < _LEAST_MODELS or not items:
        return _ClassPart(
            one.task.title,
            one.name,
            f"{about} Items are analysed from {_LEAST_MODELS} models on.",
            None,
            [],
            [],
            one.claims,
        )
    share, tells = difficulty(one.outcomes), discrimination(one.outcomes)
    hard = [int(item) for item in np.argsort(share, kind="stable")[:_MOST_ITEMS] if share[item] < 0.5]
    odd = [
        int(item) for item in np.argsort(np.nan_to_num(tells, nan=1.0), kind="stable")[:_MOST_ITEMS] if tells[item] < 0
    ]
    return _ClassPart(
        title=one.task.title,
        name=one.name,
        about=about,
        difficulties=_difficulties(share),
        hard=[_item(one, item, share, tells) for item in hard],
        odd=[_item(one, item, share, tells) for item in odd],
        claims=one.claims,
    )


def _difficulties(share: Array) -> Markup:
    counts, edges = np.histogram(share, bins=_BINS, range=(0, 1))
    axes = svg.frame(
        (0, 1),
        (0, float(max(counts.max(), 1))),
        x_name="share of models that have it right",
        y_name="items",
        height=220,
    )
    values = [
        (
            float(edges[n]),
            float(edges[n + 1]),
            float(count),
            f"{count} items: {as_percent(edges[n])} to {as_percent(edges[n + 1])}",
        )
        for n, count in enumerate(counts)
    ]
    return svg.bars(
        values, axes, f"Difficulty of {len(share)} items; {int((share == 0).sum())} of them nobody has right"
    )


def _item(one: ClassTask, item: int, share: Array, tells: Array) -> _HardItem:
    models = len(one.outcomes)
    picture, truth = None, ""
    if one.scored is not None:
        drawing = KINDS[one.task.kind].drawing(one.task, one.scored.inputs[item], one.scored.targets[item])
        picture, truth = draw(drawing), drawing.truth
    told = "" if np.isnan(tells[item]) else f"{tells[item]:+.2f}"
    return _HardItem(item, f"{round(share[item] * models)} of {models}", told, picture, truth)


@cache
def _templates() -> Environment:
    return make_environment("harness.site")
