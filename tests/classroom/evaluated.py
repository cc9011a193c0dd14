"""One class, evaluated once by one command: for all tests that look at what is recorded, kept and printed."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import harness
from harness.course import Course
from tests.classroom import others, spies
from tests.classroom.bad import IN_CLASS, Bad
from tests.classroom.bad import TASKS as LIMITS
from tests.conftest import CENTROIDS, TemporaryCourse

ASSET = f"""assets=(harness.File(
    name="start.bin", url="http://127.0.0.1:9/start.bin", digest={others.DIGEST!r}, licence="BSD-3-Clause"),),"""
TASKS = {
    "assisted": ASSET,
    "unassisted": ASSET,
    "misassisted": ASSET,
    "memory": "perturb_cost=0.05, weights='allowed',",
    "private": "private_test=True,",
    "restricted": "restricted=True,",
    "ruled": "rules=(harness.rules.fully_connected_only,),",
}
"""What each declares beyond ``blobs``."""
MODELS = {
    "bob": CENTROIDS,
    "broken": others.RAISES,
    "chatty": others.CHATTY,
    "chatty-and-wrong": others.CHATTY_AND_WRONG,
    "draws": others.DRAWS,
    "guesses": others.GUESSES,
    "logs": others.LOGS,
    "looks-around": others.LOOKS_AROUND,
    "neighbour": others.NEIGHBOUR,
    "network": others.LINEAR,
    "opaque": others.OPAQUE,
    "scores": others.SCORES,
    **{name: others.FIT_CENTRES + predict for name, predict in others.CHEATS.items()},
}
"""For ``blobs``."""
SHIP = ("ships-what-it-saved", "ships-its-own", "ships-nothing", "ships-garbage")


@dataclass(frozen=True)
class Classroom:
    """The class after it was evaluated. Whoever wants to change something works on a copy."""

    course: TemporaryCourse
    code: int
    records: list[dict[str, Any]]
    """What went to stdout."""
    printed: str
    """What was shown meanwhile."""

    @property
    def root(self) -> Path:
        """The course's root."""
        return self.course.root

    def record(self, name: str = "bob", task: str = "blobs") -> dict[str, Any]:
        """Return the record as it is published."""
        return self.course.record(name, task)

    def evidence(self, name: str, task: str = "blobs") -> Path:
        """Return the folder of the evidence."""
        return self.root / ".harness" / "evidence" / task / name

    def printed_about(self, name: str, task: str = "blobs") -> str:
        """Return what was shown of one submission when it was done."""
        (found,) = [
            part for part in re.split(r"\n(?=\S+ · \S+  )", self.printed) if part.startswith(f"{name} · {task}  ")
        ]
        return found

    def copy(self, base: Path) -> TemporaryCourse:
        """Return a course that is like this one and may be changed."""
        copied = TemporaryCourse.below(base)
        shutil.copytree(self.root, copied.root, dirs_exist_ok=True, symlinks=True, ignore=_pipes)
        copied.environment |= {name: self.course.environment[name] for name in ("HARNESS_DATA", "HARNESS_PRIVATE")}
        return copied


def evaluate_class(base: Path) -> Classroom:
    """Make the class and evaluate it."""
    course = TemporaryCourse.below(base)
    course.environment |= {"HARNESS_DATA": str(base / "data"), "HARNESS_PRIVATE": str(base / "private")}
    for name in ("data", "private"):
        (base / name).mkdir()
    course.add_task()
    _add_bad_ones_tasks(course)
    for name, more in TASKS.items():
        course.add_task(name, more=more)
    _place_restricted(course)
    kept = course.harness("data", "private", "private", "--keep", "inputs-and-targets")
    assert kept.returncode == 0, kept.stdout + kept.stderr
    return _evaluated(course, _hand_in(course))


def evaluate_bad(base: Path, bad: dict[str, Bad]) -> Classroom:
    """Evaluate a class of `bad` submissions alone."""
    course = TemporaryCourse.below(base)
    _add_bad_ones_tasks(course)
    _hand_in_bad(course, bad)
    return _evaluated(course, [f"{name}/{one.task}" for name, one in bad.items()])


