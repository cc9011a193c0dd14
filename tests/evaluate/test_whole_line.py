"""From a submission on disk to its record, through real workers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness.record import EvidenceStore
from tests.conftest import CENTROIDS, TemporaryCourse

KEYS = {
    "": "schema_version task submission status failure scores baseline cost audits run",
    "task": "name digest source data_digest scored_on test_labels n_train n_validation n_test",
    "submission": "name digest mode",
    "baseline": "metric value strict met p_value",
    "cost": "parameters parameters_verified artifact_bytes knowledge_bytes flops_per_sample fit_seconds cpu_seconds "
    "peak_memory_bytes latency throughput",
    "run": "id started seconds phases seed repeats harness_version isolation machine packages git evidence_digest",
}
TIMING = {
    "cost": ("fit_seconds", "cpu_seconds", "peak_memory_bytes", "latency", "throughput"),
    "run": ("started", "seconds", "phases"),
}

NEIGHBOUR = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.points, self.labels = train.inputs, train.targets

    def predict(self, inputs):
        return self.labels[((inputs[:, None] - self.points) ** 2).sum(axis=2).argmin(axis=1)]
"""

OPAQUE = """
import pickle
import harness
from centroids import Model as Centroids

class Model(Centroids):
    def save(self, folder):
        (folder / "weights.pt").write_bytes(pickle.dumps(self.centres.tolist()).ljust(4001, b"."))

    def load(self, folder):
        import numpy
        self.centres = numpy.array(pickle.loads((folder / "weights.pt").read_bytes()))
"""

PRINTS = """
        for _ in range(300):
            print("x" * 1_000_000)
        print("THE END")

    def predict"""
CHATTY = CENTROIDS.replace("    def predict", PRINTS).replace(
    "        return ", "        print('y' * 1_000_000)\n        return "
)
CHATTY_AND_WRONG = CHATTY.replace("    def predict", "        raise ValueError('after all that')\n\n    def predict")

LOGS = CENTROIDS.replace(
    "    def predict",
    """
        for epoch in range(3):
            self.log(epoch=epoch + 1, epochs=3, loss=1 / (epoch + 1), nonsense=float("nan"))

    def predict""",
)

DRAWS = """
import random
import numpy as np
import harness

class Model(harness.Model):
    def __init__(self):
        self.first = random.random()

    def fit(self, train, validation):
        self.noise = np.random.random(3)
        self.given = self.seed

    def predict(self, inputs):
        return np.outer(inputs.sum(axis=1), self.noise)
"""

SCORES = CENTROIDS.replace("return ((", "return -((").replace(".argmin(axis=1)", "")

WORKERS_ENVIRONMENT = (
    "CUDA_VISIBLE_DEVICES HOME LANG LOGNAME MKL_NUM_THREADS OMP_NUM_THREADS OMP_WAIT_POLICY OPENBLAS_NUM_THREADS PATH "
    "PYTHONDONTWRITEBYTECODE PYTHONHASHSEED PYTHONNOUSERSITE PYTHONPATH TMPDIR USER"
)

SPY = """
import json
import os
import socket
from pathlib import Path
import numpy as np
import harness

SEEN = None

class Model(harness.Model):
    def fit(self, train, validation):
        global SEEN
        SEEN = train
        Path("/tmp/left-behind").write_bytes(train.inputs.tobytes())
        self.names = [name for name in vars(self)]

    def predict(self, inputs):
        found = {
            "train": SEEN is not None,
            "targets": hasattr(inputs, "targets"),
            "attributes": sorted(vars(self)),
            "assets": dict(self.task.assets),
            "environment": sorted(os.environ),
            "files": [],
            "network": True,
        }
        for folder, folders, files in os.walk("/"):
            folders[:] = [f for f in folders if f not in ("proc", "sys", "dev", "usr", "lib", "lib64", "opt")]
            found["files"] += [os.path.join(folder, f) for f in files if f in FORBIDDEN or "left-behind" in f]
        try:
            socket.create_connection(("1.1.1.1", 53), 2)
        except OSError:
            found["network"] = False
        raise RuntimeError(json.dumps(found))
""".replace("FORBIDDEN", '("task.py", "curve.json", "items.npz", "leaderboard.csv", "bob.json", "shadow")')


