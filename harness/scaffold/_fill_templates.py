"""Write templates into new folders, without changing existing files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from jinja2 import Environment, StrictUndefined

from harness.bundled import copy_tasks
from harness.contract import Task, check_name
from harness.course import Course
from harness.errors import UsageError
from harness.files import write_atomically
from harness.scaffold._notebook import notebook
from harness.scaffold._zone import machine_zone

_FILLED = ".jinja"


def new_submission(course: Course, name: str, task: Task) -> list[Path]:
    """Write ``submissions/<name>/<task>/model.py``, and return the written files.

    Raises:
        UsageError: the name is not allowed, a link is in the person's place, or the folder is there already.
    """
    folder = course.folder_of(name, task.name)
    return _fill("submission", folder, _values(name, task))


def new_notebook(course: Course, name: str, task: Task) -> list[Path]:
    """Write ``submissions/<name>/<task>/model.ipynb``, a notebook that passes `harness check`, and return its path.

    Raises:
        UsageError: the name is not allowed, a link is in the person's place, or the folder is there already.
    """
    folder = course.folder_of(name, task.name)
    refuse_taken(folder)
    source = (files("harness.scaffold") / "templates" / "submission" / "model.py.jinja").read_text(encoding="utf-8")
    model = template_environment().from_string(source).render(_values(name, task))
    path = folder / "model.ipynb"
    write_atomically(path, notebook(name, task, model))
    return [path]


def new_task(course: Course, name: str) -> list[Path]:
    """Write ``tasks/<name>/``, and return the written files.

    Raises:
        UsageError: the name is not allowed, or the folder exists already.
    """
    return _fill("task", course.tasks_folder / check_name(name, "task"), {"name": name})


def new_course(folder: Path, harness: str, tasks: Sequence[str] = ()) -> list[Path]:
    """Write a course with its workflows into `folder`, and return the written files.

    `harness` is the requirement by which pip installs the harness in CI; '' if it is not known yet. `tasks` are names
    of tasks that come with the harness; without any, the course gets a task with generated points.

    Raises:
        UsageError: the folder exists and is not empty.
    """
    values: dict[str, object] = {"title": folder.resolve().name, "harness": harness, "zone": machine_zone()}
    written = _fill("course", folder, values)
    course = Course(folder)
    return written + (copy_tasks(course, tasks) if tasks else new_task(course, "clouds"))


def _values(name: str, task: Task) -> dict[str, object]:
    """Return the values for the template of a submission."""
    return {"name": name, "task": task, "methods": task.kind_definition.sample_model.rstrip()}


def _fill(template: str, folder: Path, values: dict[str, object]) -> list[Path]:
    refuse_taken(folder)
    environment = template_environment()
    written = []
    for path, source in _sources(files("harness.scaffold") / "templates" / template, PurePosixPath()):
        content = source.read_bytes()
        if path.suffix == _FILLED:
            path, content = path.with_suffix(""), environment.from_string(content.decode()).render(values).encode()
        write_atomically(folder / path, content)
        written.append(folder / path)
    return written


def refuse_taken(folder: Path) -> None:
    """Raise if a folder is not empty.

    Raises:
        UsageError: it is not empty; nothing was written.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder} exists already: nothing was written; choose another name or remove it")


def template_environment() -> Environment:
    """Return the template engine, without HTML escaping; undefined values are errors."""
    return Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - no HTML


def _sources(folder: Traversable, prefix: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _sources(item, prefix / item.name)
        else:
            yield prefix / item.name, item
