"""The error of a kind of task for predictions that it does not accept."""

from __future__ import annotations


class UnacceptableError(Exception):
    """Predictions do not have the form of the kind of task.

    The message is a complete sentence, such as ``predict returned -1 for item 3: expected 0 or more``.
    """


def describe(value: object) -> str:
    """Return a few words that describe `value`."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
