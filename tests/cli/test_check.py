"""`harness check`: every point of the contract, what breaks it, and what is said about it."""

from __future__ import annotations

import io
import re
import subprocess
import threading
from pathlib import Path

import pytest

from harness.terminal import Screen
from harness.terminal.shown_progress import waiting
from tests.conftest import CENTROIDS, PATIENCE, TemporaryCourse

POINTS = [
    "files", "import", "fit", "predict", "save", "weigh", "load", "survives save and load", "same twice", "any batch",
    "any order", "leaves inputs alone", "rules",
]  # fmt: skip

FIT = """
import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def nearest(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)

    def predict(self, inputs):
"""
HOSTILE = "no[red]markup[/red] \x1b[31mred\x1b]0;title\x07 \x9b2J \u202eright to left"

MODELS = {
    "good": CENTROIDS,
    "batch": FIT + "        return self.nearest(inputs - inputs.mean(axis=0) + 0.5)\n",
    "order": FIT + "        return np.arange(len(inputs)) % 3\n",
    "anew": FIT + "        return np.random.randint(0, 3, len(inputs))\n",
    "rounds": FIT
    + """        answers = self.nearest(inputs)
        answers[0] = (answers[0] + (len(inputs) > 1)) % 3
        return answers
""",
    "forgets": FIT
    + """        return self.nearest(inputs)

    def save(self, folder):
        np.save(folder / "centres.npy", self.centres)

    def load(self, folder):
        self.centres = np.load(folder / "centres.npy")[::-1]
""",
    "list": FIT.replace("self.centres =", "self.numbers = np.random.rand(20_000).tolist()\n        self.centres =")
    + "        return self.nearest(inputs)\n",
    "in-place": FIT + "        inputs -= 0.5\n        return self.nearest(inputs + 0.5)\n",
    "overwrites": FIT
    + """        answers = self.nearest(inputs)
        inputs.setflags(write=True)
        inputs[...] = 0
        return answers
""",
    "form": FIT + "        return np.zeros((len(inputs), 7))\n",
    "raises": FIT.replace("        self.centres =", "        raise ValueError('no such thing')\n        self.centres =")
    + "        return self.nearest(inputs)\n",
    "syntax": CENTROIDS + "\ndef broken(:\n",
    "hostile": FIT + f"        raise RuntimeError({HOSTILE!r})\n",
    "unsaved": FIT
    + "        return self.nearest(inputs)\n\n    def save(self, folder):\n        raise OSError('no')\n",
    "net-in-a-global": """
import numpy as np

import harness

CENTRES = np.zeros((3, 2))


class Model(harness.Model):
    def fit(self, train, validation):
        CENTRES[:] = [train.inputs[train.targets == c].mean(axis=0) for c in range(3)]

    def predict(self, inputs):
        return ((inputs[:, None] - CENTRES) ** 2).sum(axis=2).argmin(axis=1)
""",
    "dropout": """
import torch

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.net = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(2, 3))

    def predict(self, inputs):
        return self.net(torch.tensor(inputs))
""",
    "file-gone": FIT.replace("        self.centres =", "        open('kept', 'w').close()\n        self.centres =")
    + "        open('kept').close()\n        return self.nearest(inputs)\n",
    "nothing": None,
}
BROKEN = {
    "batch": {"any batch"},
    "order": {"any batch", "any order"},
    "anew": {"same twice", "any batch", "any order"},
    "rounds": set(),
    "forgets": {"survives save and load"},
    "net-in-a-global": {"survives save and load"},
    "dropout": {"survives save and load", "same twice", "any batch", "any order"},
    "overwrites": {"leaves inputs alone"},
}
STOPPED_AT = {
    "in-place": "predict", "form": "predict", "raises": "fit", "syntax": "import", "hostile": "predict",
    "unsaved": "save", "file-gone": "survives save and load", "nothing": "files",
}  # fmt: skip


