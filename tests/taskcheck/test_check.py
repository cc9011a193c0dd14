"""What `check_task` finds about tasks: mistakes, and what their authors should look at."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.course import Course
from harness.data import Places
from harness.taskcheck import ReferenceScore, check_task, doubt_about_baseline, named_references
from harness.taskcheck._alike import similar_pairs

pytestmark = pytest.mark.unit

TASK = """
import numpy as np

import harness

g = np.random.default_rng(0)
x, y = g.normal(size=(600, 6)).astype("float32"), g.integers(0, 3, 600)
groups = np.arange(600) // 3
ends = ((0, 300), (300, 420), (420, 600))


def load():
    {change}
    everything = harness.Split(x, y, groups)
    return harness.Parts(*(everything.take(range(*one)) for one in ends))


TASK = harness.Task(
    title="points", kind="classification", inputs=harness.Inputs(shape=(6,)), classes=("a", "b", "c"), split="s",
    sources=(harness.Embedded(title="t", licence="l", load=load, baseline=harness.Baseline(0.4)),),
    {more}
)
"""


OWN_METRIC = "metrics=(harness.Metric('own', {compute}, higher_is_better=True),)"


def found(
    root: Path,
    change: str = "pass",
    more: str = "",
    *,
    handed_out: str = "The baseline is an accuracy, or own figure, of .4: harness new submission NAME --task points",
    private: Path | None = None,
) -> dict[str, list[str]]:
    """What is found about a task of points where `change` is done to its data and `more` is declared."""
    (root / "tasks" / "points").mkdir(parents=True)
    (root / "tasks" / "points" / "README.md").write_text(handed_out)
    (root / "tasks" / "points" / "task.py").write_text(
        TASK.format(change=change, more=more if "metrics=" in more else f"metrics=(harness.metrics.accuracy,), {more}")
    )
    places = Places(root=None, cache=root / "cache", private=private, offline=False)
    texts: dict[str, list[str]] = {}
    for finding in check_task(Course(root), "points", places):
        texts.setdefault(finding.outcome, []).append(finding.text)
    return texts


def test_a_good_task_raises_no_doubt(tmp_path: Path) -> None:
    assert found(tmp_path) == {
        "passed": [
            "the declaration",
            "embedded data, perturb and metrics: 300/120/180 items (train/validation/test; no counts are declared); "
            "no group is in two parts",
        ]
    }


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        ("x[420:422] = x[:2]", "", "2 of 180 test inputs are in the train part as well, such as test item 0 and train"),
        ("x[420:450] = x[:30] + 1e-3", "", "30 of 180 test inputs are nearly equal to one of the train part"),
        ("y[:300] = np.sort(y[:300])", "", "the train items are sorted by class"),
        ("y[420:][y[420:] == 2] = 0", "", "the test part has no item of class 'c'"),
        ("x[:, 4] = 2", "", "1 of 6 numbers of an input are the same in every train item, such as number 4"),
        ("pass", "private_test=True", "private_test=True, but $HARNESS_PRIVATE/points/test.npz is not on this machine"),
        (
            "y[:] = np.digitize(x[:, 0], (-0.5, 0.5))",
            "perturb_cost=0.05, perturb=lambda x, g: x - 2 * np.eye(6)[0]",
            "`perturb` costs a nearest-neighbour model 0.",
        ),
        ("pass", "perturb=lambda x, g: x.__iadd__(g.normal(0, 0.01, 6))", "`perturb` changes its argument"),
        (
            "pass",
            "perturb=lambda x, g: x + np.random.normal(0, 0.01, 6)",
            "`perturb` uses random numbers from another source",
        ),
        (
            "pass",
            OWN_METRIC.format(compute="lambda t, p: 0.5 + 0 * len(p)"),
            "metric 'own' is 0.5 both for perfect answers and for the same answers in another order",
        ),
    ],
)
def test_a_doubt_is_reported(tmp_path: Path, change: str, more: str, says: str) -> None:
    doubts = found(tmp_path, change, more)["doubt"]
    assert len(doubts) == 1
    assert f"embedded data: {says}" in doubts[0]


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        ("groups[420] = groups[0]", "", "1 groups are in the train and in the test part, such as 0"),
        ("pass", "perturb=lambda x, g: g.normal(0, 3, 6)", "`perturb` returned inputs that are nearer"),
        ("pass", "kind='clasification'", "keyword argument repeated: kind"),
        ("return", "", "`load` of the embedded data returned None"),
        (
            "x[0] = np.random.rand()",
            "",
            "`load` of the embedded data returned different items when it was called again",
        ),
        ("exit(3)", "", "`load` of the embedded data raised SystemExit: 3"),
        (
            "pass",
            OWN_METRIC.format(compute="lambda t, p: 0.3"),
            "baseline of 't': found 0.4; expected a value that can be",
        ),
        ("x[420:450] = x[:30]", "", "30 of 180 test inputs are in the train part as well: divide the items"),
    ],
)
def test_a_mistake_is_reported_once_with_its_line(tmp_path: Path, change: str, more: str, says: str) -> None:
    (text,) = found(tmp_path, change, more)["mistake"]
    assert says in text
    assert f"{tmp_path}/tasks/points/task.py:" in text
    assert text.count("task points") <= 1


def test_neighbours_of_one_group_may_have_one_label(tmp_path: Path) -> None:
    assert "doubt" not in found(tmp_path, "y[:] = y[groups]")


def test_texts_that_share_most_of_their_words_are_similar() -> None:
    words = np.random.default_rng(0).choice(list("abcdefghijklmnopqrstuvwxyz"), (40, 60))
    texts = [" ".join(f"{letter}{letter}" for letter in row) for row in words]
    copy = texts[3].replace("aa", "the", 1)
    assert similar_pairs(texts[:30], [*texts[30:], copy, texts[4]]) == ([(3, 10)], 12)


def test_an_image_that_was_rounded_again_is_similar() -> None:
    pictures = np.random.default_rng(0).random((60, 16, 16)).astype(np.float32)
    again = (pictures[5:8] * 255).round().astype(np.float32) / 255
    assert similar_pairs(pictures[:30], np.concatenate([pictures[30:], again]))[0] == [(5, 30), (6, 31), (7, 32)]


def test_a_split_without_a_test_part_is_a_doubt(tmp_path: Path) -> None:
    change = "a, b = harness.Split(x, y).hold_out(0.3, 0); return harness.Parts(a, b, None)"
    assert any("there is no test part" in text for text in found(tmp_path, change)["doubt"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("accuracy", "the hand-out does not say the stated baseline, 0.4 ({}:1)"),
        ("points\n\nThe baseline is an accuracy of .5.", "the hand-out does not say the stated baseline, 0.4 ({}:3)"),
        ("40 %", "the hand-out does not name accuracy, by which submissions are ranked ({}:1)"),
        ("accuracy 40 %\n60 s of CPU to fit", "the hand-out says '60 s of CPU to fit'; the declaration has 300 ({}:2)"),
        ("accuracy 40 %\n2 GiB\nof memory", "the hand-out says '2 GiB of memory'; the declaration has 4 ({}:2)"),
        (
            "accuracy 40 %\nharness check submissions/ann/dots",
            "the hand-out names the task 'dots'; expected 'points' ({}:2)",
        ),
    ],
)
def test_a_hand_out_that_contradicts_the_declaration_is_a_doubt(tmp_path: Path, text: str, says: str) -> None:
    place = tmp_path / "tasks" / "points" / "README.md"
    assert found(tmp_path, handed_out=text)["doubt"] == [says.format(place)]


def test_a_doubt_names_the_line_that_loads_the_data_or_that_perturbs(tmp_path: Path) -> None:
    (doubt,) = found(tmp_path, "y[:300] = np.sort(y[:300])")["doubt"]
    line = next(n for n, text in enumerate(TASK.splitlines(), start=1) if text.startswith("def load"))
    assert doubt.endswith(f"({tmp_path}/tasks/points/task.py:{line})")


def test_numbers_of_a_hand_out_are_those_of_the_declaration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = "points=((0.4, 0), (0.9, 10))"
    said = "accuracy 0.4; 300 to train on, 120 to validate, 190 to test; 0 at 0.4, 10 at 0.95"
    counts = "load=load, counts=harness.Counts(300, 120, 180)"
    monkeypatch.setattr(sys.modules[__name__], "TASK", TASK.replace("load=load", counts))
    doubts = found(tmp_path, more=points, handed_out=said)["doubt"]
    assert [text.partition(" (")[0] for text in doubts] == [
        "the hand-out says '190 to test'; the declaration has 180",
        "the hand-out says '10 at 0.95'; the declaration has 0.4 or 0.9",
    ]


PRIVATE = "\n    private_test=True"


def line_of(root: Path, text: str) -> str:
    path = root / "tasks" / "points" / "task.py"
    return f"{path}:{next(n for n, line in enumerate(path.read_text().splitlines(), start=1) if text in line)}"


def test_private_parts_inside_the_course_are_a_mistake(tmp_path: Path) -> None:
    (mistake,) = found(tmp_path, more=PRIVATE, private=tmp_path / "private")["mistake"]
    assert "inside the course, where a commit would publish test parts" in mistake
    assert mistake.endswith(f"({line_of(tmp_path, 'private_test')})")


def test_hidden_data_that_are_not_installed_are_reported_with_the_line(tmp_path: Path) -> None:
    doubts = found(tmp_path, more='\n    hides=("nothing_like_that/data",)')["doubt"]
    assert doubts == [
        f"hides: nothing_like_that/data: nothing with that name is installed here ({line_of(tmp_path, 'hides')})"
    ]


GETS = ReferenceScore("knn", 0.44, 0.37, 0.51)


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        (GETS, None),
        (
            replace(GETS, value=0.39, low=0.32),
            "reaches accuracy 0.39 (0.32 to 0.51); its reference does not reach the baseline",
        ),
        (replace(GETS, value=0.8, low=0.75, high=0.85), "reaches accuracy 0.8 (0.75 to 0.85); expected about the same"),
    ],
)
def test_a_baseline_is_compared_with_the_record_of_its_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: ReferenceScore, says: str | None
) -> None:
    named = TASK.replace("baseline=harness.Baseline(0.4)", "\n        baseline=harness.Baseline(0.4, reference='knn')")
    monkeypatch.setattr(sys.modules[__name__], "TASK", named)
    assert "doubt" not in found(tmp_path)
    task = Course(tmp_path).task("points")
    ((source, name),) = named_references(task)
    doubt = doubt_about_baseline(task, tmp_path / "tasks" / "points", source, reference)
    assert name == "knn"
    assert (doubt is None) == (says is None)
    if doubt is not None:
        assert f"the baseline of 't' is 0.4, and reference/knn {says}" in doubt
        assert doubt.endswith(f"({line_of(tmp_path, 'Baseline(')})")


def test_an_error_in_one_check_is_reported_and_ends_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("harness.taskcheck._check_task.doubts_about", broken)
    texts = found(tmp_path)
    assert texts["mistake"] == ["embedded data could not be checked to the end (RecursionError: too deep)"]
