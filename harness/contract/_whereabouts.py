"""The file and line where a function is defined, and where in its folder an error was raised."""

from __future__ import annotations

import functools
import traceback
from pathlib import Path
from types import CodeType


def written_at(function: object) -> str:
    """Return file and line of the definition of `function`, which may be any callable; "" if they are not known."""
    code = _code_of(function)
    return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def raised_at(error: BaseException, function: object) -> str:
    """Return file and line of the last frame of `error` in the folder of `function`, or of the function itself."""
    code = _code_of(function)
    if code is None:
        return ""
    folder = Path(code.co_filename).parent
    frames = [step for step in traceback.extract_tb(error.__traceback__) if Path(step.filename).parent == folder]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else written_at(function)


def _code_of(function: object) -> CodeType | None:
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__wrapped__", function)
    code = getattr(function, "__code__", None)
    if code is None and callable(function):  # an object with a method __call__
        code = getattr(type(function).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None
