"""The notebook with which a student starts: load, look, model, check, evaluate, hand in."""

from __future__ import annotations

import json

from harness.contract import Task

_TITLE = """\
# {title}

The harness takes the class `Model` from this notebook, with the imports, functions, classes and constants of other
cells that the class needs. Plots, prints and training loops in other cells are ignored, and so are outputs. To choose
the cells yourself, write `#| harness` as the first line of each cell that belongs to the model.

Start the notebook in a folder of the course. The task is explained in `tasks/{name}/README.md`.
"""
_LOAD = """\
import harness

train, validation = harness.load_data("{name}")
len(train), len(validation)"""
_LOOK = """\
train.inputs[0], train.targets[0]"""
_MODEL = """\
## The model

`fit` gets the same two parts. Store everything that it learns on `self`, because another process predicts.
"""
_CHECK = 'harness.check(Model, "{name}")'
_EVALUATE = 'harness.evaluate(Model, "{name}")'
_HAND_IN = """\
## Hand in

Save the notebook. `harness evaluate submissions/{who}/{name}` evaluates it in the same way as grading does. A README,
figures and results in the same folder are for people; models never see them.
"""


def notebook(who: str, task: Task, model: str) -> bytes:
    """Return a notebook for `task`, with the source `model` in a separate cell."""
    values = {"title": task.title, "name": task.name, "who": who}
    cells = [
        ("markdown", _TITLE), ("code", _LOAD), ("code", _LOOK), ("markdown", _MODEL), ("code", model),
        ("code", _CHECK), ("code", _EVALUATE), ("markdown", _HAND_IN),
    ]  # fmt: skip
    made = [
        _cell(number, kind, text if text is model else text.format(**values))
        for number, (kind, text) in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False).encode() + b"\n"


def _cell(number: int, kind: str, text: str) -> dict[str, object]:
    lines = text.strip("\n").splitlines(keepends=True)
    cell: dict[str, object] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": lines}
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}
