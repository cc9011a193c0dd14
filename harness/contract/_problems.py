"""Check declarations: each mistake is named by its field, with what was found and what was expected."""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection

from harness.errors import TaskError

_SHOWN = 60


class Problems:
    """Collects the mistakes of one declaration, so that all of them are reported at once."""

    def __init__(self, of: str) -> None:
        self._of, self._found, self._fields = of, list[str](), list[str]()

    def __bool__(self) -> bool:
        return bool(self._found)

    def expect(self, holds: bool, field: str, value: object, expected: str) -> None:
        """Note that `field` is wrong unless `holds`; `expected` says what to write."""
        if not holds:
            self._found.append(f"{self._of}{field}: found {shown(value)}; expected {expected}")
            self._fields.append(field)

    def raise_if_any(self) -> None:
        """Raise an error that names all mistakes, if there are any.

        Raises:
            TaskError: there is a mistake.
        """
        if self._found:
            raise TaskError("; ".join(self._found), tuple(self._fields))


def shown(value: object) -> str:
    """Return the representation and type of `value`, truncated to a length that fits into a message."""
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__qualname__} ({type(value).__name__})"
    try:
        text = repr(value)
    except Exception:  # anything may have been declared
        text = "a value that cannot be shown"
    return f"{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'} ({type(value).__name__})"


def is_text(value: object) -> bool:
    """Return whether `value` is a string that is not empty or blank."""
    return isinstance(value, str) and bool(value.strip())


def is_line(value: object) -> bool:
    """Return whether `value` is a string of one line, without tabs and control characters."""
    return is_text(value) and str(value).isprintable()


def is_number(value: object, low: float = -math.inf, high: float = math.inf) -> bool:
    """Return whether `value` is a finite number from `low` to `high`; True and False are not numbers here."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high
    )


def is_count(value: object, low: int = 1, high: float = math.inf) -> bool:
    """Return whether `value` is an int from `low` to `high`."""
    return isinstance(value, int) and is_number(value, low, high)


def is_row(value: object, of: type | tuple[type, ...]) -> bool:
    """Return whether `value` is a tuple or list of items of type `of`."""
    return isinstance(value, tuple | list) and all(isinstance(item, of) for item in value)


def is_distinct(names: Collection[object]) -> bool:
    """Return whether no two `names` are the same, apart from spaces around them."""
    return len({name.strip() if isinstance(name, str) else name for name in names}) == len(names)


def takes(function: object, arguments: int) -> bool:
    """Return whether `function` accepts this number of positional arguments; True if its signature is not known."""
    if not callable(function):
        return False
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it is written in C
        return True
    try:
        signature.bind(*[None] * arguments)
    except TypeError:
        return False
    return True
