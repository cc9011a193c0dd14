"""The page for instructors: what the results say about the scored items, and which claims were not confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from harness.contract import Split, Task
from harness.leaderboard import ItemAnalysis, ItemFinding
from harness.report import PagePlace, draw, make_environment, whole_page
from harness.text import as_percent, count_of


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassTask:
    """The results of all models of one task on the same scored items."""

    task: Task
    name: str
    analysis: ItemAnalysis
    scored: Split | None
    """The scored items, if this machine has them."""
    claims: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Remarks about each submission that claims a score."""
    cut_offs: tuple[str, ...] = ()
    """Sentences that say how many submissions reach the baseline and each cut-off."""


@dataclass(frozen=True)
class _HardItem:
    number: int
    right: str
    discrimination: str
    picture: Markup | None
    truth: str


@dataclass(frozen=True)
class _ItemGroup:
    title: str
    note: str
    found: list[_HardItem]


@dataclass(frozen=True)
class _ClassPart:
    title: str
    about: str
    groups: list[_ItemGroup]
    claims: tuple[tuple[str, tuple[str, ...]], ...]
    cut_offs: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not self.groups and not self.claims and not self.cut_offs


def class_page(title: str, tasks: Sequence[ClassTask], similarity: str) -> str:
    """Return the page; `similarity` is a sentence about comparing the code of the class."""
    parts = [_part(one) for one in tasks]
    empty = [one.name for one, part in zip(tasks, parts, strict=True) if part.is_empty]
    parts = [part for part in parts if not part.is_empty]
    body = _templates().get_template("class.html.jinja").render(
        parts=parts, empty=", ".join(empty), similarity=similarity
    )  # fmt: skip
    return whole_page(
        "What the class teaches",
        Markup(body),  # noqa: S704 - escaped there
        footer="For instructors: this page shows items of the scored part. Do not publish it.",
        place=PagePlace(up="", trail=[(title, "index.html")], wide=True),
    )


def _part(one: ClassTask) -> _ClassPart:
    found = one.analysis
    groups = (
        _ItemGroup("Items that no model gets right", "Check their labels first.", _items(one, found.nobody)),
        _ItemGroup(
            "Items that strong models get wrong and weak ones right",
            "The label may be wrong, or the item misleading; with few models it is often due to chance.",
            _items(one, found.reversed),
        ),
        _ItemGroup("Items that tell models apart best", "Useful in a lecture.", _items(one, found.separating)),
    )
    shown = [group for group in groups if group.found]
    return _ClassPart(one.task.title, f"{one.name}: {_about(found)}", shown, one.claims, one.cut_offs)


def _about(found: ItemAnalysis) -> str:
    said = f"{count_of(len(found.models), 'model', 'models')} with evidence for each item."
    if not (found.nobody or found.reversed or found.separating):
        return f"{said} Items can be analysed if answers are right or wrong, and if there are at least three models."
    if found.ensemble is None:
        return said
    return (
        f"{said} A vote of all models reaches {as_percent(found.ensemble.score)}, the best model alone "
        f"{as_percent(found.ensemble.best)}."
    )


def _items(one: ClassTask, found: Iterable[ItemFinding]) -> list[_HardItem]:
    return [_item(one, item) for item in found]


def _item(one: ClassTask, found: ItemFinding) -> _HardItem:
    picture, truth = None, ""
    if one.scored is not None:
        drawing = one.task.kind_definition.drawing(
            one.task, one.scored.inputs[found.item], one.scored.targets[found.item]
        )
        picture, truth = draw(drawing), drawing.truth
    return _HardItem(found.item, as_percent(found.right), f"{found.discrimination:+.2f}", picture, truth)


@cache
def _templates() -> Environment:
    return make_environment("harness.site")
