"""What an evaluation tells whoever watches; it knows nothing of terminals."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Follows one evaluation."""

    def phase(self, name: str, limit_seconds: float | None) -> None:
        """Take note that a phase starts, which may last `limit_seconds`."""

    def advance(self, done: float, total: float) -> None:
        """Take note of progress within the phase."""

    def logged(self, values: dict[str, float]) -> None:
        """Take note of what the model logged."""


class Silent:
    """Watches nothing."""

    def phase(self, name: str, limit_seconds: float | None) -> None:
        """Ignore."""

    def advance(self, done: float, total: float) -> None:
        """Ignore."""

    def logged(self, values: dict[str, float]) -> None:
        """Ignore."""
