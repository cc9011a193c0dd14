"""Read a CSV file for a new task: find the target, the column that identifies people, and useless columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.errors import UsageError
from harness.scaffold._dates import are_dates
from harness.scaffold._found_data import (
    DataQuestions,
    FoundData,
    Makers,
    UnclearDataError,
    check_amounts,
    check_groups,
    kind_of_numbers,
    labels_of,
    parts_of,
)
from harness.tables import Sheet

_TARGETS = re.compile(r"(target|label|class|y|outcome|diagnosis|result|response)s?", re.IGNORECASE)
_GROUPS = re.compile(r"(patient|subject|person|participant|proband|group)[_ -]?(id|nr|no|number|name)?", re.IGNORECASE)
_PARTS = re.compile(r"split|part|set|subset|fold|partition", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(.*[_ -])?(id|index|nr|no|number|row)|unnamed.*|", re.IGNORECASE)
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "."})
_MOST_VALUES = 20
_WORDS_OF_TEXT = 4


@dataclass(frozen=True)
class _Column:
    name: str
    values: tuple[str, ...]
    lines: tuple[int, ...]
    comma: bool
    """Whether a comma may be a decimal comma, because it does not separate cells."""

    def numbers(self) -> np.ndarray | None:
        """Return the values as numbers, NaN for missing ones; None if any value is not a number."""
        found = np.full(len(self.values), np.nan)
        for place, value in enumerate(self.values):
            if value.casefold() not in _MISSING:
                try:
                    found[place] = float(value.replace(",", ".") if self.comma and value.count(",") == 1 else value)
                except ValueError:
                    return None
        return found if np.isfinite(found).any() else None

    def distinct(self) -> list[str]:
        return sorted(set(self.values))

    def is_text(self) -> bool:
        return len(self.distinct()) > _MOST_VALUES and float(np.mean([v.count(" ") + 1 for v in self.values])) >= (
            _WORDS_OF_TEXT
        )

    def complete(self, file: str) -> _Column:
        """Return this column if no value is missing.

        Raises:
            UsageError: a value is missing.
        """
        missing = [line for value, line in zip(self.values, self.lines, strict=True) if value.casefold() in _MISSING]
        if missing:
            raise UsageError(
                f"{file}: {len(missing)} of {len(self.values)} rows have no value of {self.name!r}, the first in line "
                f"{missing[0]}; fill them, remove those rows, or leave the column out with --leave-out {self.name!r}"
            )
        return self


def read_table(path: Path, asked: DataQuestions) -> FoundData:
    """Read the CSV file `path`, with any encoding and separator.

    Raises:
        UsageError: no task can be made from it; the message says why.
        UnclearDataError: it is unclear which column is to be predicted, or which one identifies people.
    """
    columns = _columns(path)
    target = _pick_target(columns, asked, path.name).complete(path.name)
    rest = {name: one for name, one in columns.items() if name != target.name}
    group = _pick_group(rest, asked, path.name)
    part = next(
        (one for name, one in rest.items() if _PARTS.fullmatch(name) and parts_of(one.values) is not None), None
    )
    used = [one for one in rest.values() if one not in (group, part) and one.name not in asked.leave_out]
    notes = [f"{target.name!r} is the column to predict"]
    notes += [] if group is None else [f"{group.name!r} identifies the person or subject: nobody is in two parts"]
    notes += [] if part is None else [f"{part.name!r} says to which part a row belongs"]
    inputs, said = _inputs(used, path.name)
    kind, classes, targets = _targets(target, asked.kind, path.name)
    return FoundData(
        what=f"{target.name} from {'texts' if isinstance(inputs, list) else f'{inputs.shape[1]} numbers'}",
        inputs=inputs,
        targets=targets,
        kind=kind,
        classes=classes,
        groups=None if group is None else check_groups(group.complete(path.name).values, f"{group.name!r}"),
        part=None if part is None else parts_of(part.values),
        notes=(*notes, *said),
    )


def _columns(path: Path) -> dict[str, _Column]:
    sheet = Sheet.read(path)
    header = sheet.header
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UsageError(f"{path.name} has two columns {twice[0]!r}; give each a name of its own")
    if all(re.fullmatch(r"[-+]?[\d.,]+(e[-+]?\d+)?", name) for name in header):
        raise UsageError(f"{path.name} begins with numbers; expected the names of the columns in the first row")
    rows = sheet.rows[1:]
    odd = next((row for row in rows if len(row.cells) > len(header)), None)
    if odd is not None:
        raise UsageError(
            f"{path.name}, line {odd.line}: found {len(odd.cells)} cells; expected {len(header)}, as in the first row"
        )
    if not rows:
        raise UsageError(f"{path.name} has a header and no rows; expected some for each class")
    lines, comma = tuple(row.line for row in rows), sheet.delimiter != ","
    cells = [(row.texts + [""] * len(header))[: len(header)] for row in rows]
    return {
        name: _Column(name, tuple(one), lines, comma)
        for name, one in zip(header, zip(*cells, strict=True), strict=True)
    }


def _named(columns: dict[str, _Column], name: str, option: str, file: str) -> _Column:
    if name not in columns:
        raise UsageError(f"{file} has no column {name!r}, named with --{option}: there are {', '.join(columns)}")
    return columns[name]


def _pick_target(columns: dict[str, _Column], asked: DataQuestions, file: str) -> _Column:
    for name in asked.leave_out:
        _named(columns, name, "leave-out", file)
    if asked.target is not None:
        return _named(columns, asked.target, "target", file)
    usual = [one for name, one in columns.items() if _TARGETS.fullmatch(name)]
    if len(usual) != 1:
        raise UnclearDataError(f"Which column of {file} is to be predicted?", "target", list(columns))
    return usual[0]


def _pick_group(columns: dict[str, _Column], asked: DataQuestions, file: str) -> _Column | None:
    if asked.group is not None:
        return _named(columns, asked.group, "group", file)
    usual = [one for name, one in columns.items() if _GROUPS.fullmatch(name) and name not in asked.leave_out]
    several = [one for one in usual if len(one.distinct()) < len(one.values)]
    if len(several) > 1:
        raise UnclearDataError(f"Which column of {file} identifies people?", "group", [one.name for one in several])
    return several[0] if several else None


def _inputs(columns: Sequence[_Column], file: str) -> tuple[np.ndarray | list[str], list[str]]:
    """Return the inputs, an array of numbers or a list of texts, and sentences about the decisions."""
    taken: list[np.ndarray] = []
    texts: list[_Column] = []
    notes: list[str] = []
    for one in columns:
        numbers, distinct = one.numbers(), one.distinct()
        if why := _why_useless(one):
            notes.append(f"{one.name!r} is left out: {why}")
        elif numbers is not None:
            one.complete(file)
            taken.append(numbers[:, None])
        elif one.is_text():
            texts.append(one)
        elif len(distinct) <= _MOST_VALUES:
            one.complete(file)
            taken.append(np.array([[value == other for other in distinct] for value in one.values], np.float64))
            notes.append(f"{one.name!r} becomes {len(distinct)} numbers, one for each of {', '.join(distinct)}")
        else:
            notes.append(f"{one.name!r} is left out: {len(distinct)} different words are neither numbers nor texts")
    if taken:
        notes += [f"{one.name!r} is left out: an input cannot hold both texts and numbers" for one in texts]
        return np.hstack(taken).astype(np.float32), notes
    if len(texts) == 1:
        return list(texts[0].complete(file).values), [*notes, f"{texts[0].name!r} is the input, a text"]
    if texts:
        names = [one.name for one in texts]
        raise UsageError(
            f"{file} has several columns of texts ({', '.join(names)}); leave out all but one: --leave-out"
        )
    raise UsageError(f"{file} has no column to predict from; expected numbers, a few different words, or texts")


def _why_useless(column: _Column) -> str | None:
    """Return why a column is no input, whatever the others are; None if it may be one."""
    distinct, there = column.distinct(), [one for one in column.values if one.casefold() not in _MISSING]
    is_name = _IDENTIFIER.fullmatch(column.name) or _GROUPS.fullmatch(column.name)
    if len(distinct) == 1:
        return f"it is {distinct[0]!r} in every row"
    if is_name and len(distinct) == len(column.values):
        return "it numbers the rows"
    if are_dates(there):
        return f"it holds dates, such as {there[0]}; write when it was as a number, such as a count of days, to use it"
    return None


def _targets(column: _Column, kind: str | None, file: str) -> tuple[str, tuple[str, ...], np.ndarray]:
    name, numbers = f"{file}: {column.name!r}", column.numbers()
    found = "classification" if numbers is None else kind_of_numbers(numbers, kind)
    if numbers is None and kind not in (None, found):
        raise UsageError(f"{name} holds words such as {column.values[0]!r}; expected numbers for {kind}")
    amounts = np.empty(0) if numbers is None else numbers
    makers: Makers = {
        "classification": lambda: labels_of(column.values, name),
        "regression": lambda: ((), check_amounts(amounts, name)),
    }
    if found not in makers:
        raise UsageError(f"{found} tasks cannot be made from a table; expected --kind {' or '.join(makers)}")
    classes, targets = makers[found]()
    return found, classes, targets
