"""Check the predictions that a worker sends, and describe exactly what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.contract import Predictions, TaskInfo
from harness.errors import Phase, SubmissionError
from harness.kinds import PREDICTION_FORMS, Kind, UnacceptableError
from harness.wire import Admit, ArrayHeader, Done, WireError, unpack

Array = np.ndarray[Any, Any]


def admit_predictions(kind: Kind, task: TaskInfo, n: int, item_shape: tuple[int, ...], phase: Phase) -> Admit:
    """Return a function that checks the array headers of a reply to `n` inputs before any payload is read."""
    expected = PREDICTION_FORMS[kind.form].arrays

    def admit(message: object, headers: Sequence[ArrayHeader]) -> None:
        if not isinstance(message, Done):
            if headers:
                raise WireError("arrays came with a message that cannot have any")
            return
        if len(headers) != expected:
            raise WireError(f"the predictions consist of {len(headers)} arrays, expected {expected}")
        problem = kind.form_problem(task, n, item_shape, headers)
        if problem:
            raise bad_predictions(phase, problem)

    return admit


def accept(kind: Kind, task: TaskInfo, arrays: Sequence[Array], phase: Phase) -> Predictions:
    """Check the predictions in `arrays`, whose headers were admitted, and return them.

    Raises:
        SubmissionError: `bad_predictions`.
    """
    received = unpack("array" if PREDICTION_FORMS[kind.form].arrays == 1 else "ragged", arrays)
    try:
        return Predictions(*kind.accept(task, received))
    except UnacceptableError as error:
        raise bad_predictions(phase, str(error)) from error


def join_predictions(batches: Sequence[Predictions]) -> Predictions:
    """Return the predictions of several batches as one, with scores only if every batch has them."""
    if isinstance(batches[0].values, list):
        return Predictions([boxes for batch in batches for boxes in batch.values])
    values = np.concatenate([batch.values for batch in batches])
    scores = [batch.scores for batch in batches if batch.scores is not None]
    return Predictions(values, np.concatenate(scores) if len(scores) == len(batches) else None)


def bad_predictions(phase: Phase, problem: str) -> SubmissionError:
    """Return the failure for bad predictions that `problem` describes."""
    return SubmissionError("bad_predictions", phase, problem)