def fresh(base: Path) -> TemporaryCourse:
    """Return an empty course of this module's own."""
    return TemporaryCourse(
        base, {"HARNESS_OFFLINE": "1", "XDG_CACHE_HOME": str(base / "cache"), "HARNESS_DATA": "", "HARNESS_PRIVATE": ""}
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> TemporaryCourse:
    """Evaluate a class of honest (and curious) submissions at one go."""
    course = fresh(tmp_path_factory.mktemp("whole-line"))
    course.add_task()
    course.submit()
    course.submit(NEIGHBOUR, name="neighbour")
    (course.submit(OPAQUE, name="opaque") / "centroids.py").write_text(CENTROIDS)
    course.submit(CHATTY, name="chatty")
    course.submit(CHATTY_AND_WRONG, name="chatty-and-wrong")
    course.submit(LOGS, name="logs")
    course.submit(DRAWS, name="draws")
    course.submit(SCORES, name="scores")
    course.submit(SPY, name="spy")
    names = sorted(path.name for path in (course.root / "submissions").iterdir())
    done = course.harness("evaluate", *(f"submissions/{name}" for name in names), "--force", timeout=250)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback (most recent call last)" not in done.stderr
    return course


@pytest.mark.line
def test_a_good_submission_passes_and_every_key_of_the_record_is_there(graded: TemporaryCourse) -> None:
    record = graded.record()
    assert record["status"] == "passed"
    for part, keys in KEYS.items():
        assert list(record[part] if part else record) == keys.split()
    assert record["failure"] is None
    assert record["submission"]["mode"] == "trained"
    assert record["task"]["source"] == "embedded"
    assert record["task"]["scored_on"] == "test"
    assert [record["task"][f"n_{part}"] for part in ("train", "validation", "test")] == [135, 45, 120]
    assert list(record["run"]["phases"]) == [
        "wait",
        "start",
        "import",
        "fit",
        "save",
        "weigh",
        "load",
        "predict",
        "score",
        "measure",
    ]


@pytest.mark.line
def test_scores_come_with_intervals_and_the_primary_one_decides(graded: TemporaryCourse) -> None:
    record = graded.record()
    accuracy, macro_f1 = record["scores"]
    assert (accuracy["name"], accuracy["primary"]) == ("accuracy", True)
    assert (macro_f1["name"], macro_f1["primary"]) == ("macro_f1", False)
    assert all(score["low"] <= score["value"] <= score["high"] for score in record["scores"])
    assert record["baseline"]["met"] is (accuracy["value"] >= 0.8)


@pytest.mark.line
def test_a_model_below_the_baseline_is_scored_and_measured_all_the_same(graded: TemporaryCourse) -> None:
    record = graded.record("draws")
    assert record["status"] == "below_baseline"
    assert record["failure"] is None
    assert record["baseline"]["met"] is False
    assert record["cost"]["latency"]["n"] >= 64


@pytest.mark.line
def test_the_numbers_a_model_keeps_are_its_parameters(graded: TemporaryCourse) -> None:
    cost = graded.record()["cost"]
    assert (cost["parameters"], cost["parameters_verified"]) == (6, True)
    assert cost["knowledge_bytes"] == cost["artifact_bytes"] + len("arrays.safetensorsstructure.pkl") + len(CENTROIDS)


@pytest.mark.line
def test_a_neighbour_search_pays_for_the_training_set_it_keeps(graded: TemporaryCourse) -> None:
    assert graded.record("neighbour")["cost"]["parameters"] == 135 * 2 + 135


@pytest.mark.line
def test_a_file_the_host_cannot_read_counts_a_number_for_every_four_bytes(graded: TemporaryCourse) -> None:
    record = graded.record("opaque")
    assert record["status"] == "passed"
    assert (record["cost"]["parameters"], record["cost"]["artifact_bytes"]) == (1001, 4001)


@pytest.mark.line
def test_scores_give_the_same_labels_and_are_kept_as_evidence(graded: TemporaryCourse) -> None:
    assert graded.record("scores")["scores"][:2] == graded.record("bob")["scores"]
    with np.load(graded.root / ".harness" / "evidence" / "blobs" / "scores" / "items.npz") as items:
        assert items["scores"].shape == (120, 3)
        assert (items["scores"].argmax(axis=1) == items["predictions"]).all()


@pytest.mark.line
def test_evidence_holds_outcomes_latencies_and_is_the_hosts_alone(graded: TemporaryCourse) -> None:
    evidence = graded.root / ".harness" / "evidence"
    assert evidence.stat().st_mode & 0o077 == 0
    with np.load(evidence / "blobs" / "bob" / "items.npz") as items:
        assert items["outcomes"].mean() == graded.record()["scores"][0]["value"]
    with np.load(evidence / "blobs" / "bob" / "latency.npz") as timed:
        assert len(timed["latencies"]) == len(timed["drawn"]) == graded.record()["cost"]["latency"]["n"]


@pytest.mark.line
def test_what_a_model_logs_is_its_learning_curve(graded: TemporaryCourse) -> None:
    evidence = EvidenceStore(graded.root / ".harness" / "evidence").read("blobs", "logs")
    assert evidence is not None
    assert evidence.curve == tuple({"epoch": n, "epochs": 3, "loss": 1 / n} for n in (1, 2, 3))


@pytest.mark.line
def test_printing_without_end_is_no_failure(graded: TemporaryCourse) -> None:
    assert graded.record("chatty")["scores"] == graded.record("bob")["scores"]


@pytest.mark.line
def test_the_log_of_who_prints_without_end_is_cut_and_still_ends_with_the_error(graded: TemporaryCourse) -> None:
    failure = graded.record("chatty-and-wrong")["failure"]
    assert (failure["kind"], failure["phase"]) == ("fit_error", "fit")
    assert failure["message"] == "ValueError: after all that"
    assert "[output limit 8388608 bytes: " in failure["log_tail"]
    assert "were dropped]" in failure["log_tail"]
    assert "THE END" not in failure["log_tail"]
    assert "after all that" in failure["log_tail"].splitlines()[-1]
    assert len(failure["log_tail"]) <= 64 * 1024


@pytest.mark.line
def test_what_predicts_sees_the_inputs_and_nothing_else(graded: TemporaryCourse) -> None:
    failure = graded.record("spy")["failure"]
    assert failure["kind"] == "predict_error", failure
    found: dict[str, Any] = json.loads(failure["message"].partition(": ")[2])
    assert [name for name in found.pop("environment") if name != "PWD"] == WORKERS_ENVIRONMENT.split()  # bubblewrap's
    assert found == {
        "train": False, "targets": False, "attributes": ["names"], "assets": {}, "files": [], "network": False,
    }  # fmt: skip


@pytest.mark.line
def test_the_same_command_twice_gives_the_same_record_but_for_the_clock(graded: TemporaryCourse) -> None:
    names = ("bob", "draws")
    first = {name: timeless(graded.record(name)) for name in names}
    done = graded.harness("evaluate", *(f"submissions/{name}" for name in names), "--force")
    assert done.returncode == 1
    assert {name: timeless(graded.record(name)) for name in names} == first
    history = graded.root / "leaderboard" / "records" / "blobs" / "bob.history.jsonl"
    assert [timeless(json.loads(line)) for line in history.read_text().splitlines()] == [first["bob"]]


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    for part, keys in TIMING.items():
        for key in keys:
            del record[part][key]
    return record


@pytest.mark.line
def test_another_seed_is_another_run(graded: TemporaryCourse) -> None:
    before = graded.record("draws")
    done = graded.harness("evaluate", "submissions/draws", "--seed", "1", "--no-store", "--json", "-")
    (after,) = json.loads(done.stdout)
    assert after["run"]["seed"] == 1
    assert after["run"]["id"] != before["run"]["id"]
    assert after["run"]["repeats"][0]["seed"] != before["run"]["repeats"][0]["seed"]
    assert after["run"]["evidence_digest"] != before["run"]["evidence_digest"]
    assert graded.record("draws") == before


LOADS = """
import numpy as np
import harness
from pathlib import Path

class Model(harness.Model):
    def fit(self, train, validation):
        shown = sorted(path.name for path in Path(__file__).parent.iterdir())
        raise RuntimeError(f"trained beside {shown}")

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
"""
CENTRES = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]], np.float32)


