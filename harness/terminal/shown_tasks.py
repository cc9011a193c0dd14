"""Show the tasks of a course as a table that fits any terminal."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from rich.console import Console
from rich.text import Text
from tabulate import tabulate


class TaskRow(NamedTuple):
    """One row of the table."""

    task: str
    kind: str
    metric: str
    baseline: str
    title: str


def print_tasks(out: Console, rows: list[TaskRow]) -> None:
    """Print a table or, if the terminal is too narrow for it, two lines for each task. Nothing is truncated."""
    table = tabulate(rows, list(TaskRow._fields), "plain", disable_numparse=True)
    if not out.is_terminal or max(map(len, table.splitlines())) <= out.width:
        out.print(table)
        return
    names = max((len(row.task) for row in rows), default=0) + 2
    for row in rows:
        facts = f"{row.kind}, {row.metric} {row.baseline}"
        for begin, words in ((Text(row.task, "bold"), row.title), (Text(""), facts)):
            begin.pad_right(names - len(begin))
            lines = textwrap.wrap(words, max(out.width - names, 20))
            out.print(begin + Text(f"\n{' ' * names}".join(lines)))
