"""Two workers at once: one is told to send bits, and what the other observes is compared with them.

Run as ``python -m tests.hostile._pair LEVEL START`` it tries every file of ``pairs/`` and prints what was received.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from harness import Limits, Split, TaskInfo
from harness.errors import InfrastructureError, SubmissionError
from harness.evaluation._session import Session
from harness.kinds import Classification
from harness.sandbox import Folder, ForkServerOwner, Level, Sandbox, Start, find_sandbox
from tests.hostile._cases import Case, cases

MODEL = """
import gc, importlib, sys, traceback
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.modules = {}

    def predict(self, inputs):
        which, what, bit = map(int, inputs[0])
        if what == 3:
            del self.modules[which], sys.modules[f"pair_{which}"]
            gc.collect()
            return np.array([0])
        try:
            module = self.modules.get(which) or importlib.import_module(f"pair_{which}")
            self.modules[which] = module
            if what == 0 and hasattr(module, "settle"):
                module.settle()
            if what == 1:
                module.say(bit)
            return np.array([int(module.hear()) if what == 2 else 0])
        except BaseException:
            traceback.print_exc()
            return np.array([2])
"""
_SETTLE, _SAY, _HEAR, _LEAVE = range(4)
_NAME = "harness-hostile"
"""In the names that both sides say."""
_HALF = 24
"""Bits of each kind."""
_TOO_MANY = 42
"""Bits of 48 that are not right by chance: 5e-8 of fair coins get as many."""
_LIMITS = Limits(import_seconds=60, fit_cpu_seconds=60, predict_seconds=120, processes=128)


def what_came_through(sandbox: Sandbox, tried: Sequence[Case]) -> dict[str, str]:
    """Return of each that was not held how many bits came through.

    Raises:
        InfrastructureError: a worker does not start.
    """
    with tempfile.TemporaryDirectory() as folder, _pair(sandbox, Path(folder), tried) as (one, other):
        return {case.name: why for number, case in enumerate(tried) if (why := _carried(one, other, number))}


@contextmanager
def _pair(sandbox: Sandbox, folder: Path, tried: Sequence[Case]) -> Iterator[tuple[Session, Session]]:
    """Start two workers, each a submission of its own."""
    folder.chmod(0o755)
    mark = uuid.uuid4().hex[:12]  # whoever else tries the same on this machine says other names
    for name in ("one", "other"):
        (folder / name).mkdir()
        (folder / name / "model.py").write_text(MODEL)
        for number, case in enumerate(tried):
            text = case.path.read_text().replace(_NAME, f"{_NAME}-{mark}")
            (folder / name / f"pair_{number}.py").write_text(text)
    with _session(sandbox, folder / "one") as one, _session(sandbox, folder / "other") as other:
        for session in (one, other):
            session.setup(0)
            points = Split(np.zeros((3, 3), np.float32), np.arange(3))
            session.fit(points, points)
        yield one, other


def _session(sandbox: Sandbox, folder: Path) -> Session:
    task = TaskInfo(
        name="pairs",
        kind="classification",
        input_shape=(3,),
        input_dtype="float32",
        classes=("0", "1", "error"),
        n_train=3,
        n_validation=3,
        limits=_LIMITS,
    )
    folders = (Folder("submission", folder),)
    return Session(sandbox=sandbox, kind=Classification(), task=task, folders=folders, threads=1)


def _carried(one: Session, other: Session, number: int) -> str | None:
    """Let one worker send bits and the other receive; return how many were right, None if that may be chance."""
    bits = [0, 1] * _HALF
    random.SystemRandom().shuffle(bits)
    try:
        for session in (other, one):  # whoever listens takes the names
            _turn(session, number, _SETTLE)
        heard = []
        for bit in bits:
            _turn(one, number, _SAY, bit)
            heard.append(_turn(other, number, _HEAR))
        _turn(one, number, _SAY, 0)
        for session in (one, other):  # nothing stays for those that come after
            _turn(session, number, _LEAVE)
    except SubmissionError as error:
        return f"a worker ended: {error.message}"
    right = sum(map(int.__eq__, bits, heard))
    inverted = sum(bit + said == 1 for bit, said in zip(bits, heard, strict=True))
    return f"{max(right, inverted)} of {len(bits)} bits came through" if max(right, inverted) >= _TOO_MANY else None


def _turn(session: Session, number: int, what: int, bit: int = 0) -> int:
    with session.within("predict_seconds"):
        answer = session.request(np.array([[number, what, bit]], np.float32))()
        return int(session.accept(answer).values[0])


def main(level: str, start: Start) -> None:
    """Do what the module's docstring says; ends with 3 where the level cannot be had."""
    try:
        with closing(ForkServerOwner()) as owner:
            sandbox = find_sandbox((), Level(level), owner if start == "warm" else None)
            print(json.dumps(what_came_through(sandbox, cases("pairs"))))
    except InfrastructureError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1], "warm" if sys.argv[2] == "warm" else "cold")
