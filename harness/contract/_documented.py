"""What `help()` shows of a declaration: its fields and its own methods."""

from __future__ import annotations

from collections.abc import Iterable


class Documented(type):
    """A class whose docstring describes its fields: `help()` lists neither them nor what every dataclass has."""

    def __dir__(cls) -> Iterable[str]:
        """Return the names without those that Python and `dataclasses` add, and without fields."""
        fields = cls.__dict__.get("__dataclass_fields__", {})
        return [name for name in super().__dir__() if not name.startswith("_") and name not in fields]
