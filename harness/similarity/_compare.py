"""Find shared code by fingerprints of token sequences (Schleimer, Wilkerson & Aiken 2003, SIGMOD), with copydetect."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any

import numpy as np

from harness._version import extra
from harness.errors import UsageError
from harness.notebooks import MAX_NOTEBOOK_BYTES, NotebookError, notebook_among, read_notebook
from harness.programs import away_from_here

_TOKENS = 25  # shorter sequences are common to most submissions
_WINDOW = 1  # every fingerprint is kept, because those that winnowing drops depend on the interpreter's hash seed
MOST_CODE = 1 << 20
"""The largest number of characters of one submission that are compared; splitting them into tokens takes some 15 s."""

Slice = tuple[int, int]


@dataclass(frozen=True)
class Text:
    """All Python code of one submission, and the name of the submission."""

    name: str
    code: str
    is_cut: bool = False
    """Whether the submission has more code than is compared."""


@dataclass(frozen=True)
class Pair:
    """Two texts, the share of each that is in the other, and the positions of the shared code."""

    first: Text
    second: Text
    shares: tuple[float, float]
    slices: tuple[tuple[Slice, ...], tuple[Slice, ...]]


def gather(folder: Path, task: str, prefix: str = "") -> Iterator[Text]:
    """Yield the code in each ``<folder>/<name>/<task>/``, or in ``<folder>/<name>/`` if nobody has such a subfolder.

    Links to folders are ignored.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder of submissions")
    names = sorted(path for path in folder.iterdir() if _is_own(path) and not path.name.startswith((".", "_")))
    by_task = any((path / task).is_dir() for path in names)
    for path in names:
        home = path / task if by_task else path
        code = _code(home) if _is_own(home) else ""
        if code.strip():
            yield Text(f"{prefix}{path.name}", code[:MOST_CODE], len(code) > MOST_CODE)


def compare(
    texts: Sequence[Text], others: Sequence[Text], boilerplate: Iterable[str], least: float
) -> Iterator[Pair | None]:
    """Compare all `texts` with each other and with `others`, ignoring code that is in `boilerplate`.

    Yields one item for each comparison: the pair if one text shares at least `least` of its code, otherwise None.

    Raises:
        UsageError: the extra `audit` is not installed.
    """
    try:
        with away_from_here():
            from copydetect import compare_files
    except ImportError:
        raise UsageError(f"the similarity audit needs copydetect: {extra('audit')}") from None
    known = _boilerplate(boilerplate)
    ours = [(text, _fingerprint(text.code, known)) for text in texts]
    theirs = [(text, _fingerprint(text.code, known)) for text in others]
    for (first, one), (second, two) in chain(combinations(ours, 2), product(ours, theirs)):
        overlap, shares, slices = compare_files(one, two)
        if not overlap or max(shares) < least:
            yield None
            continue
        yield Pair(first, second, (float(shares[0]), float(shares[1])), (_slices(slices[0]), _slices(slices[1])))


def _is_own(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def _code(folder: Path) -> str:
    """Return the code below `folder` as one text, without following links; of too much code only a part."""
    parts, length = list[str](), 0
    for part in _pieces_of_code(folder):
        parts.append(part)
        length += len(part)
        if length > MOST_CODE:
            break
    return "".join(parts)


def _pieces_of_code(folder: Path) -> Iterator[str]:
    """Yield the code of the notebook and of the Python files below `folder`."""
    notebook = notebook_among(path.name for path in folder.iterdir()) if folder.is_dir() else None
    if notebook is not None:
        yield _notebook_code(folder / notebook)
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if hidden or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            yield f"# {inside}\n{file.read(4 * MOST_CODE).decode('utf-8', 'replace')}\n"


def _notebook_code(path: Path) -> str:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_NOTEBOOK_BYTES:
        return ""
    try:
        cells = read_notebook(path.name, path.read_bytes()).cells
    except NotebookError:
        return ""
    return "\n".join(f"# {path.name}, cell {number}\n{cell}\n" for number, cell in enumerate(cells, 1) if cell)


def _fingerprint(code: str, boilerplate: Any) -> Any:
    """Return copydetect's fingerprint of `code`, which is written to a file for it and never run."""
    from copydetect import CodeFingerprint

    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
        file.write(code.encode("utf-8", "replace").decode())
        file.flush()
        return CodeFingerprint(file.name, _TOKENS, _WINDOW, boilerplate=boilerplate, language="python")


def _boilerplate(codes: Iterable[str]) -> Any:
    hashes = [np.asarray(list(_fingerprint(code, []).hashes)) for code in codes]
    return np.unique(np.concatenate(hashes)) if hashes else np.array([])


def _slices(found: Any) -> tuple[Slice, ...]:
    return tuple((int(start), int(stop)) for start, stop in np.asarray(found).T)
