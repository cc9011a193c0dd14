"""Write ``docs/results.md`` from records: ``python docs/results.py [RECORDS…]``.

RECORDS are folders of records: by default ``docs/records``, where ``harness evaluate … --json docs/records/NAME.json``
writes them, and ``leaderboard/records``. For each submission, task and source of data, the record with the most seeds
is used, and of several such records the newest. Published figures come from ``docs/published.toml``, and the comments
on our results from ``docs/accounts.toml``.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

DOCS = Path(__file__).parent
DEFAULT = (DOCS / "records", DOCS.parent / "leaderboard" / "records")
FIGURE = re.compile(r"\{(real|embedded)/([\w-]+)/(\w+)\}")
"""In a comment of ``accounts.toml``: the score of a method in one metric."""

HEAD = """# Results

The scores of the references and of the example submission `alice`, on real data where they were available, and on the
embedded source of each task. `python docs/results.py` writes this page from the records in `docs/records/` and
`leaderboard/records/`; no figure in a table is typed by hand. Intervals are 95 % intervals and cover test sampling
only. *Difference* is our score minus the published figure. Published figures are always for real data, so no
difference is given for an embedded source, which contains other data. A `·` means that we know of no published figure.
"""


@dataclass(frozen=True)
class Figure:
    """A published figure; `reference` is empty if the figure is for the task and not for a method."""

    task: str
    metric: str
    value: float
    source: str
    reference: str = ""


@dataclass(frozen=True)
class Result:
    """One metric of one record."""

    task: str
    name: str
    real: bool
    started: str
    metric: str
    primary: bool
    value: float
    half: float
    higher_is_better: bool
    status: str
    parameters: int | None
    cpu_seconds: float | None
    scored_on: str
    seeds: int
    """The number of models whose mean the value is."""


def read(folders: Iterable[Path]) -> list[Result]:
    """Return the results of each submission, task and kind of data, from the newest record with the most seeds."""
    best: dict[tuple[str, str, bool], dict[str, Any]] = {}
    for record in (record for folder in folders for record in records(folder)):
        key = (record["task"]["name"], record["submission"]["name"], record["task"]["source"] != "embedded")
        if key not in best or weight(best[key]) <= weight(record):
            best[key] = record
    return [result for key, record in sorted(best.items()) for result in results(record, real=key[2])]


def weight(record: dict[str, Any]) -> tuple[int, str]:
    """Return the key by which records are compared: the number of seeds, then the time."""
    return len(record["run"]["repeats"]), record["run"]["started"]


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield every record below `folder`: a file holds one record or a list of them, a history one in each line."""
    for path in sorted(folder.rglob("*.json")):
        content = json.loads(path.read_text())
        yield from content if isinstance(content, list) else [content]
    for path in sorted(folder.rglob("*.jsonl")):
        yield from map(json.loads, path.read_text().splitlines())


def results(record: dict[str, Any], *, real: bool) -> Iterator[Result]:
    """Yield one result for each score."""
    for score in record["scores"]:
        yield Result(
            task=record["task"]["name"],
            name=record["submission"]["name"],
            real=real,
            started=record["run"]["started"],
            metric=score["name"],
            primary=score["primary"],
            value=score["value"],
            half=(score["high"] - score["low"]) / 2,
            higher_is_better=score["higher_is_better"],
            status=record["status"].replace("_", " "),
            parameters=record["cost"]["parameters"],
            cpu_seconds=record["cost"]["cpu_seconds"],
            scored_on=record["task"]["scored_on"],
            seeds=len(record["run"]["repeats"]) or 1,
        )


def published(path: Path) -> list[Figure]:
    """Return the figures of ``published.toml``."""
    return [Figure(**entry) for entry in tomllib.loads(path.read_text()).get("figure", [])]


