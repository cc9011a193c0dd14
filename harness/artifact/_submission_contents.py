"""Count how much knowledge the files of a submission can contain in source code, data and names."""

from __future__ import annotations

import ast
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

PROSE_BYTES = 1024
"""Comments, docstrings and layout count only as far as they exceed, compressed, the size of the code plus this number.
The excess counts because a program can read its own source."""
_MAX_PARSED_BYTES = 1 << 20
_SEPARATE = ("weights",)


@dataclass(frozen=True, kw_only=True)
class SubmissionContents:
    """How much the files of a submission can contain, apart from the artifact."""

    source_bytes: int = 0
    """The compressed size of the source without comments and docstrings, unless these are long compared with it."""
    literal_bytes: int = 0
    """The compressed size of texts, bytes and numbers in the source, and of comments that are long compared with it."""
    data_bytes: int = 0
    """The size of other files, compressed if that is smaller."""
    name_bytes: int = 0
    """The size of the names of files and folders, compressed if that is smaller."""


def count_submission(folder: Path) -> SubmissionContents:
    """Count what the files below `folder` can contain, except ``weights/``, which is counted as the artifact."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder) for path in paths]
    kept = [(path, name) for path, name in zip(paths, names, strict=True) if name.parts[0] not in _SEPARATE]
    sources = [path.read_bytes() for path, name in kept if name.suffix == ".py"]
    parsed = [_parse(source) for source in sources]
    code = compressed(b"\n".join(one.code for one in parsed))
    whole = compressed(b"\n".join(sources))
    literals = b"\n".join(literal for one in parsed for literal in one.literals)
    prose = max(0, whole - code - (code + PROSE_BYTES))
    return SubmissionContents(
        source_bytes=code + prose,
        literal_bytes=compressed(literals) + prose,
        data_bytes=sum(compressed(path.read_bytes()) for path, name in kept if name.suffix != ".py"),
        name_bytes=compressed(b"\n".join(os.fsencode(name) for _, name in kept)),
    )


def compressed(content: bytes) -> int:
    """Return the compressed size of `content`, or its size if that is smaller: repetitions contain nothing new."""
    return min(len(content), len(zlib.compress(content, 9)))


@dataclass(frozen=True)
class _Parsed:
    code: bytes
    literals: tuple[bytes, ...]


def _parse(source: bytes) -> _Parsed:
    """Analyse a source; a file that is not Python counts as one literal."""
    if len(source) > _MAX_PARSED_BYTES:
        return _Parsed(source, (source,))
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            _drop_docstring(node)
        literals = tuple(_literal(node) for node in ast.walk(tree) if isinstance(node, ast.Constant))
        return _Parsed(ast.unparse(tree).encode("utf-8", "surrogatepass"), literals)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _Parsed(source, (source,))


def _drop_docstring(node: ast.AST) -> None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not node.body:
        return
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]


def _literal(node: ast.Constant) -> bytes:
    if isinstance(node.value, bytes):
        return node.value
    return str(node.value).encode("utf-8", "surrogatepass")
