"""Messages point at the student's own file and line."""

from __future__ import annotations

import errno
import importlib.util
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from harness.worker._explain import ContractError, PredictionsError, explain


def raised_by(folder: Path, text: str, name: str = "model.py") -> BaseException:
    """Run `text` as a file of `folder` and return what it raises."""
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(dedent(text))
    spec = importlib.util.spec_from_file_location("the_students_model", path)
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_line_of_the_student_is_named_even_if_numpy_raised(tmp_path):
    error = raised_by(tmp_path, "import numpy as np\n\nnp.zeros(3).reshape(2, 2)\n")
    told = explain(error, tmp_path)
    assert (told.exception, told.file, told.line, told.reason) == ("ValueError", "model.py", 3, "error")
    assert "cannot reshape" in told.message


def test_the_deepest_line_of_the_students_is_named_with_its_file(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "helper.py").write_text("def help():\n    return {}['x']\n")
    text = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom parts.helper import help\nhelp()\n"
    told = explain(raised_by(tmp_path, text), tmp_path)
    sys.modules.pop("parts"), sys.modules.pop("parts.helper")
    assert (told.file, told.line) == ("parts/helper.py", 2)


def test_the_traceback_starts_in_the_students_code_and_names_no_folder(tmp_path):
    told = explain(raised_by(tmp_path, "def f():\n    1 / 0\nf()\n"), tmp_path)
    assert "importlib" not in told.traceback
    assert str(tmp_path) not in told.traceback
    assert 'File "model.py", line 2, in f' in told.traceback


def test_a_syntax_error_is_reported_at_its_line(tmp_path):
    told = explain(raised_by(tmp_path, "x = 1\ny = (\n"), tmp_path)
    assert (told.exception, told.file, told.line) == ("SyntaxError", "model.py", 2)


def test_a_syntax_error_in_parsed_text_is_reported_at_the_call(tmp_path):
    told = explain(raised_by(tmp_path, "\n\neval('1 +')\n"), tmp_path)
    assert (told.file, told.line) == ("model.py", 3)


@pytest.mark.parametrize(("code", "said"), [("", "sys.exit(None)"), ("0", "sys.exit(0)"), ("'bye'", "sys.exit('bye')")])
def test_a_call_of_sys_exit_is_reported_as_one(tmp_path, code, said):
    told = explain(raised_by(tmp_path, f"import sys\nsys.exit({code})\n"), tmp_path)
    assert told.exception == "SystemExit"
    assert said in told.message
    assert told.line == 2


def test_an_exception_whose_str_fails_is_still_reported(tmp_path):
    text = "class E(Exception):\n    def __str__(self):\n        raise ValueError\nraise E\n"
    told = explain(raised_by(tmp_path, text), tmp_path)
    assert (told.exception, told.message, told.line) == ("E", "(the exception cannot be shown)", 4)


def test_codes_of_a_terminal_are_left_out_of_a_message(tmp_path):
    error = ValueError("load it \x1b[1monly if you trust it\x1b[0m: no")
    assert explain(error, tmp_path).message == "load it only if you trust it: no"


def test_a_long_message_is_cut(tmp_path):
    told = explain(raised_by(tmp_path, "raise ValueError('x' * 100_000)"), tmp_path)
    assert len(told.message) == 2_000
    assert len(told.traceback) == 8_000


def test_a_deep_recursion_is_reported(tmp_path):
    told = explain(raised_by(tmp_path, "def f(): f()\nf()\n"), tmp_path)
    assert (told.exception, told.line) == ("RecursionError", 1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "memory"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "processes"),
        (RuntimeError("can't start new thread"), "processes"),
        (OSError(errno.ENOSPC, "No space left on device"), "scratch"),
        (OSError(errno.EFBIG, "File too large"), "scratch"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "error"),
        (KeyboardInterrupt(), "error"),
    ],
)
def test_limits_of_the_machine_have_their_own_reasons(tmp_path, error, reason):
    told = explain(error, tmp_path)
    assert told.reason == reason
    assert (told.file, told.line) == (None, None)


def test_errors_of_the_contract_keep_their_own_place(tmp_path):
    told = explain(ContractError("no class", file="model.py", line=3), tmp_path)
    assert (told.exception, told.message, told.file, told.line) == ("", "no class", "model.py", 3)
    assert told.reason == "contract"
    assert explain(PredictionsError("no array"), tmp_path).reason == "predictions"


@pytest.mark.parametrize("filename", [b"model.py", 3])
def test_a_syntax_error_with_an_odd_file_name_is_reported(tmp_path, filename):
    error = SyntaxError("m")
    error.filename = filename
    assert explain(error, tmp_path).exception == "SyntaxError"


@pytest.mark.parametrize("line", [10**30, -1, "7", 1.5])
def test_an_impossible_line_number_is_not_reported(tmp_path, line):
    text = (
        f"error = SyntaxError('no', ({str(tmp_path / 'model.py')!r}, 1, 1, 'x'))\nerror.lineno = {line!r}\nraise error"
    )
    told = explain(raised_by(tmp_path, text), tmp_path)
    assert (told.exception, told.file, told.line) == ("SyntaxError", "model.py", None)