def test_shipped_weights_are_loaded_unless_told_to_train(course: TemporaryCourse) -> None:
    shipped = harness.Model()
    shipped.centres = CENTRES  # type: ignore[attr-defined]
    for name in ("default", "retrained", "own", "empty"):
        folder = course.submit(LOADS, name=name)
        (folder / "weights").mkdir()
    shipped.save(course.root / "submissions" / "default" / "blobs" / "weights")
    own = course.root / "submissions" / "own" / "blobs"
    np.save(own / "weights" / "centres.npy", CENTRES)
    own_load = "\n    def load(self, folder):\n        self.centres = np.load(folder / 'centres.npy')\n"
    (own / "model.py").write_text(LOADS + own_load)
    (course.root / "submissions" / "empty" / "blobs" / "weights" / ".gitkeep").touch()
    done = course.harness("evaluate", "submissions/default", "submissions/own", "submissions/empty")
    assert done.returncode == 1, done.stdout + done.stderr
    for name, parameters in (("default", 6), ("own", 6)):
        record = course.record(name)
        assert (record["status"], record["submission"]["mode"]) == ("passed", "loaded")
        assert record["cost"]["parameters"] == parameters
        assert record["cost"]["fit_seconds"] is None
        assert "fit" not in record["run"]["phases"]
    empty = course.record("empty")
    assert empty["submission"]["mode"] == "trained"
    assert empty["failure"]["message"] == "RuntimeError: trained beside ['model.py']"

    course.harness("evaluate", "submissions/default", "--retrain")
    retrained = course.record("default")
    assert retrained["submission"]["mode"] == "trained"
    assert retrained["failure"]["message"] == "RuntimeError: trained beside ['model.py']"


