"""Show the live progress of one evaluation."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

from harness.evaluation import Observer
from harness.sandbox import Notify
from harness.text import neutral

if TYPE_CHECKING:
    from rich.progress import Progress

_COUNTABLE = 1e9  # students may log any number, but a bar cannot show all of them
_SECONDS_BETWEEN_LINES = 10.0
_COUNTERS = (("epoch", "epochs"), ("step", "steps"))


@contextmanager
def watching(console: Console, name: str) -> Iterator[Observer]:
    """Yield an observer that draws bars on `console`, or prints occasional lines if that is not a terminal."""
    if not console.is_terminal:
        yield _Lines(console, name)
        return
    from rich.progress import (  # slow to import, and needed only here
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import TimeRemainingColumn as TimeLeftColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeLeftColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Drawn(progress, name)


@contextmanager
def waiting(console: Console, name: str, note: str, tell: Notify) -> Iterator[None]:
    """Show that `name` is being done, for how long already, and `note`, while the body runs.

    If `console` is not a terminal, `tell` is called if it takes long.
    """
    if console.is_terminal:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # slow to import

        columns = (
            TextColumn("  {task.description}", markup=False),
            SpinnerColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            progress.add_task(name, total=None, note=note)
            yield
        return
    ended = threading.Event()

    def watch() -> None:
        if not ended.wait(_SECONDS_BETWEEN_LINES):
            tell(f"{name}: not ended after {_SECONDS_BETWEEN_LINES:g} s{note and f'; {note}'}")

    teller = threading.Thread(target=watch, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


class _Lines:
    """Prints a line at the beginning, and for each phase that begins long after the last line."""

    def __init__(self, console: Console, name: str) -> None:
        self._console, self._name, self._printed = console, name, -math.inf
        self.phase("started")

    def phase(self, name: str) -> None:
        now = time.monotonic()
        if now - self._printed >= _SECONDS_BETWEEN_LINES:
            self._console.print(f"{self._name}: {name} …")
            self._printed = now

    def advance(self, done: float, total: float) -> None:
        """Print nothing."""

    def logged(self, values: dict[str, float]) -> None:
        """Print nothing, because students may log at any rate."""


class _Drawn:
    """Draws a bar for the current phase."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name = progress, name
        self._bar = progress.add_task(name, total=None, note="")

    def phase(self, name: str) -> None:
        self._progress.remove_task(self._bar)  # because `reset` would keep the previous total
        self._bar = self._progress.add_task(f"{self._name} · {name}", total=None, note="")

    def advance(self, done: float, total: float) -> None:
        self._progress.update(self._bar, completed=done, total=total)

    def logged(self, values: dict[str, float]) -> None:
        for counter, counted in _COUNTERS:
            if 0 <= values.get(counter, -1) <= values.get(counted, -1) <= _COUNTABLE:
                self.advance(values[counter], values[counted])
        shown = {name: value for name, value in values.items() if name not in ("epochs", "steps")}
        note = "  ".join(f"{name} {value:.4g}" for name, value in list(shown.items())[:4])
        self._progress.update(self._bar, note=neutral(note))
