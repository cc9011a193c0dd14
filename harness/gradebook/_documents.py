"""Show documents that were handed in to the people who mark: a README, pictures, pages, notebooks. None is ever run.

No document can run code in the reader's browser: text is escaped, pictures are embedded, a page is shown in a frame
without scripts, and the page around it forbids all scripts and requests. A document that a browser cannot show in this
way, such as a PDF, is copied and linked.
"""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from harness.evaluation import role_of
from harness.text import neutral_html

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The policy of the page around documents; a frame with ``srcdoc`` inherits it (HTML standard, policy containers)."""
_MOST_SHOWN = 8 << 20
"""Maximum number of bytes of a document that is shown in the page itself."""
_MOST_COPIED = 256 << 20
_PICTURES = {
    ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp", ".bmp": "bmp", ".svg": "svg+xml",
}  # fmt: skip
_PAGES = (".html", ".htm")
_TEXTS = (".md", ".rst", ".txt", ".csv", ".json", ".tex", "")
_NOT_WORK = frozenset({"__pycache__", "node_modules", "site-packages"})


@dataclass(frozen=True)
class Document:
    """One document of a submission."""

    path: PurePosixPath
    """The path within the submission."""
    size: int
    content: bytes | None
    """The content; None if it is too large to be shown or copied."""

    @property
    def is_shown(self) -> bool:
        """Whether a page can show the document; otherwise it is linked."""
        suffix = self.path.suffix.lower()
        shown = suffix in _PICTURES or suffix in _PAGES or suffix in _TEXTS or suffix == ".ipynb"
        return shown and self.size <= _MOST_SHOWN

    @property
    def markup(self) -> str:
        """The HTML that shows the document in a page with `CONTENT_POLICY`."""
        content, suffix = self.content or b"", self.path.suffix.lower()
        if suffix in _PICTURES:
            return _picture(_PICTURES[suffix], base64.b64encode(content).decode())
        text = content.decode("utf-8-sig", "replace")
        if suffix in _PAGES:
            return f'<iframe sandbox srcdoc="{neutral_html(text)}"></iframe>'
        return _notebook(content) if suffix == ".ipynb" else _text(text)


def document_paths(folder: Path) -> list[PurePosixPath]:
    """Return the documents and notebooks of a submission, sorted by name, except hidden ones."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_WORK)
        inside = PurePosixPath(Path(place).relative_to(folder).as_posix())
        found += [inside / name for name in names if not name.startswith(".") and role_of(inside / name) == "document"]
    return sorted(found)


def read_document(folder: Path, path: PurePosixPath) -> Document:
    """Read a document of the submission in `folder`; links are not followed."""
    try:
        descriptor = os.open(folder / path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return Document(path, 0, None)
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor that was opened without following links
        facts = os.fstat(stream.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _MOST_COPIED:
            return Document(path, facts.st_size, None)
        return Document(path, facts.st_size, stream.read(_MOST_COPIED))


def _picture(kind: str, encoded: str) -> str:
    return f'<img alt="" src="data:image/{kind};base64,{neutral_html(encoded)}">'


def _text(text: str) -> str:
    return f"<pre>{neutral_html(text)}</pre>"


# notebooks


class _CellOutput(msgspec.Struct):
    data: dict[str, Any] = {}
    text: str | list[str] = ""
    traceback: list[str] = []


class _CellWithOutputs(msgspec.Struct):
    cell_type: str = ""
    source: str | list[str] = ""
    outputs: list[_CellOutput] = []


class _NotebookWithOutputs(msgspec.Struct):
    cells: list[_CellWithOutputs] = []


def _notebook(content: bytes) -> str:
    """Return a notebook's cells and outputs: code, text and pictures, without anything that needs a script."""
    try:
        cells = msgspec.json.decode(content, type=_NotebookWithOutputs).cells
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _text(content.decode("utf-8", "replace"))
    return "\n".join(part for cell in cells for part in _cell(cell))


def _cell(cell: _CellWithOutputs) -> Iterator[str]:
    label = "code" if cell.cell_type == "code" else "text"
    if text := _joined(cell.source):
        yield f'<pre class="{label}">{neutral_html(text)}</pre>'
    for output in cell.outputs:
        yield from _output(output)


def _output(output: _CellOutput) -> Iterator[str]:
    for kind in ("png", "jpeg"):
        encoded = output.data.get(f"image/{kind}")
        if isinstance(encoded, str | list):
            yield _picture(kind, "".join(_joined(encoded).split()))
            return
    plain = output.data.get("text/plain", "")
    text = (
        _joined(output.text) or _joined(plain if isinstance(plain, str | list) else "") or "\n".join(output.traceback)
    )
    if text:
        yield _text(text)


def _joined(text: str | Sequence[object]) -> str:
    return text if isinstance(text, str) else "".join(map(str, text))
