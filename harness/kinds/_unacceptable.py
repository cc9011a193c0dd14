"""The error of a kind of task for predictions that it does not accept."""

from __future__ import annotations


class UnacceptableError(Exception):
    """Predictions do not have the form of the kind of task; the message says what was found and expected."""


def describe(value: object) -> str:
    """Return a few words that describe `value`."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
