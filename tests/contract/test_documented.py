"""`help()` documents every field with its type and default, and which errors are raised."""

from __future__ import annotations

import dataclasses
import doctest
import inspect
import pydoc
import re
import sys
from typing import Any

import pytest

import harness
from harness.contract._model import Model
from harness.contract._split import Split
from harness.kinds import KINDS

pytestmark = pytest.mark.unit

CLASSES = [value for name in harness.__all__ if isinstance(value := getattr(harness, name), type)]
DATA = [one for one in CLASSES if dataclasses.is_dataclass(one) or issubclass(one, tuple)]


def section(owner: Any, title: str) -> str:
    """The text under a heading of a docstring, such as Parameters."""
    parts = re.split(r"^(\w+)\n-+\n", inspect.getdoc(owner) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(title, "")


def described(owner: Any, title: str) -> dict[str, str]:
    """Each name under a heading, with its type; it must have a text of its own."""
    entries = re.findall(r"^(\S[^:\n]*) : (.+)\n    \S", section(owner, title), flags=re.MULTILINE)
    return {name: kind for names, kind in entries for name in names.split(", ")}


def test_help_lists_nothing_that_every_dataclass_has() -> None:
    texts = {one: pydoc.plain(pydoc.render_doc(one)) for one in DATA if dataclasses.is_dataclass(one)}
    assert [one for one, text in texts.items() if "__" in text or "Data and other attributes" in text] == []


def declared(owner: type) -> dict[str, Any]:
    """Each field with its default, a marker where there is none."""
    if not dataclasses.is_dataclass(owner):
        return dict.fromkeys(owner._fields, dataclasses.MISSING)  # type: ignore[attr-defined] # a named tuple
    return {
        field.name: field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        for field in dataclasses.fields(owner)
    }


@pytest.mark.parametrize("owner", DATA)
def test_every_field_is_described_with_type_and_default(owner: type) -> None:
    fields, texts = declared(owner), described(owner, "Parameters")
    assert set(texts) == set(fields), "a field without a description, or a description without a field"
    for name, default in fields.items():
        said = texts[name].partition(", default ")[2]
        if default is dataclasses.MISSING or (owner, name) in GIVEN:
            assert not said, name
        elif isinstance(default, str):
            assert said == f'"{default}"', name
        elif isinstance(default, int) and default >= 1024:
            assert eval(said.replace(" KiB", "<<10").replace(" MiB", "<<20").replace(" GiB", "<<30")) == default, name
        else:
            assert said == (f"{type(default).__name__}()" if default == harness.Limits() else str(default)), name


GIVEN = {(harness.Task, "name"), *((one, "licence") for one in (harness.Canonical, harness.Local, harness.Embedded))}
"""What has a default in the code, and yet is needed, or is not for people to set."""


@pytest.mark.parametrize("name", ["fit", "predict", "save", "load", "log"])
def test_every_argument_of_a_models_methods_is_described(name: str) -> None:
    method = getattr(harness.Model, name)
    arguments = {str(one).split(":")[0] for one in inspect.signature(method).parameters.values()} - {"self"}
    assert set(described(method, "Parameters")) == arguments


@pytest.mark.parametrize("owner", [harness.Split, harness.Metric, harness.Predictions, harness.Rule, harness.Task])
def test_every_argument_of_a_public_method_is_described(owner: type) -> None:
    methods = [value for name, value in vars(owner).items() if inspect.isfunction(value) and not name.startswith("_")]
    for method in methods:
        arguments = set(inspect.signature(method).parameters) - {"self"}
        assert set(described(method, "Parameters")) == arguments, method
        assert section(method, "Returns")


@pytest.mark.parametrize("kind", KINDS)
def test_targets_and_predictions_of_each_kind_are_described(kind: str) -> None:
    assert f"- {kind}: " in section(harness.Split, "Parameters")
    lines = re.sub(r"\s+", " ", section(Model.predict, "Returns"))
    assert f"- {kind}: {KINDS[kind].returns}" in lines
    assert f'"{kind}"' in section(harness.Task, "Parameters")


def test_docstrings_name_the_errors_that_are_raised() -> None:
    raises_nothing = {harness.Counts, harness.Parts, harness.Predictions, harness.Rule, harness.TaskInfo}
    assert [one for one in CLASSES if one not in raises_nothing and not section(one, "Raises")] == []


def test_the_examples_of_the_contract_run() -> None:
    for owner in (Model, Split, harness.Metric, harness.Task):
        module = sys.modules[owner.__module__]
        for example in doctest.DocTestFinder().find(owner, globs=dict(vars(module))):
            assert doctest.DocTestRunner().run(example).failed == 0


def test_the_docstring_of_every_error_says_whose_mistake_it_is() -> None:
    errors = [value for value in vars(harness.errors).values() if isinstance(value, type)]
    assert {one.__name__ for one in errors} <= set(harness.errors.__all__)
    for one in errors:
        assert one.__doc__
        assert f"`{one.__name__}`" in (harness.errors.__doc__ or "")
