"""Assemble a ``model.py`` from a notebook, and describe errors in it by cell and line."""

from __future__ import annotations
import __future__

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import SubmissionError
from harness.notebooks import Notebook, NotebookError
from harness.wire import Extracted

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class ModelSource:
    """A ``model.py`` assembled from a notebook, and where each of its lines comes from."""

    notebook: Notebook
    text: str
    lines: tuple[tuple[int, int] | None, ...]
    """For each line, the cell and the line within it, counted from 1; None for an added line."""
    cells: tuple[int, ...]
    """The cells that were used, in whole or in part."""
    missing: tuple[str, ...]
    """Names that the model uses although no cell defines them in a form that can be extracted."""
    set_again: tuple[str, ...] = ()
    """Names whose extracted value is not the one in the notebook, because a statement that is left out changes it."""

    def translated(self, error: SubmissionError) -> SubmissionError:
        """Return `error` with cell and line of the notebook in place of the line of ``model.py``."""
        if error.file != "model.py":
            return error
        place = self._place(error.line)
        message = error.message if place is None else f"{self._described(place)}: {error.message}"
        log = _FRAME.sub(self._frame, error.log_tail)
        return SubmissionError(error.kind, error.phase, message, file=self.notebook.name, log_tail=log)

    def _place(self, line: int | None) -> tuple[int, int] | None:
        return self.lines[line - 1] if line is not None and 0 < line <= len(self.lines) else None

    def _described(self, place: tuple[int, int]) -> str:
        cell, line = place
        text = self.notebook.cells[cell - 1].split("\n")[line - 1].strip()
        return f"cell {cell}, line {line} (`{text[:_SHOWN_CHARACTERS]}`)"

    def _frame(self, match: re.Match[str]) -> str:
        place = self._place(int(match[1]))
        return match[0] if place is None else f"cell {place[0]}, line {place[1]}"


_FRAME = re.compile(r'File "model\.py", line (\d{1,7})')


def assemble_model(notebook: Notebook, extracted: Extracted) -> ModelSource:
    """Assemble ``model.py`` from the line ranges that a worker returned, after checking each of them.

    Raises:
        NotebookError: a range is not within this notebook.
    """
    lines: list[tuple[str, tuple[int, int] | None]] = []
    features = [name for name in extracted.future if name in __future__.all_feature_names]
    if features:
        lines.append((f"from __future__ import {', '.join(features)}", None))
    texts = [cell.split("\n") for cell in notebook.cells]
    blanked, partial = set(extracted.blanked), _partial_lines(extracted)
    previous = (0, 0)
    for cell, first, last in sorted(extracted.pieces):
        if not (1 <= cell <= len(texts) and 1 <= first <= last <= len(texts[cell - 1])):
            raise NotebookError(f"{notebook.name} could not be parsed correctly: hand in model.py instead")
        if cell != previous[0]:
            lines += [("", None), (f"# cell {cell}", None)]
        for line in range(first, last + 1):
            if (cell, line) <= previous:
                continue
            previous = (cell, line)
            text = texts[cell - 1][line - 1]
            text = _as_pass(text) if (cell, line) in blanked else text
            lines += [(text[start:end], (cell, line)) for start, end in partial.get((cell, line), [(0, len(text))])]
    cells = tuple(dict.fromkeys(place[0] for _, place in lines if place is not None))
    return ModelSource(
        notebook=notebook,
        text="\n".join(text for text, _ in lines) + "\n",
        lines=tuple(place for _, place in lines),
        cells=cells,
        missing=extracted.missing,
        set_again=extracted.set_again,
    )


def _partial_lines(extracted: Extracted) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return the columns to extract, by cell and line, for lines of which only a part is extracted."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for cell, line, start, end in sorted(extracted.partial):
        found.setdefault((cell, line), []).append((start, end))
    return found


def _as_pass(text: str) -> str:
    """Return the statement ``pass`` at the indentation of `text`."""
    return text[: len(text) - len(text.lstrip())] + "pass"


def describe_cells(cells: Sequence[int]) -> str:
    """Return "cell 3" or "cells 2, 3 and 7"."""
    if len(cells) == 1:
        return f"cell {cells[0]}"
    return f"cells {', '.join(map(str, cells[:-1]))} and {cells[-1]}"
