"""Import a submission and make its model."""

from __future__ import annotations

import importlib
import inspect
import os
import random
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy.random as np_random  # early, because later a student's file could shadow a module that it needs

from harness.contract import Model, Reporter, TaskInfo
from harness.worker._explain import ContractError


def make_model(folder: Path, task: TaskInfo, seed: int, reporter: Reporter) -> Model:
    """Import ``model.py`` from `folder`, seed all random number generators, and return ``Model()``.

    Raises:
        ContractError: there is no class `Model`, or it violates the contract.
    """
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])  # for children
    seed_everything(seed)
    cls = _checked(importlib.import_module("model"), folder)
    cls.task = task
    cls.seed = seed
    cls._reporter = reporter
    seed_everything(seed)
    return cls()


def seed_everything(seed: int) -> None:
    """Seed `random`, NumPy and, if it is loaded, torch."""
    random.seed(seed)
    np_random.seed(seed)
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


_EXPECTED = {
    "fit": ("train", "validation"),
    "predict": ("inputs",),
    "save": ("folder",),
    "load": ("folder",),
}
"""The arguments that each method is called with, without self."""
_REMEDIES = {
    "fit": "the arrays are train.inputs, train.targets, validation.inputs and validation.targets",
    "predict": "it gets only the inputs, as an array or a list of texts",
    "save": "it gets a folder (a pathlib.Path) to write files into",
    "load": "it gets the folder that save wrote into, and sets attributes of self",
}


def _checked(module: ModuleType, folder: Path) -> type[Model]:
    cls = getattr(module, "Model", None)
    if cls is None:
        raise ContractError(
            f"model.py defines no class `Model`: {_instead(module)}", file="model.py", line=_line_of_other(module)
        )
    if not inspect.isclass(cls) or not issubclass(cls, Model):
        raise ContractError(
            f"`Model` in model.py is {_describe(cls)}: expected `class Model(harness.Model)`",
            file=_file(cls, folder) or "model.py",
            line=_line(cls, folder),
        )
    for name in ("fit", "predict"):
        if getattr(cls, name) is getattr(Model, name):
            raise ContractError(
                f"class Model has no method `{name}`: write `{_signature(name)}`{_similar(cls, name)}",
                file=_file(cls, folder),
                line=_line(cls, folder),
            )
    needed = [
        parameter.name
        for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        raise ContractError(
            f"Model.__init__ needs the arguments {', '.join(needed)}: the harness calls Model() without arguments, "
            "so give them defaults",
            file=_file(cls, folder),
            line=_line(cls.__init__, folder) or _line(cls, folder),
        )
    for name in _EXPECTED:
        _check_signature(cls, name, folder)
    return cls


def _check_signature(cls: type[Model], name: str, folder: Path) -> None:
    """Check that a method can be called in the way the harness calls it.

    Raises:
        ContractError: it cannot.
    """
    method = inspect.getattr_static(cls, name)
    if name == "load" and isinstance(method, classmethod | staticmethod):
        raise ContractError(
            f"`load` is a {type(method).__name__}: expected a plain method, `{_signature(name)}`, which is called on "
            "an existing Model(); set the attributes of self and return nothing",
            file=_file(cls, folder),
            line=_line(method.__func__, folder),
        )
    arguments: tuple[object, ...] = (None,) * len(_EXPECTED[name])
    if not isinstance(method, classmethod | staticmethod):
        arguments = (None, *arguments)
    function = getattr(method, "__func__", method)
    if isinstance(method, classmethod):
        arguments = (None, *arguments)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it is written in C or has no signature for another reason
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise ContractError(
            f"`{name}{signature}` cannot be called as {_called(name, signature)}: "
            f"write `{_signature(name)}`; {_REMEDIES[name]}",
            file=_file(function, folder),
            line=_line(function, folder),
        ) from error


def _called(name: str, signature: inspect.Signature) -> str:
    first = next(iter(signature.parameters), "")
    call = f"model.{name}({', '.join(_EXPECTED[name])})"
    return call if first == "self" else f"{call}, whose first argument is self"


def _signature(name: str) -> str:
    return f"def {name}({', '.join(('self', *_EXPECTED[name]))}):"


def _similar(cls: type, name: str) -> str:
    """Return a hint to a method that may be meant to be the missing one, or an empty string."""
    others = {"predict": ("forward", "__call__", "predict_proba", "transform", "test"), "fit": ("train_model", "learn")}
    found = [other for other in others[name] if other in vars(cls)]
    return f" (it may call your `{found[0]}`)" if found else ""


def _other_class(module: ModuleType) -> type[Model] | None:
    found = [
        thing
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, Model) and thing.__module__ == module.__name__
    ]
    return found[-1] if found else None


def _line_of_other(module: ModuleType) -> int | None:
    other = _other_class(module)
    return None if other is None else _line(other, Path(str(module.__file__)).parent)


def _instead(module: ModuleType) -> str:
    other = _other_class(module)
    if other is not None:
        return f"call your class Model instead of {other.__name__}"
    if callable(getattr(module, "fit", None)) or callable(getattr(module, "predict", None)):
        return "make fit and predict its methods, `class Model(harness.Model):`"
    return "expected `class Model(harness.Model):` with the methods fit and predict"


def _describe(thing: object) -> str:
    if inspect.isclass(thing):
        return "a class without the base harness.Model"
    kind = type(thing)
    if issubclass(kind, Model):
        return f"an object of the class {kind.__name__}, not a class"
    return f"a {kind.__name__}"


def _file(thing: object, folder: Path) -> str | None:
    """Return the file of the submission that defines `thing`; None if another file does."""
    try:
        path = Path(inspect.getfile(thing))  # type: ignore[arg-type] # any object may be passed
    except (TypeError, OSError):
        return None
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _line(thing: object, folder: Path) -> int | None:
    """Return the line of `thing` in its file; None if that is not a file of the submission."""
    if _file(thing, folder) is None:
        return None
    code = getattr(thing, "__code__", None)
    if code is not None:
        return int(code.co_firstlineno)
    try:
        return inspect.getsourcelines(thing)[1]  # type: ignore[arg-type] # any object may be passed
    except (OSError, TypeError, IndexError):
        return None
