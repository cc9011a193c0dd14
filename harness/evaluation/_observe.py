"""The interface through which an evaluation reports its progress."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Follows the progress of one evaluation."""

    def phase(self, name: str) -> None:
        """Receive the name of a phase that starts."""

    def advance(self, done: float, total: float) -> None:
        """Receive the progress within the phase."""

    def logged(self, values: dict[str, float]) -> None:
        """Receive values that the model logged."""


class SilentObserver:
    """An observer that ignores everything."""

    def phase(self, name: str) -> None:
        """Do nothing."""

    def advance(self, done: float, total: float) -> None:
        """Do nothing."""

    def logged(self, values: dict[str, float]) -> None:
        """Do nothing."""
