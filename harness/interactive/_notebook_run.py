"""Copy a class from the cells of a notebook into a temporary course, and run the command line on it."""

from __future__ import annotations

import html
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.contract import Split
from harness.course import Course
from harness.errors import UsageError
from harness.interactive._kernel_cells import cells_with, file_of, is_colab, notebook_folder, running_shell
from harness.interactive._parts import read_parts
from harness.plugins import COURSE_FILE
from harness.programs import python_command

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "notebook"
_WEIGHTS = "weights"
_CLAIMING = frozenset({"readme", "readme.md", "readme.rst", "readme.txt", "results.json"})
_INFRASTRUCTURE = 2
"""Exit codes from this one upwards are not a verdict on the model."""
_SHOWN_EVERY_SECONDS = 1.0
_FRAME_PIXELS = 640


@dataclass(frozen=True)
class Report:
    """The output of the harness about a class, which displays itself in notebooks and terminals."""

    text: str
    passed: bool
    seconds: float
    record: dict[str, Any] | None = None
    """The record of an evaluation, as plain data."""
    page: str = field(default="", repr=False)
    """The complete report of an evaluation, an HTML page."""

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """Return HTML with the verdict and, if there is one, the complete page in a frame that runs no scripts."""
        colour = "#1a7f37" if self.passed else "#b35900"
        shown = f'<pre style="border-left: 3px solid {colour}; padding-left: 1em">{html.escape(self.text)}</pre>'
        if not self.page:
            return shown
        frame = (
            f'<iframe sandbox="" style="width: 100%; height: {_FRAME_PIXELS}px; border: 1px solid #ddd" '
            f'srcdoc="{html.escape(self.page)}"></iframe>'
        )
        return f"{shown}<details><summary>the whole report</summary>{frame}</details>"


def load_data(task: str, *, course: str | Path = ".", data: str = "auto") -> tuple[Split, Split]:
    """Return the train and validation parts of `task`, as `fit` gets them.

    Parameters
    ----------
    task : str
        The name of the task.
    course : str or pathlib.Path, default "."
        Any folder in the course.
    data : str, default "auto"
        The source of data: ``auto``, ``real``, ``canonical``, ``local`` or ``embedded``.

    Returns
    -------
    tuple of Split
        The train and the validation part.

    Raises
    ------
    UsageError
        There is no such course, task or data; the message lists what exists.
    """
    root = _find_course(Path(course)).root
    with tempfile.TemporaryDirectory(prefix="harness-notebook-") as folder:
        file = Path(folder, "parts.npz")
        done = _run_harness(["data", "save", task, "-o", str(file), "--data", data], root, None)
        if not file.exists():
            raise UsageError(done.text)
        return read_parts(file)


def check(model: type, task: str, *, course: str | Path = ".", data: str = "auto") -> Report:
    """Check in seconds and in isolation, as ``harness check`` does, whether a class meets the contract of a task.

    Parameters
    ----------
    model : type
        The class, defined in a cell or a file.
    task : str
        The name of the task.
    course : str or pathlib.Path, default "."
        Any folder in the course.
    data : str, default "auto"
        The source of data: ``auto``, ``real``, ``canonical``, ``local`` or ``embedded``.

    Returns
    -------
    Report
        The outcome of each check, which notebooks display.

    Raises
    ------
    UsageError
        There is no such course, task or data, or the check could not be carried out.
    """
    with _temporary_course(model, task, Path(course)) as root:
        begin = time.monotonic()
        done = _run_harness(["check", f"submissions/{_NAME}/{task}", "--data", data], root, f"checking {task}")
        _raise_unless_verdict(done)
        return _shown(Report(done.text, done.code == 0, time.monotonic() - begin))


