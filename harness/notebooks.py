"""Read the cells of notebooks on the host from JSON, without parsing them as code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from harness.sourcetext import not_text

MAX_NOTEBOOK_BYTES = 64 << 20
_MAX_CODE_BYTES = 4 << 20
_MAX_OUTPUT_CHARACTERS = 64 << 10
_MAX_CELLS = 5_000
_MAX_DEPTH = 64


class NotebookError(Exception):
    """A file is not a readable notebook; the message says what to do."""


@dataclass(frozen=True)
class Notebook:
    """The code of a notebook: the text of each cell, empty for cells that are not code."""

    name: str
    cells: tuple[str, ...]

    @property
    def code(self) -> bytes:
        """The part that decides results: the code, without outputs, texts and metadata."""
        return msgspec.json.encode(self.cells)


def notebook_among(names: Iterable[str]) -> str | None:
    """Return the notebook that replaces ``model.py``, given the names in a submission's folder."""
    names = [name for name in names if not name.startswith(".")]
    if "model.py" in names:
        return None
    notebooks = [name for name in names if name.endswith(".ipynb")]
    if "model.ipynb" in notebooks:
        return "model.ipynb"
    return notebooks[0] if len(notebooks) == 1 else None


class _NotebookCell(msgspec.Struct):
    cell_type: str
    source: str | list[str] = ""


class _NotebookFile(msgspec.Struct):
    cells: list[_NotebookCell]
    nbformat: int = 4


def read_notebook(name: str, content: bytes) -> Notebook:
    """Read the cells of a notebook.

    Raises:
        NotebookError: it is too large, nested too deeply, or not a notebook of a version with cells.
    """
    if len(content) > MAX_NOTEBOOK_BYTES:
        raise NotebookError(
            f"{name} is larger than {MAX_NOTEBOOK_BYTES >> 20} MiB: clear the outputs of all cells and save it again"
        )
    if not _shallow(content):
        raise NotebookError(f"{name} is not a notebook: it is nested more than {_MAX_DEPTH} deep")
    try:
        file = msgspec.json.decode(content, type=_NotebookFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if wrong := not_text(content):
            raise NotebookError(f"{name} cannot be read: it {wrong}") from error
        hint = "it has an old version" if b'"worksheets"' in content[:4096] else f"it cannot be read ({error})"
        raise NotebookError(f"{name}: {hint}; open it in Jupyter, save it again, and hand that in") from error
    if len(file.cells) > _MAX_CELLS:
        raise NotebookError(f"{name} has more than {_MAX_CELLS} cells: hand in fewer")
    cells = tuple(_text(cell) if cell.cell_type == "code" else "" for cell in file.cells)
    if sum(map(len, cells)) > _MAX_CODE_BYTES:
        raise NotebookError(f"{name} contains more than {_MAX_CODE_BYTES >> 20} MiB of code: hand in less")
    return Notebook(name, cells)


def last_output(name: str, content: bytes) -> str:
    """Return the text of the last outputs of a notebook: those of the last code cell with outputs, without pictures.

    Raises:
        NotebookError: it cannot be read as a notebook.
    """
    if len(content) > MAX_NOTEBOOK_BYTES or not _shallow(content):
        raise NotebookError(f"{name} is too large or nested too deeply")
    try:
        cells = msgspec.json.decode(content, type=_PrintedNotebook).cells
        for cell in reversed(cells):
            outputs = msgspec.json.decode(cell.outputs, type=list[_NotebookOutput]) if cell.cell_type == "code" else []
            if outputs:
                return "\n".join(filter(None, map(_printed, outputs)))[-_MAX_OUTPUT_CHARACTERS:]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotebookError(f"{name} cannot be read as a notebook") from error
    return ""


class _PlainOutput(msgspec.Struct):
    text: str | list[str] = msgspec.field(default="", name="text/plain")


class _NotebookOutput(msgspec.Struct):
    text: str | list[str] = ""
    data: _PlainOutput = msgspec.field(default_factory=_PlainOutput)


class _PrintedCell(msgspec.Struct):
    cell_type: str
    outputs: msgspec.Raw = msgspec.Raw(b"[]")
    """The outputs of a cell, which are decoded for one cell only, because most of a notebook consists of pictures."""


class _PrintedNotebook(msgspec.Struct):
    cells: list[_PrintedCell]


def _printed(output: _NotebookOutput) -> str:
    return _joined(output.text) or _joined(output.data.text)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _text(cell: _NotebookCell) -> str:
    text = _joined(cell.source)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shallow(content: bytes) -> bool:
    """Return whether brackets outside of strings are nested at most as deeply as in a notebook."""
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
