"""`harness new task --from`: what is inferred from somebody's data, what is asked, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.course import Course
from harness.errors import UsageError
from harness.scaffold import (
    DataQuestions,
    FoundData,
    StatedBaseline,
    UnclearDataError,
    find_data,
    parse_size,
    write_task,
)
from harness.scaffold._dates import are_dates
from harness.scaffold._task_from_data import write_declaration
from tests.conftest import TemporaryCourse

unit = pytest.mark.unit
N = 120


def table(folder: Path, *, header: str = "patient,age,sex,outcome", row: Callable[[int], str] | None = None,
          rows: int = N, encoding: str = "utf-8") -> Path:  # fmt: skip
    generator = np.random.default_rng(0)

    def usual(i: int) -> str:
        return f"p{i // 3},{generator.normal(60, 9):.1f},{'fm'[i % 2]},{('home', 'ward')[i % 2]}"

    path = folder / "wards.csv"
    path.write_bytes("\n".join([header, *map(row or usual, range(rows))]).encode(encoding))
    return path


def read(path: Path, **asked: Any) -> FoundData:
    return find_data(path, DataQuestions(**asked))


@unit
def test_the_meaning_of_columns_is_inferred(tmp_path: Path) -> None:
    found = read(table(tmp_path))
    assert (found.kind, found.classes, found.inputs.shape) == ("classification", ("home", "ward"), (N, 3))
    assert found.groups is not None
    assert len(set(found.groups)) == N // 3
    assert "'patient' identifies the person or subject: nobody is in two parts" in found.notes


@unit
def test_items_in_order_of_their_class_are_shuffled_with_their_groups(tmp_path: Path) -> None:
    found = read(table(tmp_path, row=lambda i: f"p{i // 3},{i},f,{('home', 'ward')[i // 60]}"))
    arrays = found.arrays()
    assert list(found.targets) == sorted(found.targets) != list(arrays["targets"])
    ages = arrays["inputs"][:, 0].astype(int)
    assert sorted(ages) == list(range(N))
    assert found.groups is not None
    assert (arrays["targets"] == ages // 60).all()
    assert (arrays["groups"] == found.groups[ages]).all()


DATES = (
    "2026-01-{:02}", "{:02}.01.2026", "{}.1.26", "1/{}/26", "{:02}/01/2026", "2026/1/{}", "{} Jan 2026", "Jan {}, 2026",
    "{}-Jan-2026", "{}. März 2026", "{} de enero de 2026", "202601{:02}", "2026年1月{}日", "2026. 1. {}.",
    "2026-01-{:02}T10:00:00Z", "2026-01-{:02} 10:00", "{:02}.01.2026 08:15", "1/{}/2026 3:04 PM",
    "Friday, {} January 2026, 3:04 PM", "{:02}:30",
)  # fmt: skip


@unit
@pytest.mark.parametrize("form", DATES)
@pytest.mark.parametrize("days", [4, 23])
def test_a_column_of_dates_is_left_out_with_a_note(tmp_path: Path, form: str, days: int) -> None:
    def row(i: int) -> str:
        when = "" if i == 7 else form.format(i % days + 1)
        return f"p{i // 3};{i * 0.37:.2f};{when};{('home', 'ward')[i % 2]}"

    found = read(table(tmp_path, header="patient;age;admitted;outcome", row=row))
    assert found.inputs.shape == (N, 1)
    assert any(
        text.startswith(f"'admitted' is left out: it holds dates, such as {form.format(1)}") for text in found.notes
    )


@unit
@pytest.mark.parametrize(
    "value", ["2019", "12345678", "1.5", "1.2.3", "99/99/2026", "13.13.2026", "3-4", "100/70", "Stage 3 2020"]
)
def test_numbers_and_words_are_not_dates(value: str) -> None:
    assert not are_dates([value])
    assert not are_dates(["2026-01-31", value])
    assert not are_dates([])


@unit
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_encodings_separators_and_decimal_commas_are_read(tmp_path: Path, encoding: str) -> None:
    path = table(
        tmp_path, header="größe;y", row=lambda i: f"{i % 40},5;{('Köln', 'Ulm')[i % 2]}", encoding=encoding
    )  # fmt: skip
    found = read(path)
    assert found.classes == ("Köln", "Ulm")
    assert found.inputs[:3, 0].tolist() == [0.5, 1.5, 2.5]


@unit
def test_numbers_are_regression_targets_and_few_integers_are_classes(tmp_path: Path) -> None:
    assert read(table(tmp_path, header="a,y", row=lambda i: f"{i % 7},{i / 3}")).kind == "regression"
    assert read(table(tmp_path, header="a,y", row=lambda i: f"{i % 7},{i % 3}")).classes == ("0", "1", "2")
    assert read(table(tmp_path, header="a,y", row=lambda i: f"{i % 7},{i % 3}"), kind="regression").classes == ()


@unit
def test_one_column_of_texts_makes_a_task_of_texts(tmp_path: Path) -> None:
    found = read(table(tmp_path, header="note,label", row=lambda i: f"patient {i} was seen and went home,{i % 2}"))
    assert found.inputs[1] == "patient 1 was seen and went home"


@unit
def test_the_part_of_each_row_is_taken_from_the_data(tmp_path: Path) -> None:
    found = read(table(tmp_path, header="a,split,y", row=lambda i: f"{i % 7},{'train' if i < 80 else 'test'},{i % 2}"))
    assert found.part is not None
    assert np.bincount(found.part).tolist() == [80, 0, 40]
    assert found.inputs.shape == (N, 1)


@unit
@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        (
            "a,y",
            lambda i: f"{i if i != 15 else ''},{i % 2}",
            "1 of 120 rows have no value of 'a', the first in line 17",
        ),
        ("a,y", lambda i: f"{i},{'NA' if i == 3 else i % 2}", "no value of 'y', the first in line 5"),
        ("a,y", lambda i: f"{i},home", "only one class, 'home'; expected at least two"),
        ("a,y", lambda i: f"{i},{'rare' if i < 4 else 'usual'}", r"too few items of 'rare' \(4\)"),
        ("a,y", lambda i: f"{i},7.5", "is 7.5 for every item; expected something to predict"),
        ("a,a,y", lambda i: f"{i},{i},{i % 2}", "two columns 'a'"),
        ("1,2.5", lambda i: f"{i},{i % 2}", "begins with numbers; expected the names of the columns"),
        ("a,y", lambda i: f"{i},{i % 2}" + (",9" if i == 8 else ""), "line 10: found 3 cells; expected 2"),
        ("y", lambda i: f"{i % 2}", "has no column to predict from"),
        ("patient,a,y", lambda i: f"{i % 4},{i % 9},{i % 2}", "has 4 groups; expected 10 or more"),
    ],
)
def test_a_table_of_which_no_task_can_be_made_is_refused_with_the_line(
    tmp_path: Path, header: str, row: Callable[[int], str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        read(table(tmp_path, header=header, row=row))


@unit
def test_a_table_with_a_header_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has a header and no rows"):
        read(table(tmp_path, rows=0))


@unit
def test_an_unclear_choice_is_asked_and_the_answer_is_used(tmp_path: Path) -> None:
    path = table(tmp_path, header="a,b", row=lambda i: f"{i % 7},{i % 2}")
    with pytest.raises(UnclearDataError, match=r"Which column of wards\.csv is to be predicted.*--target: a, b"):
        read(path)
    assert read(path, target="b").classes == ("0", "1")
    with pytest.raises(UsageError, match="no column 'c', named with --target: there are a, b"):
        read(path, target="c")


def arrays(folder: Path, **more: Any) -> Path:
    path = folder / "x.npz"
    np.savez(path, **more)
    return path


X = np.random.default_rng(0).normal(size=(N, 5))
ARRAYS: dict[str, tuple[dict[str, Any], str]] = {
    "classification": ({"x": X, "y": np.arange(N) % 3}, "classification"),
    "regression": ({"inputs": X, "targets": X[:, 0]}, "regression"),
    "multilabel": ({"x": X, "y": (X[:, :3] > 0).astype(int)}, "multilabel"),
    "forecasting": ({"x": X, "y": X[:, :2]}, "forecasting"),
    "by part": ({"x_train": X, "y_train": np.arange(N) % 2, "x_test": X, "y_test": np.arange(N) % 2}, "classification"),
    "MedMNIST": (
        {
            f"{part}_{what}": X.astype(np.uint8).reshape(N, 5, 1) if what == "images" else np.arange(N)[:, None] % 2
            for part in ("train", "val", "test")
            for what in ("images", "labels")
        },
        "classification",
    ),
}


@unit
@pytest.mark.parametrize("case", ARRAYS)
def test_the_kind_is_inferred_from_arrays_and_the_task_loads(tmp_path: Path, case: str) -> None:
    given, kind = ARRAYS[case]
    found = read(arrays(tmp_path, **given))
    assert found.kind == kind
    course = Course(tmp_path / "course")
    (course.tasks_folder).mkdir(parents=True)
    write_task(course, "mine", found, tmp_path / "data")
    task = course.task("mine")
    parts = task.sources[0].load(tmp_path / "data" / "mine")  # type: ignore[union-attr,call-arg]
    assert min(len(parts.train), len(parts.validation), len(parts.test)) > 0
    write_declaration(course, "mine", found, StatedBaseline(0.25, 'a "note"'))
    assert course.task("mine").sources[0].baseline.value == 0.25


@unit
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"a": X}, "holds a; expected inputs and targets"),
        ({"x": X, "y": np.arange(3)}, "found 120 inputs and 3 targets"),
        ({"x": np.where(X > 2, np.nan, X), "y": np.arange(N) % 2}, "hold values that are missing or infinite"),
        ({"x": X, "y": np.array([{}] * N)}, "it holds Python objects"),
        ({"x": X, "y": np.zeros((N, 4, 4))}, "tasks of masks and boxes must be declared in task.py"),
        ({"x": X, "y": np.zeros(N, int)}, "only one class, '0'"),
    ],
)
def test_arrays_of_which_no_task_can_be_made_are_refused(tmp_path: Path, given: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read(arrays(tmp_path, **given))


def pictures(folder: Path, sizes: tuple[int, ...] = (8,), each: int = 12) -> Path:
    from PIL import Image

    for number, kind in enumerate(("cat", "dog")):
        (folder / "pets" / kind).mkdir(parents=True)
        for item in range(each):
            side = sizes[item % len(sizes)]
            pixels = np.full((side, side), 100 * number + item, np.uint8)
            Image.fromarray(pixels).save(folder / "pets" / kind / f"{item}.png")
    return folder / "pets"


@unit
def test_a_folder_for_each_class_makes_a_task_of_images(tmp_path: Path) -> None:
    found = read(pictures(tmp_path))
    assert (found.classes, found.inputs.shape, str(found.inputs.dtype)) == (("cat", "dog"), (24, 8, 8), "uint8")


@unit
def test_images_of_several_sizes_are_asked_about(tmp_path: Path) -> None:
    folder = pictures(tmp_path, (8, 10))
    with pytest.raises(UnclearDataError, match=r"have 2 sizes.*--size"):
        read(folder)
    assert read(folder, size=(6, 4)).inputs.shape == (24, 6, 4)


@unit
def test_a_folder_of_bad_images_is_refused(tmp_path: Path) -> None:
    folder = pictures(tmp_path)
    (folder / "cat" / "0.png").write_bytes(b"none")
    with pytest.raises(UsageError, match=r"0\.png is not a complete image"):
        read(folder)
    with pytest.raises(UsageError, match="holds no images by class"):
        read(folder / "cat")
    with pytest.raises(UsageError, match="too few items of 'cat'"):
        read(pictures(tmp_path / "few", each=3))


@unit
def test_other_files_are_refused(tmp_path: Path) -> None:
    for name, says in (("no.csv", "does not exist"), ("a.xlsx", "has an unknown form")):
        (tmp_path / "a.xlsx").write_text("x")
        with pytest.raises(UsageError, match=says):
            read(tmp_path / name)


@unit
@pytest.mark.parametrize("text", ["", "64", "0x4", "axb"])
def test_a_size_is_height_and_width(text: str) -> None:
    with pytest.raises(UsageError, match="such as 64x48"):
        parse_size(text)
    assert parse_size("64x48") == (64, 48)


@pytest.mark.thorough
@pytest.mark.line
def test_a_task_of_a_table_has_a_measured_baseline_and_is_graded(course: TemporaryCourse, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(N, 2))
    path = table(
        tmp_path, header="a,b,y", row=lambda i: f"{values[i, 0]:.3f},{values[i, 1]:.3f},{int(values[i].sum() > 0)}"
    )  # fmt: skip
    made = course.harness("new", "task", "wards", "--from", str(path))
    assert made.returncode == 0, made.stderr
    assert "a linear model: accuracy" in made.stdout
    assert "write data/ into" in made.stdout
    assert not (course.root / "leaderboard").exists()
    checked = course.harness("tasks", "check", "wards")
    assert checked.stdout.splitlines()[-1] == "no mistake was found"
    done = course.harness("grade", "reference", "--only", "linear/wards")
    assert done.returncode == 0, done.stdout + done.stderr
    assert course.record("reference/linear", "wards")["status"] == "passed"
    again = course.harness("new", "task", "wards", "--from", str(path))
    assert (again.returncode, "nothing was written" in again.stderr) == (2, True)


@pytest.mark.line
def test_without_a_terminal_a_question_is_an_error(course: TemporaryCourse, tmp_path: Path) -> None:
    done = course.harness(
        "new", "task", "wards", "--from", str(table(tmp_path, header="a,b", row=lambda i: f"{i},{i}"))
    )
    assert done.returncode == 2
    assert "Which column of wards.csv is to be predicted? Answer with --target: a, b" in done.stderr
    assert not (course.root / "tasks" / "wards").exists()
