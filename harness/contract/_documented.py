"""Limit what `help()` shows of a declaration to its docstring and its methods."""

from __future__ import annotations

from collections.abc import Iterable


class Documented(type):
    """The class of classes whose docstring describes the fields.

    `help()` then lists neither the fields again nor the methods that every dataclass has.
    """

    def __dir__(cls) -> Iterable[str]:
        """Return the names of the class without fields and without those that Python and `dataclasses` add."""
        fields = cls.__dict__.get("__dataclass_fields__", {})
        return [name for name in super().__dir__() if not name.startswith("_") and name not in fields]
