"""Notebooks and figures made for tests of claims."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from harness.record import ClaimedScore, Claims, Score
from tests.records import ACCURACY


def notebook(*printed: list[str] | None, outputs: list[dict[str, Any]] | None = None) -> str:
    """Return a notebook of code cells that printed these lines, None for a text; `outputs` are the last cell's."""
    cells: list[dict[str, Any]] = []
    for lines in printed:
        made = [{"output_type": "stream", "name": "stdout", "text": lines}] if lines else []
        code = {"cell_type": "code", "metadata": {}, "source": "", "outputs": made, "execution_count": 1}
        cells.append({"cell_type": "markdown", "source": "text"} if lines is None else code)
    if outputs is not None:
        cells.append({"cell_type": "code", "metadata": {}, "source": "", "outputs": outputs})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def scored(value: float, low: float, high: float, *, higher_is_better: bool = True) -> Score:
    """Return a score with this interval."""
    return msgspec.structs.replace(ACCURACY, value=value, low=low, high=high, higher_is_better=higher_is_better)


def claims(**parts: Any) -> Claims:
    """Return three figures: what is claimed is too good, and the weights do about what is trained."""
    usual = {
        "metric": "accuracy",
        "claimed": (ClaimedScore(source="README", line=3, value=0.99, low=0.985, high=0.995),),
        "shipped": scored(0.91, 0.86, 0.96),
        "retrained": ACCURACY,
        "p_value": 0.4,
    }
    return Claims(**(usual | parts))
