"""Analyse the source of a ``task.py``: which parts decide results, and on which line a field is declared."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

_OF_SOURCES = frozenset({"title", "licence", "license"})
_NOT_DECIDING = {
    "Task": frozenset({"title", "points", "claims", "quota"}),
    "Canonical": _OF_SOURCES,
    "Local": _OF_SOURCES,
    "Embedded": _OF_SOURCES,
    "Baseline": frozenset({"note", "reference"}),
}
"""The arguments on which no result depends, by the class that has them."""


def deciding_code(source: bytes) -> bytes:
    """Return the code of a ``task.py`` in a normal form, without anything that cannot decide a result.

    Titles, licences, notes and cut-offs are left out, with constants that nothing else uses, and so are comments and
    the layout. Text that is not valid code is returned unchanged.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    keywords = list(_not_deciding(tree))
    names = {node.id for keyword in keywords for node in ast.walk(keyword.value) if isinstance(node, ast.Name)}
    constants = {id(statement) for statement in _only_for(tree, names, keywords)}
    tree.body = [statement for statement in tree.body if id(statement) not in constants]
    left_out = {id(keyword) for keyword in keywords}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if id(keyword) not in left_out]
    return _plain(tree).encode("utf-8", "surrogatepass")


def _not_deciding(tree: ast.Module) -> Iterator[ast.keyword]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            yield from (keyword for keyword in node.keywords if keyword.arg in _NOT_DECIDING.get(name, ()))


def _only_for(tree: ast.Module, names: set[str], keywords: list[ast.keyword]) -> Iterator[ast.stmt]:
    """Yield the module's assignments of `names` that only `keywords` read."""
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


def _plain(node: object) -> str:
    """Return a syntax tree as text that is the same in every version of Python, unlike those of the module `ast`."""
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if value is not None and value != [])
        return f"{type(node).__name__}({', '.join(f'{name}={_plain(value)}' for name, value in fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_plain, node))}]"
    return repr(node)


def lines_of_fields(source: bytes, line: int, fields: tuple[str, ...]) -> list[int]:
    """Return the lines on which the call that begins on `line` specifies these `fields`; missing fields are left out.

    A field such as ``limits.memory_bytes`` is searched for as ``limits``, and one such as ``baseline of 'title'`` in
    the call with that title.
    """
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.lineno == line]
    except (SyntaxError, ValueError):
        return []
    found = {_line_of_field(calls, field) for field in fields}
    return sorted(number for number in found if number is not None)


def _line_of_field(calls: list[ast.Call], field: str) -> int | None:
    name, _, title = field.partition(" of ")
    name = name.partition(".")[0]
    if title:
        calls = [inner for call in calls for inner in ast.walk(call) if _has_title(inner, title)]
    return next((word.value.lineno for call in calls for word in call.keywords if word.arg == name), None)


def _has_title(node: ast.AST, title: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and any(
        word.arg == "title" and isinstance(word.value, ast.Constant) and repr(word.value.value) == title
        for word in node.keywords
    )
