"""The host reads a notebook as JSON, and puts a model together from ranges that it checks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.errors import SubmissionError
from harness.evaluation._model_source import assemble_model, describe_cells
from harness.notebooks import Notebook, NotebookError, read_notebook
from harness.wire import Extracted


def notebook(*cells: Any, **more: Any) -> bytes:
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def test_code_is_read_whether_in_one_text_or_in_lines() -> None:
    content = notebook("a = 1\r\nb = 2", ["c = 3\n", "d = 4"])
    assert read_notebook("x.ipynb", content).cells == ("a = 1\nb = 2", "c = 3\nd = 4")


def test_text_cells_count_and_hold_no_code() -> None:
    content = notebook("a = 1").replace(b'"cells": [', b'"cells": [{"cell_type": "markdown", "source": "# x"},')
    assert read_notebook("x.ipynb", content).cells == ("", "a = 1")


def test_outputs_and_metadata_do_not_change_the_code() -> None:
    with_outputs = json.loads(notebook("a = 1"))
    with_outputs["cells"][0]["outputs"] = [{"output_type": "stream", "text": ["x"] * 100}]
    with_outputs["cells"][0]["execution_count"] = 3
    with_outputs["metadata"] = {"kernelspec": {"name": "python3"}}
    assert read_notebook("x", json.dumps(with_outputs).encode()).code == read_notebook("x", notebook("a = 1")).code


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b"import harness", "cannot be read"),
        (b'{"worksheets": []}', "old version"),
        (b'{"cells": 3}', "cannot be read"),
        (b'{"cells": [{"cell_type": "code", "source": {"a": 1}}]}', "cannot be read"),
        (notebook("x").replace(b"x", b"\xff"), "is not UTF-8 .*save it again"),
        (b'{"cells": [], "metadata": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, "nested more than 64 deep"),
        (b"[" * 200_000, "nested more than 64 deep"),
        (notebook(*["x"] * 5001), "more than 5000 cells"),
        (notebook("x" * (5 << 20)), "4 MiB of code"),
        (b" " * ((64 << 20) + 1), "clear the outputs"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_an_invalid_notebook_is_reported_with_a_remedy(content: bytes, said: str) -> None:
    with pytest.raises(NotebookError, match=said):
        read_notebook("x.ipynb", content)


BOOK = Notebook("x.ipynb", ("import a\nplot()", "", "RATE = 1\nclass Model:\n    !ls\n    x = RATE"))


def test_a_model_is_put_together_line_by_line_and_each_line_knows_its_cell() -> None:
    pieces = ((3, 2, 4), (1, 1, 1), (3, 1, 1))
    made = assemble_model(BOOK, Extracted(pieces, blanked=((3, 3),), future=("annotations", "nonsense; x")))
    assert made.text.split("\n") == [
        "from __future__ import annotations", "", "# cell 1", "import a", "", "# cell 3", "RATE = 1", "class Model:",
        "    pass", "    x = RATE", "",
    ]  # fmt: skip
    assert made.cells == (1, 3)
    assert [made.lines[n] for n in (0, 3, 9)] == [None, (1, 1), (3, 4)]


def test_overlapping_ranges_of_lines_are_used_once() -> None:
    made = assemble_model(BOOK, Extracted(((3, 1, 3), (3, 2, 4), (3, 2, 4))))
    assert made.text.count("RATE = 1") == made.text.count("class Model") == made.text.count("x = RATE") == 1


@pytest.mark.parametrize("piece", [(4, 1, 1), (1, 3, 3), (1, 1, 3), (1, 2, 1), (2, 2, 2)])
def test_ranges_outside_of_the_notebook_are_refused(piece: tuple[int, int, int]) -> None:
    with pytest.raises(NotebookError, match="could not be parsed correctly"):
        assemble_model(BOOK, Extracted((piece,)))


def test_errors_name_the_cell_and_show_the_line() -> None:
    made = assemble_model(BOOK, Extracted(((1, 1, 1), (3, 1, 4))))
    line = made.text.split("\n").index("    x = RATE") + 1
    others = '  File "other.py", line 3\n  File "model.py", line 777777'
    log = f'printed\n  File "model.py", line {line}, in <module>\n{others}'
    told = made.translated(SubmissionError("fit_error", "fit", "oops", file="model.py", line=line, log_tail=log))
    assert told.message == "cell 3, line 4 (`x = RATE`): oops"
    assert (told.file, told.line, told.kind) == ("x.ipynb", None, "fit_error")
    assert told.log_tail == log.replace(f'File "model.py", line {line}', "cell 3, line 4")


def test_errors_elsewhere_stay_as_they_are() -> None:
    made = assemble_model(BOOK, Extracted(((1, 1, 1),)))
    error = SubmissionError("fit_error", "fit", "oops", file="helper.py", line=3)
    assert made.translated(error) is error


@pytest.mark.parametrize(
    ("cells", "said"), [((3,), "cell 3"), ((1, 2), "cells 1 and 2"), ((1, 2, 5), "cells 1, 2 and 5")]
)
def test_cells_are_named(cells: tuple[int, ...], said: str) -> None:
    assert describe_cells(cells) == said
