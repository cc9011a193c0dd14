"""Import a submission and make its model."""

from __future__ import annotations

import importlib
import inspect
import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy.random as np_random  # NumPy itself loads it late, when a student's file could have a name it needs

from harness.contract import Model, Reporter, TaskInfo
from harness.worker._explain import ContractError


def make_model(folder: Path, task: TaskInfo, seed: int, reporter: Reporter) -> Model:
    """Import ``model.py`` from `folder` and return ``Model()``, everything seeded.

    Raises:
        ContractError: there is no class `Model`, or it does not keep the contract.
    """
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])  # for children
    seed_everything(seed)
    cls = _checked(getattr(importlib.import_module("model"), "Model", None), folder)
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


def _checked(cls: object, folder: Path) -> type[Model]:
    if cls is None:
        raise ContractError("model.py defines no class `Model`: expected `class Model(harness.Model)`", file="model.py")
    if not inspect.isclass(cls) or not issubclass(cls, Model):
        raise ContractError(
            f"`Model` in model.py is {_describe(cls)}: expected `class Model(harness.Model)`",
            file="model.py",
            line=_line(cls),
        )
    for name in ("fit", "predict"):
        if getattr(cls, name) is getattr(Model, name):
            raise ContractError(
                f"class Model has no method `{name}`: write it", file=_file(cls, folder), line=_line(cls)
            )
    needed = [
        parameter.name
        for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        raise ContractError(
            f"Model.__init__ needs the arguments {', '.join(needed)}: the harness calls Model() with none, "
            "so give them defaults",
            file=_file(cls, folder),
            line=_line(cls.__init__) or _line(cls),
        )
    return cls


def _describe(thing: object) -> str:
    return "a class without the base harness.Model" if inspect.isclass(thing) else f"a {type(thing).__name__}"


def _file(thing: object, folder: Path) -> str | None:
    try:
        path = Path(inspect.getfile(thing))  # type: ignore[arg-type] # any object may be asked
    except TypeError:
        return None
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _line(thing: object) -> int | None:
    code = getattr(thing, "__code__", None)
    if code is not None:
        return int(code.co_firstlineno)
    try:
        return inspect.getsourcelines(thing)[1]  # type: ignore[arg-type] # likewise
    except (OSError, TypeError):
        return None
