"""What of a task's code decides results: all of it but the cut-offs, which are applied to kept records."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_NOT_DECIDING = "points"


def without_points(source: bytes) -> bytes:
    """Return a ``task.py`` without its ``Task(points=…)``, and without constants that nothing else there uses.

    Code that declares no points, or is none, is returned as it is.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    keywords = [keyword for call in _calls_of_task(tree) for keyword in call.keywords if keyword.arg == _NOT_DECIDING]
    if not keywords:
        return source
    names = {node.id for keyword in keywords for node in ast.walk(keyword.value) if isinstance(node, ast.Name)}
    spans = [_span(source, keyword) for keyword in keywords]
    spans += [_span(source, statement) for statement in _only_for(tree, names, keywords)]
    for start, end in sorted(spans, reverse=True):
        source = source[:start] + source[end:]
    return source


def _calls_of_task(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            if name == "Task":
                yield node


def _only_for(tree: ast.Module, names: set[str], keywords: list[ast.keyword]) -> Iterator[ast.stmt]:
    """Yield the module's assignments of `names` that nothing but `keywords` reads."""
    within = {id(node) for keyword in keywords for node in ast.walk(keyword)}
    elsewhere = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in within
    }
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name in names - elsewhere:
                    yield statement


def _span(source: bytes, node: ast.keyword | ast.stmt) -> tuple[int, int]:
    """Return where `node` begins and ends in `source`; columns of the parser count bytes of UTF-8."""
    lines = source.splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    before = sum(map(len, lines[: node.lineno - 1]))
    until = sum(map(len, lines[: node.end_lineno - 1]))
    return before + node.col_offset, until + node.end_col_offset