class Reading:
    """What one call printed, by submission and point."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.done = done
        self.verdict = done.stdout.splitlines()[-1]
        self.lines: dict[str, list[str]] = {}
        for line in done.stdout.splitlines()[:-1]:
            if title := re.fullmatch(r"(\S+) · (?:blobs|ruled)", line):
                self.lines[title[1]] = current = []
            elif self.lines:
                current.append(line)

    def points(self, name: str) -> dict[str, str]:
        """Return the sign of each point that was tried, in order."""
        found = [re.match(rf"  ([✓!✗-]) ({'|'.join(sorted(POINTS, key=len, reverse=True))})\b", line)
                 for line in self.lines[name]]  # fmt: skip
        return {match[2]: match[1] for match in found if match}

    def line(self, name: str, point: str) -> str:
        """Return what was said about one point."""
        return next(line for line in self.lines[name] if line[4:].startswith(point))


def line_of(model: str, statement: str) -> int:
    return next(number for number, line in enumerate(model.splitlines(), 1) if statement in line)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[TemporaryCourse, Reading]:
    """Check everybody at one go."""
    base = tmp_path_factory.mktemp("check")
    course = TemporaryCourse.below(base)
    course.add_task()
    course.add_task("ruled", more="rules=(harness.rules.fully_connected_only,),")
    for name, model in MODELS.items():
        course.submit(model, name=name)
    course.submit(name="ruled", task="ruled")
    done = course.harness("check", *(f"submissions/{name}" for name in (*MODELS, "ruled")))
    assert "Traceback (most recent call last)" not in done.stderr
    return course, Reading(done)


@pytest.mark.line
def test_a_good_model_passes_every_check_and_a_skipped_one_says_why(checked: tuple[TemporaryCourse, Reading]) -> None:
    _, said = checked
    assert said.points("good") == dict.fromkeys(POINTS[:-1], "✓") | {"rules": "-"}
    assert "task blobs has none" in said.line("good", "rules")


def test_a_good_model_alone_exits_0_and_the_last_line_is_the_verdict(course: TemporaryCourse) -> None:
    course.submit()
    done = course.harness("check", "submissions/bob/blobs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "12 passed, 1 skipped: rules (task blobs has none)"
    assert not (course.root / "leaderboard").exists()


def test_what_a_good_model_printed_is_shown_with_v(course: TemporaryCourse) -> None:
    course.submit(CENTROIDS.replace("def predict(self, inputs):", "def predict(self, inputs):\n        print('asked')"))
    done = course.harness("-v", "check", "submissions/bob/blobs/model.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bob · blobs printed:\nasked" in done.stderr


@pytest.mark.line
def test_one_failure_makes_the_exit_code_1_and_the_verdict_counts_all(
    checked: tuple[TemporaryCourse, Reading],
) -> None:
    _, said = checked
    signs = [sign for name in said.lines for sign in said.points(name).values()]
    assert said.done.returncode == 1
    words = {"✓": "passed", "!": "warned", "✗": "failed", "-": "skipped"}
    counts = ", ".join(f"{signs.count(sign)} {word}" for sign, word in words.items()) + ": "
    assert said.verdict.startswith(counts)


@pytest.mark.line
def test_a_reason_that_several_failures_share_is_given_once(checked: tuple[TemporaryCourse, Reading]) -> None:
    _, said = checked
    assert said.verdict.count("rules (task blobs has none)") == 1


@pytest.mark.line
@pytest.mark.parametrize("name", BROKEN)
def test_a_model_fails_exactly_the_checks_that_it_breaks(checked: tuple[TemporaryCourse, Reading], name: str) -> None:
    _, said = checked
    points = said.points(name)
    assert list(points) == POINTS
    assert {point for point, sign in points.items() if sign == "✗"} == BROKEN[name]


@pytest.mark.line
@pytest.mark.parametrize(
    ("name", "point", "says"),
    [
        ("batch", "any batch", r"\d+ of 32 answers differ together and one at a time; do not let one input change"),
        ("order", "any order", r"\d+ of 32 answers differ in another order; do not let one input change"),
        ("anew", "same twice", r"\d+ of 32 answers differ when asked twice; predict must not draw random numbers"),
        ("anew", "any batch", r"one at a time; predict must not draw random numbers"),
        ("rounds", "any batch", r"! any batch: 1 of 32 answers differ .*an evaluation allows 2"),
        ("forgets", "survives save and load", r"\d+ of 32 answers differ before save and after load"),
        ("good", "weigh", r"✓ weigh: 6 parameters: self\.centres 6 numbers$"),
        (
            "list",
            "weigh",
            r"! weigh: .*self\.numbers [\d,]+ other bytes.*not verified: everything outside arrays holds",
        ),
        ("net-in-a-global", "survives save and load", r"fit kept nothing on self: make the network an attribute"),
        ("dropout", "same twice", r"predict ran Dropout in training mode: call self\.net\.eval\(\) at the end of fit"),
        ("overwrites", "leaves inputs alone", r"predict changed its inputs: work on a copy"),
        ("form", "predict", r"shape \(32, 7\).*expected \(32,\) integer labels or \(32, 3\) float scores"),
        ("raises", "fit", r"no such thing"),
        ("nothing", "files", r"model\.py is missing"),
    ],
)
def test_a_failed_check_says_what_is_wrong_and_what_to_do(
    checked: tuple[TemporaryCourse, Reading], name: str, point: str, says: str
) -> None:
    _, said = checked
    assert re.search(says, said.line(name, point))


@pytest.mark.line
@pytest.mark.parametrize("name", STOPPED_AT)
def test_checks_end_when_one_fails_that_the_others_need(checked: tuple[TemporaryCourse, Reading], name: str) -> None:
    _, said = checked
    points, stop = said.points(name), STOPPED_AT[name]
    before = POINTS[: POINTS.index(stop)]
    assert all(points[point] == "✓" for point in before)
    assert points[stop] == "✗"
    assert {sign for point, sign in points.items() if point not in (*before, stop)} <= {"-"}


@pytest.mark.line
@pytest.mark.parametrize(
    ("name", "statement"),
    [("raises", "raise ValueError"), ("in-place", "inputs -= 0.5"), ("syntax", "def broken(:")],
)
def test_what_the_students_own_code_raised_is_shown_with_file_and_line(
    checked: tuple[TemporaryCourse, Reading], name: str, statement: str
) -> None:
    course, said = checked
    text = (course.root / "submissions" / name / "blobs" / "model.py").read_text()
    assert f"(model.py:{line_of(text, statement)})" in said.line(name, STOPPED_AT[name])


@pytest.mark.line
def test_inputs_are_read_only_so_that_changing_them_in_place_raises(checked: tuple[TemporaryCourse, Reading]) -> None:
    _, said = checked
    assert "read-only" in said.line("in-place", "predict")


@pytest.mark.line
def test_control_characters_in_a_message_are_made_visible(checked: tuple[TemporaryCourse, Reading]) -> None:
    _, said = checked
    line = said.line("hostile", "predict")
    assert "no[red]markup[/red] red\\x1b]0;title\\x07 \\x9b2J \\u202eright to left" in line
    assert not set("\x1b\x07\x9b\u202e") & set(said.done.stdout + said.done.stderr)


@pytest.mark.line
def test_no_record_and_no_leaderboard_is_written(checked: tuple[TemporaryCourse, Reading]) -> None:
    course, _ = checked
    assert not (course.root / "leaderboard").exists()
    assert not (course.root / ".harness" / "evidence").exists()


@pytest.mark.line
def test_a_rule_that_the_task_declares_is_a_check_of_its_own(checked: tuple[TemporaryCourse, Reading]) -> None:
    _, said = checked
    assert said.points("ruled") == dict.fromkeys(POINTS, "✓")


def test_a_path_that_does_not_exist_is_a_usage_error(course: TemporaryCourse) -> None:
    done = course.harness("check", "submissions/nobody")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not Path(course.root, "leaderboard").exists()


@pytest.mark.unit
def test_a_long_check_says_how_long_it_may_take_and_what_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.terminal.shown_progress._SECONDS_BETWEEN_LINES", 0.0)
    told, said = list[str](), threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        said.set()

    with waiting(Screen(file=io.StringIO()), "bob · blobs: fit", "stopped after 300 s of CPU time", tell):
        assert said.wait(PATIENCE)
    assert told == ["bob · blobs: fit: not ended after 0 s; stopped after 300 s of CPU time"]
    terminal = io.StringIO()
    with waiting(Screen(file=terminal, force_terminal=True, width=100), "fit", "stopped after 300 s", told.append):
        pass
    assert "fit" in terminal.getvalue()
    assert "stopped after 300 s" in terminal.getvalue()
    assert len(told) == 1