def accounts(path: Path, found: list[Result]) -> dict[str, str]:
    """Return the comment of ``accounts.toml`` on each task, with the figures that it names.

    Raises:
        KeyError: no record has such a figure.
    """
    values = {
        f"{{{'real' if r.real else 'embedded'}/{method(r)}/{r.metric}}}{r.task}": f"{r.value:.3f} ± {r.half:.3f}"
        for r in found
    }
    return {
        task: FIGURE.sub(lambda named, task=task: values[named[0] + task], text.strip())
        for task, text in tomllib.loads(path.read_text()).items()
    }


def method(result: Result) -> str:
    """Return the name that is displayed."""
    return result.name.removeprefix("reference/")


def page(found: list[Result], figures: list[Figure], said: dict[str, str]) -> str:
    """Return the whole page."""
    sections = [HEAD]
    for task in sorted({result.task for result in found}):
        sections.append(f"## {task}\n")
        if task in said:
            sections.append(f"{said[task]}\n")
        for real in (True, False):
            chosen = [result for result in found if (result.task, result.real) == (task, real)]
            shown = worth_showing(chosen, figures)
            if shown:
                sections.append(f"### {'real data' if real else 'embedded source'}\n\n{table(shown, figures)}\n")
            elif real:
                sections.append("There is no record on real data, which were not available.\n")
    sources = sorted({(figure.task, figure.source) for figure in figures if figure.task in {r.task for r in found}})
    sections.append("## Sources of the published figures\n")
    sections += [f"- {task}: {source}" for task, source in sources]
    return "\n".join(sections).rstrip() + "\n"


def worth_showing(chosen: list[Result], figures: list[Figure]) -> list[Result]:
    """Keep the primary score, and others for which a figure was published; best first."""
    best = {result.name: result.value for result in chosen if result.primary}
    kept = [result for result in chosen if result.primary or of(result, figures) is not None]
    return sorted(kept, key=lambda r: (not r.primary, -best[r.name] if r.higher_is_better else best[r.name], r.name))


def table(shown: list[Result], figures: list[Figure]) -> str:
    """Return results as a markdown table."""
    rows = []
    for result in shown:
        figure = of(result, figures)
        rows.append(
            [
                method(result),
                measured(result),
                f"{result.value:.3f} ± {result.half:.3f}",
                "·" if figure is None else f"{figure.value:.3f}",
                "·" if figure is None or not result.real else f"{result.value - figure.value:+.3f}",
                result.status if result.primary else "",
                "·" if result.parameters is None else f"{result.parameters:,}",
                "·" if result.cpu_seconds is None else f"{result.cpu_seconds:.0f} s",
            ]
        )
    heads = ("method", "metric", "score", "published", "difference", "status", "parameters", "CPU to fit")
    align = ("left", "left", "right", "right", "right", "left", "right", "right")
    return tabulate(rows, heads, tablefmt="pipe", colalign=align, disable_numparse=True)


def measured(result: Result) -> str:
    """Return the metric, and what is unusual about how it was measured."""
    unusual = [result.scored_on] if result.scored_on != "test" else []
    unusual += [f"mean of {result.seeds} seeds"] if result.seeds > 1 else []
    return result.metric + (f" ({', '.join(unusual)})" if unusual else "")


def of(result: Result, figures: list[Figure]) -> Figure | None:
    """Return the figure to compare `result` with: that of the method, otherwise that of the task."""
    fitting = [
        figure
        for figure in figures
        if (figure.task, figure.metric) == (result.task, result.metric) and figure.reference in (method(result), "")
    ]
    return max(fitting, key=lambda figure: bool(figure.reference), default=None)


def main(arguments: list[str]) -> None:
    """Read the records, write the page, and print what was written."""
    folders = [Path(argument) for argument in arguments] or list(DEFAULT)
    found = read(folders)
    text = page(found, published(DOCS / "published.toml"), accounts(DOCS / "accounts.toml", found))
    (DOCS / "results.md").write_text(text)
    print(f"{DOCS / 'results.md'}: {len({(r.task, r.name, r.real) for r in found})} records")


if __name__ == "__main__":
    main(sys.argv[1:])