def evaluate(
    model: type,
    task: str,
    *,
    course: str | Path = ".",
    data: str = "auto",
    seed: int = 0,
    claims: bool | float = False,
) -> Report:
    """Train the class `model` on `task` and score it in isolation, as ``harness evaluate`` does.

    Nothing is published. The report contains the record; to appear on the leaderboard, hand the notebook in.

    Parameters
    ----------
    model : type
        The class, defined in a cell or a file.
    task : str
        The name of the task.
    course : str or pathlib.Path, default "."
        Any folder in the course.
    data : str, default "auto"
        The source of data: ``auto``, ``real``, ``canonical``, ``local`` or ``embedded``.
    seed : int, default 0
        The base seed.
    claims : bool or float, default False
        Whether the report also compares the claimed score, the score with the weights in ``weights/`` next to the
        notebook, and the score of the model trained here, as ``harness evaluate --claims`` does. With True the claim is
        read from the README or ``results.json`` next to the notebook; a number is the claim itself.

    Returns
    -------
    Report
        The result, which notebooks display.

    Raises
    ------
    UsageError
        There is no such course, task or data, or the evaluation could not be carried out.
    """
    with_claims = claims is not False
    with _temporary_course(model, task, Path(course), with_claims=with_claims) as root:
        begin = time.monotonic()
        place, file = f"submissions/{_NAME}/{task}", root / "records.json"
        options = ["--data", data, "--seed", str(seed), "--json", str(file)]
        options += ["--claims"] if with_claims else []
        if with_claims and claims is not True:
            (root / place / "results.json").write_text(json.dumps({"claimed": float(claims)}), encoding="utf-8")
        done = _run_harness(["evaluate", place, *options], root, f"evaluating {task}")
        _raise_unless_verdict(done)
        records = json.loads(file.read_text()) if file.exists() else []
        pages = root / "pages"
        _run_harness(["report", place, "--output", str(pages)], root, None)
        page = next((path.read_text() for path in sorted(pages.glob("*.html"))), "")
        record = records[0] if records else None
        return _shown(Report(_without_rank(done.text), done.code == 0, time.monotonic() - begin, record, page))


def _shown(report: Report) -> Report:
    """Print a report in a script, because only notebooks and Python prompts show what a call returns."""
    if running_shell() is None and not hasattr(sys, "ps1"):
        print(report.text)
    return report


def _without_rank(text: str) -> str:
    """Leave out the rank, because the temporary course has no other submission."""
    return "\n".join(line for line in text.split("\n") if not line.startswith("  rank "))


@dataclass(frozen=True)
class _CommandResult:
    code: int
    text: str


def _raise_unless_verdict(done: _CommandResult) -> None:
    """Raise if the command ended for a reason other than a verdict on the model."""
    if done.code >= _INFRASTRUCTURE:
        raise UsageError(done.text)


def _run_harness(arguments: Sequence[str], course: Path, progress: str | None) -> _CommandResult:
    """Run the command line in `course` as a separate process, and show how long it has been running."""
    command = python_command("harness", *arguments, path=_import_path())
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=course,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:  # for example in a notebook that runs in a browser
            raise UsageError(f"no process can be started here ({error}): use a notebook on your computer") from error
        try:
            _wait(process, progress)
        except BaseException:  # the cell was interrupted
            process.terminate()
            process.wait()
            raise
        output.seek(0)
        return _CommandResult(process.returncode, output.read().strip())


def _import_path() -> list[str]:
    """Return this process's import path without the folder of the notebook or script, which has the student's files."""
    own = {Path.cwd(), Path(getattr(sys.modules["__main__"], "__file__", None) or "/-").resolve().parent}
    package = Path(__file__).parents[2]
    return [entry for entry in sys.path if Path(entry) == package or Path(entry).resolve() not in own]


