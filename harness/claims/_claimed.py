"""Read the score that a submission claims from text and JSON of a bounded size, without running anything.

A rounded number represents all numbers that round to it: the claim 0.94 means 0.935 to 0.945.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from harness.contract import Metric
from harness.notebooks import MAX_NOTEBOOK_BYTES, NotebookError, last_output
from harness.record import ClaimedScore

ClaimSource = Literal["README", "results.json", "notebook"]

_README = re.compile(r"readme(\.(md|rst|txt))?", re.IGNORECASE)
_README_BYTES, _RESULTS_BYTES = 1 << 20, 64 << 10
_LINE_CHARACTERS = 200
"""A longer line is not a claim; pictures in a README can be lines of a million characters."""
_DECORATION = re.compile(r"[*`>#|]|^\s*[-+_'\"]+|[_'\"]+\s*$")
_CLAIM = re.compile(r"\s*claimed\b(?P<metric>[^:=]*)[:=](?P<value>.*)", re.IGNORECASE)
_NUMBER = re.compile(
    r"\s*(?P<number>-?(\d{1,20}(\.\d{0,30})?|\.\d{1,30})([eE][-+]?\d{1,3})?)\s*(?P<percent>%?)(?!\w|[.,]\w)"
)
_COARSEST = 0.005
"""The largest rounding error that is assumed, as a share of the metric's range: "1" is not a claim of one half."""
_UNREAD = 5
_OTHER_WORDS = frozenset({"score", "test"})
"""Words that may occur with the name of a metric."""


@dataclass(frozen=True)
class ClaimFile:
    """A file that may contain a claim."""

    name: str
    source: ClaimSource
    most_bytes: int
    """The size up to which the file is read."""


@dataclass(frozen=True)
class FoundClaims:
    """The claims of a submission, and messages about lines that look like claims but are not."""

    claimed: tuple[ClaimedScore, ...]
    unread: tuple[str, ...]


def claim_files(names: Iterable[str]) -> list[ClaimFile]:
    """Return which of the files in a submission's folder may contain a claim."""
    names = sorted(name for name in names if not name.startswith("."))
    readmes = [ClaimFile(name, "README", _README_BYTES) for name in names if _README.fullmatch(name)]
    results = [ClaimFile(name, "results.json", _RESULTS_BYTES) for name in names if name.lower() == "results.json"]
    notebooks = [name for name in names if name.lower().endswith(".ipynb")]
    chosen = ["model.ipynb"] if "model.ipynb" in notebooks else notebooks if len(notebooks) == 1 else []
    return [*readmes[:1], *results[:1], *(ClaimFile(name, "notebook", MAX_NOTEBOOK_BYTES) for name in chosen)]


def find_claims(files: Iterable[tuple[ClaimFile, bytes | None]], metric: Metric) -> FoundClaims:
    """Return what `files` claim about `metric`, at most one claim per file; content is None for irregular files."""
    finding = _ClaimsSearch(metric)
    for file, content in files:
        if content is None:
            finding.unread.append(f"{file.source} is not a regular file")
        elif len(content) > file.most_bytes:
            finding.unread.append(f"{file.source} is larger than {_size(file.most_bytes)} and was not read")
        else:
            finding.take(file, content)
    unread, more = finding.unread[:_UNREAD], len(finding.unread) - _UNREAD
    return FoundClaims(tuple(finding.claimed), (*unread, *([f"and {more} more lines like these"] if more > 0 else [])))


@dataclass
class _ClaimsSearch:
    """Collects claims from files."""

    metric: Metric
    claimed: list[ClaimedScore] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def take(self, file: ClaimFile, content: bytes) -> None:
        reading = self._of_results(content) if file.source == "results.json" else self._of_text(file, content)
        found = list(reading)
        self.claimed += found[:1]
        if len({(one.value, one.low) for one in found}) > 1:
            self.unread.append(f"{file.source} claims several values of {self.metric.name}: the first one is used")

    def _of_results(self, content: bytes) -> Iterator[ClaimedScore]:
        source: ClaimSource = "results.json"
        try:
            results = json.loads(
                content.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number
            )
        except json.JSONDecodeError as error:
            self.unread.append(f"{source}, line {error.lineno}, cannot be read as JSON")
            return
        except (ValueError, ArithmeticError, RecursionError):
            self.unread.append(f"{source} cannot be read as JSON")
            return
        claimed: Any = results.get("claimed") if isinstance(results, dict) else None
        values = claimed if isinstance(claimed, dict) else {"": claimed} if claimed is not None else {}
        for name, value in values.items():
            if not self._is_meant(name):
                self.unread.append(self._other_metric(source))
            elif isinstance(value, Decimal | str):
                yield from self._number(str(value), source, source, None)
            else:
                self.unread.append(f"{source}: expected a number as the claimed {self.metric.name}")

    def _of_text(self, file: ClaimFile, content: bytes) -> Iterator[ClaimedScore]:
        in_readme = file.source == "README"
        try:
            text = content.decode("utf-8-sig", "replace") if in_readme else last_output(file.name, content)
        except NotebookError:
            self.unread.append("the notebook, and therefore a claim in it, cannot be read")
            return
        for number, line in enumerate(text.splitlines(), 1):
            match = _CLAIM.match(_DECORATION.sub(" ", line)) if len(line) <= _LINE_CHARACTERS else None
            if match is None:
                continue
            where = f"README, line {number}" if in_readme else "notebook, last output"
            if self._is_meant(match["metric"]):
                yield from self._number(match["value"], file.source, where, number if in_readme else None)
            else:
                self.unread.append(self._other_metric(where))

    def _is_meant(self, name: str) -> bool:
        """Return whether `name` is the metric's in any spelling; no name means the primary metric."""
        words = [word for word in _words(name) if word not in _OTHER_WORDS]
        return not words or words == _words(self.metric.name)

    def _other_metric(self, where: str) -> str:
        return f"{where}: claims a score other than {self.metric.name}, which is the one that is compared"

    def _number(self, text: str, source: ClaimSource, where: str, line: int | None) -> Iterator[ClaimedScore]:
        match = _NUMBER.match(text)
        if match is None:
            self.unread.append(f"{where}: expected a number as the claimed {self.metric.name}, such as 0.942 or 94.2 %")
            return
        of_hundred = bool(match["percent"]) and self.metric.unit != "%"
        number = Decimal(match["number"]) / (100 if of_hundred else 1)
        digits = Decimal(match["number"]).as_tuple().exponent
        assert isinstance(digits, int)
        half = float(Decimal(5).scaleb(digits - (3 if of_hundred else 1)))
        value = float(number)
        least, most = self.metric.within
        if not (math.isfinite(value) and math.isfinite(half) and least <= value <= most):
            self.unread.append(
                f"{where}: the number is not a possible value of {self.metric.name}, {least:g} to {most:g}"
            )
            return
        if math.isfinite(most - least):
            half = min(half, _COARSEST * (most - least))
        yield ClaimedScore(
            source=source, line=line, value=value, low=max(least, value - half), high=min(most, value + half)
        )


def _words(name: str) -> list[str]:
    return re.sub(r"[\W_]+", " ", name).lower().split()


def _no_number(_: str) -> None:
    raise ValueError("not a number in JSON")


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"
