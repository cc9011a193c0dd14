"""What several tasks are made of: heart beats, divisions, readers, the pictures of hand-outs."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.errors import InfrastructureError
from tests.tasks.loading import COURSE, load, shared

# heart beats


def normal_beat(length: int = 200) -> np.ndarray:
    beats = shared("beats")
    return beats.heart_beats(np.array([list(beats.NORMAL.values())]), -180, length)[0]


def test_a_normal_beat_has_its_waves_where_the_paper_states() -> None:
    beat = normal_beat(361)  # one sample a degree, from -180
    assert abs(int(beat.argmax()) - 180) < 5  # R
    assert 160 < int(beat[150:180].argmin()) + 150 < 175  # Q goes before it
    assert 185 < int(beat[180:220].argmin()) + 180 < 205  # S follows
    assert 250 < int(beat[220:340].argmax()) + 220 < 300  # T
    assert 95 < int(beat[60:150].argmax()) + 60 < 130  # P
    assert beat[180 - 5 : 180 + 5].max() > 3 * beat[220:340].max()


def test_a_cycle_of_the_beat_ends_where_it_began() -> None:
    beat = normal_beat()
    assert beat[0] == pytest.approx(beat[-1], abs=0.05 * beat.max())


def test_waves_without_height_give_a_flat_signal() -> None:
    beats = shared("beats")
    flat = np.array([list(beats.NORMAL.values())])
    flat[..., 1] = 0
    assert np.array_equal(beats.heart_beats(flat, 0, 50), np.zeros((1, 50)))


def test_recorded_beats_have_mean_0_deviation_1_and_noise_as_asked_for() -> None:
    beats = shared("beats")
    clean = np.tile(normal_beat(), (50, 1))
    recorded = beats.as_recorded(clean, np.random.default_rng(0), noise=0.1, wander=0)
    assert recorded.dtype == np.float32
    assert abs(recorded.mean(axis=1)).max() < 1e-4
    assert abs(recorded.std(axis=1) - 1).max() < 1e-4
    assert recorded.std(axis=0).mean() == pytest.approx(0.1, abs=0.02)


# divisions


def test_each_class_is_divided_separately_however_small() -> None:
    labels = np.repeat([0, 1, 2], [50, 2, 1])
    split = harness.Split(np.arange(53), labels)
    rest, held = shared("divide").hold_out_of_each(split, 0.4, seed=0)
    assert np.bincount(held.targets, minlength=3).tolist() == [20, 1, 0]
    assert sorted([*rest.inputs, *held.inputs]) == list(range(53))
    again = shared("divide").hold_out_of_each(split, 0.4, seed=0)[1]
    other = shared("divide").hold_out_of_each(split, 0.4, seed=1)[1]
    assert again.inputs.tolist() == held.inputs.tolist() != other.inputs.tolist()


def test_items_of_one_group_stay_together_and_groups_are_stratified() -> None:
    groups = [f"g{number // 2}" for number in range(200)]
    labels = np.array([number // 2 % 2 if number % 2 == 0 else 1 for number in range(200)])
    rest, held = shared("divide").hold_out_groups(harness.Split(list(range(200)), labels), groups, 0.3, seed=0)
    kept = {groups[item] for item in rest.inputs}
    assert not kept & {groups[item] for item in held.inputs}
    assert len(held) == 60
    assert Counter(groups.index(groups[item]) // 2 % 2 for item in held.inputs[::2]) == {0: 15, 1: 15}


# readers


def rows(tmp_path: Path, text: str, columns: tuple[str, ...] = ("a", "b"), delimiter: str = ",") -> list[object]:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    return list(shared("tables").read_table(path, columns, delimiter))


def test_quoted_fields_may_hold_breaks_delimiters_and_quotes(tmp_path: Path) -> None:
    found = rows(tmp_path, 'a\tb\n"one\r\ntwo"\t"x\ty"\n3\t"say ""so"""\n', delimiter="\t")
    assert found == [(1, {"a": "one\r\ntwo", "b": "x\ty"}), (2, {"a": "3", "b": 'say "so"'})]


