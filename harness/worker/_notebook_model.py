"""Find the statements of a notebook that define its model; the notebook is parsed, but not run.

If cells are marked with ``#| harness``, these cells are used completely. Otherwise the last class `Model` is used, with
the imports, functions, classes and assignments of all cells that it needs directly or indirectly. Loops, calls, plots
and magics are left out.
"""

from __future__ import annotations

import ast
import builtins
import math
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.wire import MAX_NAME, MAX_NAMES, Extracted
from harness.worker._explain import ContractError

_MARK = re.compile(r"^#\s*\|\s*harness\b", re.MULTILINE)
_MAGIC = re.compile(r"^\s*([%!?]|[\w.]+\?{1,2}\s*$)")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun", "python3", "python"})
"""Cell magics whose cells contain Python."""
_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__"}
_CHANGING = frozenset({"add", "append", "extend", "insert", "setdefault", "update"})
"""Methods that change a list, a set or a dictionary."""
_Place = tuple[float, float, float]
"""Cell, first line and last line."""
_END: _Place = (math.inf, math.inf, math.inf)
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class _SourceCell:
    number: int
    """The number of the cell, counted from 1."""
    lines: tuple[str, ...]
    """The lines as they were parsed, with magics replaced."""
    tree: ast.Module
    blanked: frozenset[int]
    """The numbers of the lines that were replaced."""


@dataclass(frozen=True)
class _Statement:
    cell: _SourceCell
    node: ast.stmt
    binds: frozenset[str]
    """Names that it binds."""
    changes: frozenset[str]
    """Names whose value it modifies, as in ``config["rate"] = 0.1``."""
    uses: frozenset[str]
    """Names that it reads."""

    @property
    def piece(self) -> tuple[int, int, int]:
        return self.cell.number, *_lines_of(self.node)


def _lines_of(node: ast.stmt) -> tuple[int, int]:
    """Return the first line of a statement, including decorators, and its last line."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return first, node.end_lineno or node.lineno


def find_model(cells: Sequence[str]) -> Extracted:
    """Return the lines of `cells` that define the class `Model`.

    Raises:
        ContractError: there is no model, or a cell that is needed cannot be parsed.
    """
    marked = [number for number, text in enumerate(cells, 1) if _MARK.search(text)]
    if marked:
        return _marked(cells, marked)
    parsed, broken = [], []
    for number, text in enumerate(cells, 1):
        try:
            cell = _parsed(number, text)
        except (SyntaxError, ValueError, RecursionError) as error:
            broken.append((number, text, error))
            continue
        if cell is not None:
            parsed.append(cell)
    statements = [found for cell in parsed for node in cell.tree.body if (found := _statement(cell, node))]
    models = [found for found in statements if "Model" in found.binds]
    if not models:
        for number, text, problem in broken:
            if re.search(r"^\s*class\s+Model\b", text, re.MULTILINE):
                raise _unparsable(number, text, problem)
        raise ContractError(_no_model(parsed, len(cells)))
    classes = [found for found in models if isinstance(found.node, ast.ClassDef)]
    taken, missing = _needed(statements, (classes or models)[-1])
    return _extracted(taken, missing, _set_again(taken, parsed), parsed)


def _marked(cells: Sequence[str], marked: Sequence[int]) -> Extracted:
    pieces, blanked, future = [], [], set[str]()
    for number in marked:
        text = cells[number - 1]
        try:
            cell = _parsed(number, text)
        except (SyntaxError, ValueError, RecursionError) as error:
            raise _unparsable(number, text, error) from error
        if cell is None:
            continue
        future |= _features(cell.tree.body)
        rest = [node for node in cell.tree.body if not _is_future(node)]
        pieces += [(number, piece[1], piece[2]) for node in rest if (piece := _whole(cell, node).piece)]
        blanked += [(number, line) for line in cell.blanked]
    return Extracted(tuple(pieces), tuple(blanked), future=tuple(sorted(future)))


def _whole(cell: _SourceCell, node: ast.stmt) -> _Statement:
    return _Statement(cell, node, frozenset(), frozenset(), frozenset())


def _parsed(number: int, text: str) -> _SourceCell | None:
    """Parse a cell with its magics replaced; return None for a cell in another language."""
    lines = text.split("\n")
    blanked: set[int] = set()
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is not None and (magic := _CELL_MAGIC.match(lines[first])):
        if magic[1] not in _PYTHON_CELLS:
            return None
        lines[first] = ""
        blanked.add(first + 1)
    try:
        return _SourceCell(number, tuple(lines), ast.parse("\n".join(lines)), frozenset(blanked))
    except SyntaxError:
        for place, line in enumerate(lines):
            if _MAGIC.match(line):
                lines[place] = line[: len(line) - len(line.lstrip())] + "pass"
                blanked.add(place + 1)
            elif _ASSIGNED_MAGIC.match(line):
                lines[place] = _ASSIGNED_MAGIC.sub(r"\1None", line)
                blanked.add(place + 1)
        return _SourceCell(number, tuple(lines), ast.parse("\n".join(lines)), frozenset(blanked))


def _statement(cell: _SourceCell, node: ast.stmt) -> _Statement | None:
    """Return what a statement binds and uses; None if it can never be part of a model."""
    if not _can_be_extracted(node):
        return None
    binds, changes = set[str](), set[str]()
    for inner in _own(node):
        match inner:
            case ast.Import() | ast.ImportFrom():
                binds |= {(alias.asname or alias.name).partition(".")[0] for alias in inner.names}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                binds.add(inner.name)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                for target in inner.targets if isinstance(inner, ast.Assign) else [inner.target]:
                    for part in ast.walk(target):
                        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                            binds.add(part.id)
                        elif isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.ctx, ast.Store):
                            changes |= _root(part)
    return _Statement(cell, node, frozenset(binds), frozenset(changes - binds), frozenset(_uses(node)))


def _can_be_extracted(node: ast.stmt) -> bool:
    """Return whether a statement is an import, a definition, an assignment, or a condition with only these."""
    match node:
        case ast.If() | ast.Try():
            return all(_can_be_extracted(inner) or isinstance(inner, ast.Pass | ast.Expr) for inner in _inner(node))
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return True
    return False


def _inner(node: ast.If | ast.Try) -> list[ast.stmt]:
    inner = [*node.body, *node.orelse]
    if isinstance(node, ast.Try):
        inner += [*node.finalbody, *(statement for handler in node.handlers for statement in handler.body)]
    return inner


def _own(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield `node` and, if it is a condition or a ``try``, the statements in its branches."""
    yield node
    if isinstance(node, ast.If | ast.Try):
        for inner in _inner(node):
            yield from _own(inner)


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _uses(node: ast.stmt) -> set[str]:
    """Return the names of the module that `node` reads, including functions and classes inside it."""
    try:
        table = _symbols(node)
    except (SyntaxError, RecursionError):
        return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return set(_globals_of(table, top=True))


