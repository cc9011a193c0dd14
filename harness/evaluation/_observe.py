"""What an evaluation tells whoever watches; it knows nothing of terminals."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Follows one evaluation."""

    def phase(self, name: str) -> None:
        """Take note that a phase starts."""

    def advance(self, done: float, total: float) -> None:
        """Take note of progress within the phase."""

    def logged(self, values: dict[str, float]) -> None:
        """Take note of what the model logged."""


class Silent:
    """Watches nothing."""

    def phase(self, name: str) -> None:
        """Ignore."""

    def advance(self, done: float, total: float) -> None:
        """Ignore."""

    def logged(self, values: dict[str, float]) -> None:
        """Ignore."""