def test_weights_that_do_not_load_are_a_load_error(course: TemporaryCourse) -> None:
    folder = course.submit(LOADS)
    (folder / "weights").mkdir()
    (folder / "weights" / "arrays.safetensors").write_bytes(b"garbage")
    assert course.harness("evaluate", "submissions/bob").returncode == 1
    failure = course.record()["failure"]
    assert (failure["kind"], failure["phase"]) == ("load_error", "load")


CONVOLUTION = """
import torch
import harness

class Model(harness.Model):
    def __init__(self):
        self.weight = torch.zeros(3, 1, 1)

    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return torch.nn.functional.conv1d(torch.tensor(inputs)[:, None, :], self.weight).amax(2)
"""


def test_a_forbidden_convolution_breaks_the_rule_even_as_a_function(course: TemporaryCourse) -> None:
    course.add_task(more="rules=(harness.rules.fully_connected_only,),")
    record = course.evaluate(CONVOLUTION)
    assert record["status"] == "failed"
    assert (record["failure"]["kind"], record["failure"]["phase"]) == ("rule_violation", "audit")
    assert "aten.convolution" in record["failure"]["message"]
    assert "fully connected layers only" in record["failure"]["message"]
    assert record["cost"]["parameters"] == 3


def test_a_private_test_part_is_scored_where_it_is_and_validation_elsewhere(course: TemporaryCourse) -> None:
    course.add_task(more="private_test=True,")
    folder = course.root.parent / "private" / "blobs"
    folder.mkdir(parents=True)
    np.savez(folder / "test.npz", targets=np.repeat(np.arange(3), 40))
    course.environment["HARNESS_PRIVATE"] = str(folder.parent)
    here = course.evaluate()
    assert here["task"]["scored_on"] == "test"
    assert here["task"]["test_labels"] == "private"
    assert here["task"]["n_test"] == 120
    assert here["status"] == "passed"

    course.environment["HARNESS_PRIVATE"] = ""
    done = course.harness("evaluate", "submissions/bob")
    assert "the test part is private and not on this machine: scores are on validation" in done.stdout
    elsewhere = course.record()
    assert elsewhere["task"]["scored_on"] == "validation"
    assert elsewhere["task"]["test_labels"] == "private"
    assert elsewhere["task"]["n_test"] == 0
    assert elsewhere["task"]["data_digest"] != here["task"]["data_digest"]
    assert elsewhere["run"]["id"] != here["run"]["id"]
