"""Every attack at every isolation level as every kind of user, and the table of what was held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox import GUARANTEES, Level
from tests.hostile._cases import Case
from tests.hostile._judge import problems_of
from tests.hostile._world import Host, Run, World, build_world

SECONDS = 3_600
SECONDS_ALONE = 60
OUT_OF_TIME = 124
"""The exit code of a run that had to be ended."""
HELD, NOT_HELD, NOT_RUN = "held", "**not held**", "not run"


@dataclass(frozen=True)
class Cell:
    """One attack at one level as one user."""

    word: str
    why: str = ""


@dataclass(frozen=True)
class Column:
    """All attacks at one level as one user."""

    host: str
    level: Level
    cells: dict[str, Cell]
    left: str
    """What the whole run left behind."""
    note: str = ""
    """Why nothing was run, if nothing was."""


def besiege(host: Host, level: Level, submitted: Sequence[Case], pairs: Sequence[Case]) -> Column:
    """Run every case at `level` as `host`; those that may take the harness along have a run of their own.

    `pairs` are the ways in which two workers try to send each other information.
    """
    with build_world(host) as world:
        for case in submitted:
            world.hand_in(case)
        before = world.tree()
        cells: dict[str, Cell] = {}
        survivors: list[str] = []
        for group in _groups(submitted):
            run = world.evaluate(
                group, SECONDS_ALONE if group[0].alone else SECONDS, "--isolation", f"exactly:{level.value}"
            )
            if run.code == 3 and not any(world.record(case) for case in submitted):
                return _not_run(
                    host, level, [*submitted, *pairs], run.output.strip().splitlines()[-1].partition(" (")[0]
                )
            cells |= {case.name: _cell(case, world, run) for case in group}
            survivors += run.survivors
        told = world.pairs(SECONDS, level)
        cells |= {pair.name: Cell(NOT_HELD, told[pair.name]) if pair.name in told else Cell(HELD) for pair in pairs}
        return Column(host.name, level, cells, _left(world, before, survivors))


def _groups(submitted: Sequence[Case]) -> Iterator[list[Case]]:
    yield [case for case in submitted if not case.alone]
    yield from ([case] for case in submitted if case.alone)


def _cell(case: Case, world: World, run: Run) -> Cell:
    if run.code == OUT_OF_TIME and not case.alone and world.record(case) is None:
        return Cell(NOT_RUN)
    problems = problems_of(case, world, run.survivors)
    return Cell(NOT_HELD, problems[0]) if problems else Cell(HELD)


def _not_run(host: Host, level: Level, submitted: Sequence[Case], note: str) -> Column:
    return Column(host.name, level, {case.name: Cell(NOT_RUN) for case in submitted}, NOT_RUN, note)


def _left(world: World, before: dict[str, str], survivors: Sequence[str]) -> str:
    after = world.tree()
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    counts = {"process": len(survivors), "temporary file": len(world.left_behind()), "changed file": len(changed)}
    found = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if count]
    return ", ".join(found) or "nothing"


def table(
    columns: Sequence[Column],
    attacks: Sequence[Case],
    pairs: Sequence[Case],
    honest: Sequence[Case],
    command: str,
) -> str:
    """Return the page: what was run, what was held, and of what was not, why."""
    levels = sorted({column.level for column in columns}, reverse=True)
    known = [case for case in (*attacks, *pairs, *honest) if case.known]
    return "\n".join(
        [
            "# Attacks and what holds them",
            "",
            "This page is written by the command below and contains only results of tests that ran. Each row is a file",
            "in `tests/hostile/`; its docstring says what it tries and how the test detects success.",
            "",
            f"    {command}",
            "",
            *(f"- `{level.value}`: {GUARANTEES[level]}" for level in levels),
            *(f"- {_title(column)} was not run: {column.note}" for column in columns if column.note),
            *(
                f"- `{case.name}` is known not to be held at {case.known.partition(' (')[0]}: {case.why_known}"
                for case in known
            ),
            "",
            *_rows("attack", attacks, columns, {}),
            "",
            *_rows("from one worker to another at the same time", pairs, columns, {}),
            "",
            *_rows("honest, but unusual", honest, columns, {HELD: "passed", NOT_HELD: "**failed**"}),
            "",
            "| after all of them | " + " | ".join(map(_title, columns)) + " |",
            "|---|" + "---|" * len(columns),
            "| left behind | " + " | ".join(column.left for column in columns) + " |",
            "",
            (Path(__file__).parent / "winning.md").read_text(),
            "## What was not held, and how it showed",
            "",
            *(
                f"- {case.name}, {_title(column)}: {_plain(column.cells[case.name].why)}"
                for column in columns
                for case in (*attacks, *pairs, *honest)
                if column.cells[case.name].word == NOT_HELD
            ),
            "",
        ]
    )


def _rows(title: str, submitted: Sequence[Case], columns: Sequence[Column], words: Mapping[str, str]) -> Iterator[str]:
    yield f"| {title} | what it tries | " + " | ".join(map(_title, columns)) + " |"
    yield "|---|---|" + "---|" * len(columns)
    for case in submitted:
        said = [column.cells[case.name].word for column in columns]
        yield f"| {case.name} | {case.tries} | " + " | ".join(words.get(word, word) for word in said) + " |"
    ran = [column for column in columns if not column.note]
    held = {id(column): sum(column.cells[case.name].word == HELD for case in submitted) for column in ran}
    totals = (f"{held[id(column)]} of {len(submitted)}" if column in ran else NOT_RUN for column in columns)
    yield f"| **{words.get(HELD, HELD)}** | | " + " | ".join(totals) + " |"


def _title(column: Column) -> str:
    return f"{column.level.value}, {column.host}"


def _plain(why: str) -> str:
    return " ".join(why.split())[:160].replace("|", "/").replace("<", "‹").replace("`", "'").replace("*", "·")


def page() -> Path:
    """Return where the table is kept."""
    return Path(__file__).parents[2] / "docs" / "attacks.md"
