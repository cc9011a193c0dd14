"""Python on the pages uses names and arguments that exist; files that the pages show can be read."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
from harness.gradebook import Person, Policy, Roster, read_adjustments
from tests.conftest import REPOSITORY
from tests.docs.pages import PAGES, blocks

PYTHON = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, (language, text) in enumerate(blocks(page))
    if language == "python" or (not language and text.startswith(("import ", "from ")))
]
MADE_BEFORE = {"harness", "Model"}
"""What a block may use that is made above it on the page."""


def imported(tree: ast.Module) -> dict[str, object]:
    """What each name stands for that a block imports, or that opens a course."""
    found: dict[str, object] = {"harness": harness}
    for one in ast.walk(tree):
        if isinstance(one, ast.Import):
            for name in one.names:
                module = importlib.import_module(name.name)
                found[name.asname or name.name.partition(".")[0]] = (
                    module if name.asname else sys.modules[name.name.partition(".")[0]]
                )
        elif isinstance(one, ast.ImportFrom):
            module = importlib.import_module(one.module or "")
            found |= {name.asname or name.name: getattr(module, name.name) for name in one.names}
        elif isinstance(one, ast.Assign) and ast.unparse(one.value).startswith("harness.open_course("):
            found |= {target.id: harness.OpenCourse for target in one.targets if isinstance(target, ast.Name)}
    return found


def meant(expression: ast.expr, names: dict[str, object]) -> object:
    """What a dotted name stands for; None where only a run would tell.

    Raises:
        AttributeError: there is no such thing.
    """
    if isinstance(expression, ast.Name):
        return names.get(expression.id)
    if isinstance(expression, ast.Attribute):
        owner = meant(expression.value, names)
        known = inspect.ismodule(owner) or inspect.isclass(owner)
        return getattr(owner, expression.attr) if known else None
    return None


def wrong_calls(tree: ast.Module) -> Iterator[str]:
    """Yield each call of something of the harness that does not take these arguments."""
    names = imported(tree)
    for one in ast.walk(tree):
        called = meant(one.func, names) if isinstance(one, ast.Call) else None
        if isinstance(one, ast.Call) and getattr(called, "__module__", "").startswith("harness"):
            assert callable(called)
            of_course = inspect.isfunction(called) and called.__qualname__.startswith("OpenCourse.")
            given = [object()] * (len(one.args) + of_course)
            try:
                inspect.signature(called).bind(*given, **{key.arg: object() for key in one.keywords if key.arg})
            except TypeError as error:
                yield f"{ast.unparse(one)}: {error}"
        elif isinstance(one, ast.Attribute):
            meant(one, names)


def unknown_names(tree: ast.Module) -> set[str]:
    made = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    made |= {one.arg for one in ast.walk(tree) if isinstance(one, ast.arg)}
    made |= {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    used = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    return used - made - set(imported(tree)) - set(dir(builtins)) - MADE_BEFORE


@pytest.mark.unit
@pytest.mark.parametrize("text", PYTHON)
def test_python_on_the_pages_uses_names_and_arguments_that_exist(text: str) -> None:
    tree = ast.parse(text)
    assert list(wrong_calls(tree)) == []
    assert unknown_names(tree) == set()


@pytest.mark.unit
def test_the_pages_have_python() -> None:
    assert len(PYTHON) >= 5


@pytest.mark.unit
@pytest.mark.parametrize(
    "line", ["harness.evaluate(Model)", "harness.Task(name='x', colour=1)", "harness.open_course(a=1)"]
)
def test_an_invalid_call_is_detected(line: str) -> None:
    assert list(wrong_calls(ast.parse(line)))


@pytest.mark.unit
def test_an_unknown_name_is_detected() -> None:
    with pytest.raises(AttributeError):
        list(wrong_calls(ast.parse("harness.metrics.precision_at_7")))
    assert unknown_names(ast.parse("centres = np.zeros(3)")) == {"np"}


@pytest.mark.unit
def test_the_gradebook_files_on_the_page_can_be_read(tmp_path: Path) -> None:
    on_page = blocks(REPOSITORY / "docs" / "grading.md")
    rules, decisions = tmp_path / "gradebook.toml", tmp_path / "adjustments.csv"
    rules.write_text(next(text for language, text in on_page if language == "toml"))
    policy = Policy.read(rules, ["usps", "spect"])
    assert policy.deadline("usps", "ann") != policy.deadline("usps", "bob")
    decisions.write_text(next(text for _, text in on_page if text.startswith("who,")))
    people = [Person(submission=name, email=f"{name}@x.org") for name in ("ann", "team-4", "bob", "cy")]
    read = read_adjustments(decisions, Roster(tuple(people)), ["usps", "spect"])
    assert [one.action for one in read] == ["points", "part", "excuse", "drop", "attempt"]