def _environment() -> dict[str, str]:
    """Return this process's environment without the variables that make child processes print in colours."""
    drawn = ("FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "PY_COLORS")
    kept = {name: value for name, value in os.environ.items() if name not in drawn}
    return kept | {"NO_COLOR": "1", "TERM": "dumb"}


def _wait(process: subprocess.Popen[Any], progress: str | None) -> None:
    begin, show = time.monotonic(), _progress() if progress else None
    while True:
        try:
            process.wait(_SHOWN_EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            if show is not None:
                show(f"{progress} … {time.monotonic() - begin:.0f} s")
            continue
        break
    if show is not None:
        show("")


def _progress() -> Callable[[str], None]:
    """Return a function that replaces the last printed line."""

    def show(text: str) -> None:
        sys.stdout.write(f"\r{text:<40}" if text else f"\r{'':<40}\r")
        sys.stdout.flush()

    return show


@contextmanager
def _temporary_course(model: type, task: str, start: Path, *, with_claims: bool = False) -> Iterator[Path]:
    """Yield a temporary course with the tasks of the one at `start` and `model` as its only submission."""
    course = _find_course(start)
    if not inspect.isclass(model):
        raise UsageError(f"give the class itself, not {type(model).__name__}: harness.check(Model, {task!r})")
    with tempfile.TemporaryDirectory(prefix="harness-notebook-") as folder:
        copy = Course(Path(folder, "course"))
        shutil.copytree(course.tasks_folder, copy.tasks_folder, ignore=shutil.ignore_patterns("__pycache__"))
        if (course.root / COURSE_FILE).is_file():
            shutil.copy(course.root / COURSE_FILE, copy.root)
        place = copy.folder_of(_NAME, task)
        place.mkdir(parents=True)
        _write(model, task, course, place, with_claims=with_claims)
        yield copy.root


def _find_course(start: Path) -> Course:
    """Return the course around `start`, or that of the notebook, which VS Code may run in another folder."""
    try:
        return Course.find(start)
    except UsageError as error:
        folder = notebook_folder(running_shell())
        if folder != Path.cwd():
            with suppress(UsageError):
                return Course.find(folder)
        colab, elsewhere = "in Colab, `!git clone` the course and `%cd` into it", "or name it: course='/path/of/it'"
        raise UsageError(f"{error}; {colab if is_colab() else elsewhere}") from error


def _write(model: type, task: str, course: Course, folder: Path, *, with_claims: bool) -> None:
    """Write the cells run so far, or the file that defines `model`, as a submission with the files next to it."""
    shell = running_shell()
    source = None if model.__module__ == "__main__" and shell is not None else _source_of(model)
    if source is None and (file := file_of(model)) is not None:  # %run script.py
        source = file
    origin = notebook_folder(shell) if source is None else source.parent
    if origin.name == task and origin.parent.parent == course.submissions_folder:
        _copy_all(origin, folder)
    elif with_claims:
        _copy_claims(origin, folder)
    if source is None:
        cells = cells_with(model, shell)
        _copy_modules(origin, folder, "\n".join(cells))
        (folder / "model.ipynb").write_text(json.dumps(_notebook(cells, model.__name__)), encoding="utf-8")
        (folder / "model.py").unlink(missing_ok=True)
        return
    for path in source.parent.glob("*.py"):
        shutil.copy(path, folder / path.name)
    (folder / "model.py").write_bytes(source.read_bytes() + _alias(model.__name__).encode())


def _source_of(model: type) -> Path:
    try:
        return Path(inspect.getfile(model))
    except TypeError as error:
        raise UsageError(f"where {model.__name__} is defined cannot be found: define it in a cell or a file") from error


def _copy_all(origin: Path, folder: Path) -> None:
    """Copy the files handed in with the notebook, without other notebooks, which could be mistaken for it."""
    shutil.copytree(
        origin, folder, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.ipynb")
    )


def _copy_claims(origin: Path, folder: Path) -> None:
    """Copy the files that may claim a score or be loaded: README, results.json, weights/."""
    for path in origin.iterdir():
        if path.name.lower() in _CLAIMING and path.is_file():
            shutil.copy(path, folder / path.name)
    if (origin / _WEIGHTS).is_dir():
        shutil.copytree(origin / _WEIGHTS, folder / _WEIGHTS, symlinks=True, dirs_exist_ok=True)


def _copy_modules(origin: Path, folder: Path, code: str) -> None:
    """Copy the modules next to a notebook that its cells import, and those that these import."""
    waiting = [code]
    while waiting:
        text = waiting.pop()
        for path in origin.glob("*.py"):
            imported = re.search(rf"^\s*(from|import)\b.*\b{re.escape(path.stem)}\b", text, re.MULTILINE)
            if imported and path.name != "model.py" and not (folder / path.name).exists():
                shutil.copy(path, folder / path.name)
                waiting.append(path.read_text(encoding="utf-8", errors="replace"))


def _notebook(cells: Sequence[str], name: str) -> dict[str, Any]:
    sources = [*cells, _alias(name)] if name != "Model" else list(cells)
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _alias(name: str) -> str:
    return "" if name == "Model" else f"\n\nModel = {name}\n"