def test_a_byte_order_mark_and_further_columns_are_not_a_mistake(tmp_path: Path) -> None:
    assert rows(tmp_path, "\ufeffz,b,a\n1,2,3\n") == [(1, {"z": "1", "b": "2", "a": "3"})]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "row 0: the file is empty, expected the columns a, b"),
        ("a\n1\n", "row 0: the header has no b, only a"),
        ("a,b\n1,2\n3\n", "row 2: 1 fields, expected 2"),
        ('a,b\n1,2\n3,"4\n5,6\n', "row 2: unexpected end of data: the file is cut short or a quote is wrong"),
        ('a,b\n1,"2"x\n', "row 1: .* expected after .*quote is wrong"),
    ],
)
def test_a_broken_table_is_named_with_its_row(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InfrastructureError, match=rf"table\.csv, {says}"):
        rows(tmp_path, text)


# pictures


@pytest.mark.parametrize("name", ["ecg200", "ecg5000", "glucose"])
def test_the_picture_of_a_hand_out_is_the_one_its_command_draws(name: str, tmp_path: Path) -> None:
    task = COURSE.task(name)
    drawn = shared("curves").draw(task, load(name, tmp_path).train)
    committed = COURSE.root / "tasks" / name / "samples.svg"
    assert committed.read_text() == drawn, "run python tasks/_shared/curves.py ecg200 ecg5000 glucose"
    assert "](samples.svg)" in (committed.parent / "README.md").read_text()
    picture = xml.etree.ElementTree.fromstring(drawn)
    lines = [element for element in picture if element.tag.endswith("polyline")]
    assert len(lines) == (16 if name == "glucose" else 4 * len(task.classes))
    assert committed.stat().st_size < 50_000


@pytest.mark.parametrize("name", ["ecg200", "ecg5000", "glucose", "medical_abstracts", "drug_reviews"])
def test_a_hand_out_agrees_with_the_declaration(name: str) -> None:
    task = COURSE.task(name)
    text = (COURSE.root / "tasks" / name / "README.md").read_text()
    assert text.startswith(f"# {name} — ")
    points = ", ".join(f"{earned:g} at {score:.2f}" for score, earned in task.points)
    assert f"| points | {points}" in text or name == "glucose"
    for part in (
        "## The data",
        "## Start",
        "| baseline |",
        "| rules |",
        "| limits |",
        f"submissions/<you>/{name}/model.py",
    ):
        assert part in text
    for source in task.sources:
        counts = source.counts
        assert counts is None or all(f"{count:,}" in text for count in counts)


@pytest.mark.parametrize("name", ["ecg200", "ecg5000", "glucose", "medical_abstracts", "drug_reviews"])
def test_the_first_model_of_a_hand_out_works(name: str, tmp_path: Path) -> None:
    text = (COURSE.root / "tasks" / name / "README.md").read_text()
    (code,) = [block.partition("```")[0] for block in text.split("```python\n")[1:]]
    space: dict[str, type[harness.Model]] = {}
    exec(compile(code, "README.md", "exec"), space)
    data = load(name, tmp_path)
    assert data.test is not None
    model = space["Model"]()
    model.fit(data.train, data.validation)
    values = np.asarray(model.predict(data.test.inputs))
    if values.ndim == 2 and data.test.targets.ndim == 1:
        values = values.argmax(axis=1)
    assert values.shape == data.test.targets.shape


@pytest.mark.worker
def test_declarations_import_nothing_heavy_and_no_other_task() -> None:
    names = ("ecg200", "ecg5000", "glucose", "medical_abstracts", "drug_reviews")
    code = f"""
import json, sys
from pathlib import Path
from harness.course import Course
known, loaded = set(), {{}}
for name in {names}:
    Course(Path({str(COURSE.root)!r})).task(name)
    loaded[name] = sorted(set(sys.modules) - known)
    known |= set(sys.modules)
print(json.dumps(loaded))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    heavy = {"torch", "torchvision", "sklearn", "scipy", "pandas"}
    assert {name: found for name, modules in loaded.items() if (found := heavy & set(modules))} == {}
    of_the_course = {
        name: {module.split(".")[1] for module in modules if module.startswith("_course_") and "." in module}
        for name, modules in loaded.items()
    }
    assert {name: modules - {"_shared"} for name, modules in of_the_course.items()} == {name: {name} for name in names}
