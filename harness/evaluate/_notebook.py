"""A notebook as the host reads it: JSON, cells, text; nothing in it is parsed as code here."""

from __future__ import annotations
import __future__

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from harness.contract import SubmissionError
from harness.wire import Extracted

MAX_NOTEBOOK_BYTES = 64 << 20
_MAX_CODE_BYTES = 4 << 20
_MAX_CELLS = 5_000
_MAX_DEPTH = 64
_SHOWN_CHARACTERS = 80


class NotebookError(Exception):
    """A file is no notebook that can be read; says what to do."""


@dataclass(frozen=True)
class Notebook:
    """The code of a notebook: the text of each cell, empty where it is no code."""

    name: str
    cells: tuple[str, ...]

    @property
    def code(self) -> bytes:
        """What decides a result: the code, without outputs, texts and metadata."""
        return msgspec.json.encode(self.cells)


@dataclass(frozen=True)
class ModelSource:
    """A ``model.py`` put together from a notebook, and where each of its lines comes from."""

    notebook: Notebook
    text: str
    lines: tuple[tuple[int, int] | None, ...]
    """Of each line the cell and the line in it, counted from 1."""
    cells: tuple[int, ...]
    """The cells that were taken, or taken from."""
    missing: tuple[str, ...]
    """Names that the model uses and no cell defines where it could be taken."""

    def translated(self, error: SubmissionError) -> SubmissionError:
        """Return `error` with the cell in place of the line of ``model.py``."""
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


class _Cell(msgspec.Struct):
    cell_type: str
    source: str | list[str] = ""


class _File(msgspec.Struct):
    cells: list[_Cell]
    nbformat: int = 4


def read_notebook(name: str, content: bytes) -> Notebook:
    """Read the cells of a notebook.

    Raises:
        NotebookError: it is too large, nested too deep, or no notebook of a version that has cells.
    """
    if len(content) > MAX_NOTEBOOK_BYTES:
        raise NotebookError(
            f"{name} is larger than {MAX_NOTEBOOK_BYTES >> 20} MiB: clear the outputs of all cells and save it again"
        )
    if not _shallow(content):
        raise NotebookError(f"{name} is no notebook: it is nested more than {_MAX_DEPTH} deep")
    try:
        file = msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        hint = "it is of an old version" if b'"worksheets"' in content[:4096] else f"it cannot be read ({error})"
        raise NotebookError(f"{name}: {hint}; open it in Jupyter, save it again, and hand that in") from error
    if len(file.cells) > _MAX_CELLS:
        raise NotebookError(f"{name} has more than {_MAX_CELLS} cells: hand in fewer")
    cells = tuple(_text(cell) if cell.cell_type == "code" else "" for cell in file.cells)
    if sum(map(len, cells)) > _MAX_CODE_BYTES:
        raise NotebookError(f"{name} holds more than {_MAX_CODE_BYTES >> 20} MiB of code: hand in less")
    return Notebook(name, cells)


def _text(cell: _Cell) -> str:
    text = cell.source if isinstance(cell.source, str) else "".join(cell.source)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shallow(content: bytes) -> bool:
    """Tell whether brackets outside of strings nest no deeper than a notebook's do."""
    depth = 0
    for match in re.finditer(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', content, re.DOTALL):
        first = match[0][:1]
        if first in b"[{":
            depth += 1
            if depth > _MAX_DEPTH:
                return False
        elif first in b"]}":
            depth -= 1
    return True


def put_together(notebook: Notebook, extracted: Extracted) -> ModelSource:
    """Write ``model.py`` from the ranges that a worker named, each of which is checked.

    Raises:
        NotebookError: the ranges are none of this notebook's.
    """
    lines: list[tuple[str, tuple[int, int] | None]] = []
    features = [name for name in extracted.future if name in __future__.all_feature_names]
    if features:
        lines.append((f"from __future__ import {', '.join(features)}", None))
    texts = [cell.split("\n") for cell in notebook.cells]
    blanked = set(extracted.blanked)
    previous = (0, 0)
    for cell, first, last in sorted(extracted.pieces):
        if not (1 <= cell <= len(texts) and 1 <= first <= last <= len(texts[cell - 1])):
            raise NotebookError(f"the reading of {notebook.name} went wrong: hand in model.py instead")
        if cell != previous[0]:
            lines += [("", None), (f"# cell {cell}", None)]
        for line in range(first, last + 1):
            if (cell, line) <= previous:
                continue
            previous = (cell, line)
            text = texts[cell - 1][line - 1]
            lines.append((_passed(text) if (cell, line) in blanked else text, (cell, line)))
    cells = tuple(dict.fromkeys(place[0] for _, place in lines if place is not None))
    return ModelSource(
        notebook=notebook,
        text="\n".join(text for text, _ in lines) + "\n",
        lines=tuple(place for _, place in lines),
        cells=cells,
        missing=extracted.missing,
    )


def _passed(text: str) -> str:
    return text[: len(text) - len(text.lstrip())] + "pass"


def describe_cells(cells: Sequence[int]) -> str:
    """Return "cell 3" or "cells 2, 3 and 7"."""
    if len(cells) == 1:
        return f"cell {cells[0]}"
    return f"cells {', '.join(map(str, cells[:-1]))} and {cells[-1]}"
