"""A claim, the weights that came with it and what is trained here, through the commands."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TemporaryCourse

pytestmark = pytest.mark.line

MODEL = """
import numpy as np
import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def predict(self, inputs):
        return -((inputs[:, None] - self.centres) ** 2).sum(axis=2)

    def save(self, folder):
        np.save(folder / "centres.npy", self.centres)

    def load(self, folder):
        path = folder / "centres.npz"
        self.centres = np.load(path)["centres"] if path.exists() else np.load(folder / "centres.npy")
"""
GOOD = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]])
BAD = GOOD[[1, 2, 0]]


def saved(centres: np.ndarray, *, packed: bool) -> bytes:
    stream = io.BytesIO()
    if packed:
        np.savez(stream, centres=centres)
    else:
        np.save(stream, centres)
    return stream.getvalue()


def submit(course: TemporaryCourse, name: str, files: dict[str, str | bytes]) -> Path:
    folder = course.submit(MODEL, name=name)
    for path, content in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.mark.thorough
def test_three_scores_are_shown_side_by_side_and_change_no_result(course: TemporaryCourse) -> None:
    course.add_task(more="claims=True, points=((0.5, 0), (0.9, 10)),")
    bob = submit(
        course, "bob", {"weights/centres.npy": saved(GOOD, packed=False), "README.md": "Claimed accuracy: 0.5"}
    )
    submit(course, "ann", {"centres.npz": saved(BAD, packed=True), "results.json": '{"claimed": 0.99}'})
    submit(course, "eve", {"net.pt": b"no weights", "README.md": "Claimed accuracy: best of all"})

    plain = course.harness("evaluate", "submissions/bob")
    before = course.record("bob")
    assert (plain.returncode, before["claims"]) == (0, None)
    done = course.harness("evaluate", "submissions/bob", "submissions/ann", "submissions/eve", "--claims")
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    records = {name: course.record(name) for name in ("bob", "ann", "eve")}
    told = {name: record["claims"] for name, record in records.items()}

    assert records["bob"]["run"]["id"] == before["run"]["id"], "claims are not part of what decides a result"
    assert [record["submission"]["mode"] for record in records.values()] == ["loaded", "trained", "trained"]
    assert told["bob"]["claimed"][0]["value"] == 0.5
    assert told["bob"]["shipped"] == records["bob"]["scores"][0]
    assert told["bob"]["retrained"]["value"] > 0.8
    assert told["bob"]["p_value"] > 0.05
    assert told["ann"]["shipped"]["value"] < 0.3
    assert told["ann"]["p_value"] < 1e-6
    assert told["eve"]["claimed"] == []
    assert "no score with the shipped weights: load_error in load" in told["eve"]["problem"]
    assert "can be told apart, the claim is worse than the 95 % interval" in done.stdout
    assert "README, line 1: expected a number" in done.stdout

    (bob / "README.md").write_text("Claimed accuracy: 0.6")  # a document: nothing is evaluated for it
    again = course.harness("evaluate", "submissions/bob", "--claims")
    assert "unchanged" in again.stdout
    assert course.record("bob")["claims"]["claimed"][0]["value"] == 0.6

    graded = course.harness("grade", "--data", "embedded")
    assert graded.returncode == 0, graded.stdout + graded.stderr
    assert "1 to evaluate (1 other settings), 2 kept" in graded.stdout
    assert "claims: bob · blobs: claimed 0.6000" in graded.stdout
    now = course.record("bob")
    assert (now["submission"]["mode"], now["claims"]["claimed"][0]["value"]) == ("trained", 0.6)
    assert now["claims"]["shipped"]["value"] == told["bob"]["shipped"]["value"]
    assert now["status"] == "passed"