def _symbols(node: ast.stmt) -> symtable.SymbolTable:
    """Return the symbols of `node`, without those that only comprehensions bind.

    From Python 3.12 on, a comprehension is part of the surrounding scope; a function around it separates its names.
    """
    separated = _SeparateComprehensions().visit(ast.parse(ast.unparse(node)))
    return symtable.symtable(ast.unparse(separated), "cell", "exec")


class _SeparateComprehensions(ast.NodeTransformer):
    """Wraps each comprehension outside functions and classes in a function that is called immediately."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the replacement of `node`."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            return node
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            call = ast.Call(func=ast.Lambda(args=nothing, body=node), args=[], keywords=[])
            outside = [one for one in ast.walk(node) if isinstance(one, ast.NamedExpr)]  # these bind names outside it
            return ast.Tuple(elts=[call, *outside], ctx=ast.Load()) if outside else call
        return self.generic_visit(node)


def _globals_of(table: symtable.SymbolTable, *, top: bool) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals_of(inner, top=False)


def _needed(statements: Sequence[_Statement], model: _Statement) -> tuple[list[_Statement], set[str]]:
    """Return `model` with everything it needs, and the names that are not defined anywhere."""
    taken, waiting, known = {id(model): model}, [model], {"Model"}
    missing: set[str] = set()
    for found in statements:
        if _sets_environment(found) or "*" in found.binds or "Model" in found.changes:
            taken[id(found)] = found
            waiting.append(found)
    while waiting:
        for name in waiting.pop().uses - known:
            known.add(name)
            sources = [found for found in statements if name in found.binds or name in found.changes]
            if not any(name in found.binds for found in sources) and name not in _BUILTINS:
                missing.add(name)
            for found in sources:
                if id(found) not in taken and not (found.node is not model.node and "Model" in found.binds):
                    taken[id(found)] = found
                    waiting.append(found)
    everything = any("*" in found.binds for found in taken.values())
    return list(taken.values()), set() if everything else missing


def _set_again(taken: Sequence[_Statement], parsed: Sequence[_SourceCell]) -> set[str]:
    """Return the names whose value is changed, between assignment and use, by a statement that is left out."""
    assigned: dict[str, _Place] = {}
    used: dict[str, _Place] = {}
    for found in taken:
        runs_now = isinstance(found.node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for name in found.binds if runs_now else ():
            assigned[name] = max(found.piece, assigned.get(name, found.piece))
        for name in found.uses:  # names in functions and classes are read when the model runs
            place = found.piece if runs_now else _END
            used[name] = max(place, used.get(name, place))
    left_out = [(cell.number, node) for cell in parsed for node in cell.tree.body if not _can_be_extracted(node)]
    return {
        name
        for number, node in left_out
        for name in _changed_by(node) & assigned.keys() & used.keys()
        if assigned[name] < (number, *_lines_of(node)) < used[name]
    }


def _changed_by(node: ast.stmt) -> set[str]:
    """Return the names of the module that `node` binds or whose value it modifies."""
    if isinstance(node, ast.Delete):
        return set()
    try:
        table = _symbols(node)
    except (SyntaxError, RecursionError):
        return set()
    names = {symbol.get_name() for symbol in table.get_symbols()}
    changed = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                changed |= _root(inner)
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in _CHANGING:
                changed |= _root(value)
    return changed & names


def _sets_environment(found: _Statement) -> bool:
    """Return whether a statement sets an environment variable, which libraries may read on import."""
    node = found.node
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and ast.unparse(node.targets[0].value) == "os.environ"
    )


def _extracted(
    taken: Sequence[_Statement], missing: set[str], set_again: set[str], parsed: Sequence[_SourceCell]
) -> Extracted:
    future = {feature for cell in parsed for feature in _features(cell.tree.body)}
    pieces = sorted(found.piece for found in taken if not _is_future(found.node))
    blanked = {(found.cell.number, line) for found in taken for line in found.cell.blanked}
    return Extracted(
        tuple(pieces),
        tuple(sorted(blanked)),
        tuple(sorted(_partial(taken))),
        tuple(sorted(future)),
        tuple(name[:MAX_NAME] for name in sorted(missing)[:MAX_NAMES]),
        tuple(name[:MAX_NAME] for name in sorted(set_again)[:MAX_NAMES]),
    )


def _partial(taken: Sequence[_Statement]) -> Iterator[tuple[int, int, int, int]]:
    """Yield cell, line and columns of statements that share a line with others that are left out."""
    chosen = {id(found.node) for found in taken if not _is_future(found.node)}
    for cell in {found.cell.number: found.cell for found in taken}.values():
        for line, nodes in _shared_lines(cell).items():
            wanted = [node for node in nodes if id(node) in chosen]
            if len(wanted) < len(nodes):
                yield from ((cell.number, line, *_columns(cell, node, line)) for node in wanted)


def _shared_lines(cell: _SourceCell) -> dict[int, list[ast.stmt]]:
    """Return, for each line on which a statement begins or ends, the statements on it."""
    found: dict[int, list[ast.stmt]] = {}
    for node in cell.tree.body:
        for line in set(_lines_of(node)):
            found.setdefault(line, []).append(node)
    return found


def _columns(cell: _SourceCell, node: ast.stmt, line: int) -> tuple[int, int]:
    """Return the columns of `node` on a line in characters; the parser counts bytes."""
    first, last = _lines_of(node)
    text = cell.lines[line - 1].encode()
    start = node.col_offset if line == first else 0
    end = len(text) if line != last or node.end_col_offset is None else node.end_col_offset
    return len(text[:start].decode(errors="replace")), len(text[:end].decode(errors="replace"))


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _features(body: Sequence[ast.stmt]) -> set[str]:
    return {
        alias.name
        for node in body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    }


def _unparsable(number: int, text: str, error: Exception) -> ContractError:
    line = getattr(error, "lineno", None) or 1
    lines = text.split("\n")
    shown = lines[line - 1].strip()[:_SHOWN_CHARACTERS] if line <= len(lines) else ""
    message = getattr(error, "msg", None) or str(error) or type(error).__name__
    return ContractError(f"cell {number}, line {line} (`{shown}`): {type(error).__name__}: {message}")


def _no_model(parsed: Sequence[_SourceCell], count: int) -> str:
    classes = [node.name for cell in parsed for node in cell.tree.body if isinstance(node, ast.ClassDef)]
    models = [name for name in classes if name.lower().endswith(("model", "net", "classifier", "network"))]
    hint = f"; if it is {models[-1]}, write a class Model with fit and predict that uses it" if models else ""
    return (
        f"none of the {count} cells defines `class Model(harness.Model):`{hint}; "
        "or mark the cells that define it with a first line `#| harness`"
    )