def _evaluated(course: TemporaryCourse, handed_in: list[str]) -> Classroom:
    done = course.process("evaluate", *(f"submissions/{one}" for one in handed_in), "--json", "-", timeout=1500)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return Classroom(course, done.returncode, json.loads(done.stdout), done.stderr)


def _add_bad_ones_tasks(course: TemporaryCourse) -> None:
    for name, limits in LIMITS.items():
        course.add_task(name, limits=limits)


def _hand_in_bad(course: TemporaryCourse, bad: dict[str, Bad]) -> None:
    for name, one in bad.items():
        one.also(course.submit(one.source, name=name, task=one.task))


def _hand_in(course: TemporaryCourse) -> list[str]:
    """Submit everything; return the paths below ``submissions/``."""
    for name, model in MODELS.items():
        course.submit(model, name=name)
    _folder(course, "opaque").joinpath("centroids.py").write_text(CENTROIDS)
    _hand_in_bad(course, IN_CLASS)
    for name in spies.SEES_TEST_INPUTS:
        course.submit(spies.SPY + spies.SPIES[name], name=f"spy-{name}", task="private")
    for name, model in spies.SPIES.items():
        course.submit(spies.SPY + model, name=f"spy-{name}", task="restricted")
    for task in ("private", "restricted"):
        course.submit(name="honest", task=task)
    course.submit("import harness\nraise RuntimeError('my own mistake')\n", name="early", task="private")
    course.submit(others.CONVOLUTION, name="convolution", task="ruled")
    _ship(course)
    _assist(course)
    paths = (course.root / "submissions").glob("*/*")
    return sorted(path.relative_to(course.root / "submissions").as_posix() for path in paths)


def _ship(course: TemporaryCourse) -> None:
    """Hand in what brings weights along."""
    for name in SHIP:
        (course.submit(others.LOADS, name=name) / "weights").mkdir()
    saved: Any = harness.Model()
    saved.centres = others.CENTRES
    saved.save(_folder(course, "ships-what-it-saved") / "weights")
    own = _folder(course, "ships-its-own")
    np.save(own / "weights" / "centres.npy", others.CENTRES)
    own_load = "\n    def load(self, folder):\n        self.centres = np.load(folder / 'centres.npy')\n"
    (own / "model.py").write_text(others.LOADS + own_load)
    (_folder(course, "ships-nothing") / "weights" / ".gitkeep").touch()
    (_folder(course, "ships-garbage") / "weights" / "arrays.safetensors").write_bytes(b"garbage")
    folder = course.submit(others.KNOWS, name="knows", task="memory")
    test = Course(course.root).task("memory").sources[0].load().test  # type: ignore[call-arg]
    cheat: Any = harness.Model()
    cheat.known = {point.tobytes(): int(label) for point, label in zip(test.inputs, test.targets, strict=True)}
    (folder / "weights").mkdir()
    cheat.save(folder / "weights")


def _assist(course: TemporaryCourse) -> None:
    """Have one task's pretrained weights here, and another's spoilt; hand in who looks for them."""
    for task, content in (("assisted", others.WEIGHTS), ("misassisted", others.WEIGHTS[:-1])):
        folder = course.root.parent / "data" / task
        folder.mkdir(parents=True)
        (folder / "start.bin").write_bytes(content)
    for task in ("assisted", "unassisted", "misassisted"):
        course.submit(others.LOOKS, name="looks", task=task)


def _place_restricted(course: TemporaryCourse) -> None:
    """Have real data of the restricted task: what is generated in its place may be told."""
    task = course.root / "tasks" / "restricted" / "task.py"
    text = task.read_text().replace("harness.Embedded(", 'harness.Local(files=("points.txt",),')
    task.write_text(text.replace("load=clouds", "load=lambda folder: clouds()"))
    (course.root.parent / "data" / "restricted").mkdir()
    (course.root.parent / "data" / "restricted" / "points.txt").write_text("real")


def _folder(course: TemporaryCourse, name: str) -> Path:
    return course.root / "submissions" / name / "blobs"


def _pipes(folder: str, names: list[str]) -> list[str]:
    """Name what cannot be copied."""
    return [name for name in names if Path(folder, name).is_fifo()]
