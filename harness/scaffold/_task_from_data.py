"""Write a task from an instructor's data: the data, ``task.py``, a hand-out, and two references."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from harness.contract import check_name
from harness.course import Course
from harness.errors import UsageError
from harness.files import write_atomically
from harness.kinds import KINDS
from harness.scaffold._fill_templates import refuse_taken, template_environment
from harness.scaffold._found_arrays import read_arrays_file, read_images
from harness.scaffold._found_data import DataQuestions, FoundData
from harness.scaffold._found_table import read_table

REFERENCES = ("knn", "linear")
_TABLES = frozenset({".csv", ".tsv", ".txt"})
_WIDTH = 100
_REMEDY = "expected a CSV file, an .npz file, or a folder of images by class"


@dataclass(frozen=True)
class StatedBaseline:
    """The baseline in a new task, and where its value comes from."""

    value: float
    note: str
    reference: str = ""
    """The reference that reaches the value, if one was measured."""


def find_data(path: Path, asked: DataQuestions) -> FoundData:
    """Read an instructor's data, in any of the supported forms.

    Raises:
        UsageError: no task can be made from the data; the message says why.
        UnclearDataError: the data leave a question open.
    """
    if path.is_dir():
        return read_images(path, asked)
    if not path.exists():
        raise UsageError(f"{path} does not exist; {_REMEDY}")
    if path.suffix.lower() == ".npz":
        return read_arrays_file(path, asked)
    if path.suffix.lower() in _TABLES:
        return read_table(path, asked)
    raise UsageError(f"{path} has an unknown form; {_REMEDY}")


def write_task(course: Course, name: str, found: FoundData, root: Path) -> list[Path]:
    """Write the data into the data root, the task, its hand-out and its references; return the written files.

    Raises:
        UsageError: the name is not allowed, or one of the folders exists already; nothing was written.
    """
    folders = [course.tasks_folder / check_name(name, "task"), root / name]
    folders += [course.reference_folder / reference / name for reference in REFERENCES]
    for folder in folders:
        refuse_taken(folder)
    content = io.BytesIO()
    np.savez_compressed(content, **found.arrays())  # type: ignore[arg-type] # its stub takes them for an option
    data = root / name / f"{name}.npz"
    write_atomically(data, content.getvalue())
    written = [
        data,
        *write_declaration(course, name, found, StatedBaseline(_trivial(found), "a guess that looks at nothing")),
    ]
    for reference in REFERENCES:
        path = course.reference_folder / reference / name / "model.py"
        write_atomically(path, _rendered("model.py.jinja", _facts(name, found) | {"reference": reference}))
        written.append(path)
    return written


def write_declaration(course: Course, name: str, found: FoundData, baseline: StatedBaseline) -> list[Path]:
    """Write ``task.py`` and the hand-out, with `baseline`, and return the paths of both."""
    facts = _facts(name, found) | {"baseline": baseline, "note": json.dumps(baseline.note, ensure_ascii=False)}
    written = []
    for file in ("task.py", "README.md"):
        path = course.tasks_folder / name / file
        write_atomically(path, _rendered(f"{file}.jinja", facts))
        written.append(path)
    return written


def _rendered(template: str, facts: Mapping[str, object]) -> bytes:
    source = files("harness.scaffold") / "templates" / "task_from_data" / template
    return template_environment().from_string(source.read_text(encoding="utf-8")).render(facts).encode()


def _facts(name: str, found: FoundData) -> dict[str, object]:
    texts = isinstance(found.inputs, list)
    return {
        "name": name,
        "found": found,
        "title": json.dumps(found.what, ensure_ascii=False),
        "classes": _tuple_of(found.classes),
        "texts": texts,
        "shape": None if texts else found.inputs.shape[1:],
        "dtype": "str" if texts else str(found.inputs.dtype),
        "metrics": "".join(f"harness.metrics.{name}, " for name in KINDS[found.kind].metrics).rstrip(" "),
        "metric": KINDS[found.kind].metrics[0],
        "horizon": found.targets.shape[1] if KINDS[found.kind].continues_its_input else None,
        "labels": KINDS[found.kind].has_one_class_per_item,
        "count": len(found.targets),
    }


def _tuple_of(names: tuple[str, ...]) -> str:
    """Return a tuple of names in the layout of a code formatter."""
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    line = f"({', '.join(quoted)})"
    return line if len(line) < _WIDTH else "(\n" + "".join(f"    {name},\n" for name in quoted) + ")"


def _trivial(found: FoundData) -> float:
    """Return the approximate score of a constant guess, which is used until a reference has been measured."""
    if KINDS[found.kind].has_one_class_per_item:
        return round(float(np.bincount(found.targets).max() / len(found.targets)), 4)
    if found.classes:
        return 0.0
    return round(float(np.abs(found.targets - np.median(found.targets)).mean()), 4)
