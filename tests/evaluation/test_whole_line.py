"""From a submission on disk to its record, through real workers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.record import EvidenceStore
from harness.statistics import NORMAL_95
from harness.timing import machine_lock, process_deviation
from tests.classroom.evaluated import Classroom
from tests.conftest import CENTROIDS, TemporaryCourse

KEYS = {
    "": "schema_version task submission status failure scores baseline cost audits run claims public_score",
    "task": "name digest source data_digest scored_on test_labels n_train n_validation n_test "
    "n_fit_train n_fit_validation n_groups public_scores",
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
AUDITS_OF_TIMES = (
    "repeated inputs are computed again",
    "altered inputs take as long",
    "one core while timed",
    "no background work",
)

WORKERS_ENVIRONMENT = (
    "CUDA_VISIBLE_DEVICES HOME LANG LOGNAME MKL_NUM_THREADS OMP_NUM_THREADS OMP_WAIT_POLICY OPENBLAS_NUM_THREADS "
    "OPENBLAS_THREAD_TIMEOUT PATH PYTHONDONTWRITEBYTECODE PYTHONHASHSEED PYTHONNOUSERSITE PYTHONPATH TMPDIR USER"
)


def test_a_good_submission_passes_and_every_key_of_the_record_is_there(classroom: Classroom) -> None:
    record = classroom.record()
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
        "examples",
        "score",
        "warm up",
        "measure",
    ]


def test_scores_come_with_intervals_and_the_primary_one_decides(classroom: Classroom) -> None:
    record = classroom.record()
    accuracy, macro_f1 = record["scores"]
    assert (accuracy["name"], accuracy["primary"]) == ("accuracy", True)
    assert (macro_f1["name"], macro_f1["primary"]) == ("macro_f1", False)
    assert all(score["low"] <= score["value"] <= score["high"] for score in record["scores"])
    assert record["baseline"]["met"] is (accuracy["value"] >= 0.8)


def test_a_model_below_the_baseline_is_still_scored_and_measured(classroom: Classroom) -> None:
    record = classroom.record("draws")
    assert record["status"] == "below_baseline"
    assert record["failure"] is None
    assert record["baseline"]["met"] is False
    assert record["cost"]["latency"]["n"] >= 64


def test_the_numbers_a_model_keeps_are_its_parameters(classroom: Classroom) -> None:
    cost = classroom.record()["cost"]
    assert (cost["parameters"], cost["parameters_verified"]) == (6, True)
    assert 6 * 4 < cost["knowledge_bytes"] < cost["artifact_bytes"] + len("model.py") + len(CENTROIDS)


def test_the_training_set_that_a_neighbour_search_keeps_is_counted(classroom: Classroom) -> None:
    assert classroom.record("neighbour")["cost"]["parameters"] == 135 * 2 + 135


def test_an_unreadable_file_counts_one_number_for_every_four_bytes(classroom: Classroom) -> None:
    record = classroom.record("opaque")
    assert record["status"] == "passed"
    assert (record["cost"]["parameters"], record["cost"]["artifact_bytes"]) == (1001, 4001)


def test_scores_give_the_same_labels_and_are_kept_as_evidence(classroom: Classroom) -> None:
    assert classroom.record("scores")["scores"][:2] == classroom.record("bob")["scores"]
    with np.load(classroom.root / ".harness" / "evidence" / "blobs" / "scores" / "items.npz") as items:
        assert items["scores"].shape == (120, 3)
        assert (items["scores"].argmax(axis=1) == items["predictions"]).all()


def test_evidence_has_outcomes_and_latencies_readable_by_the_host_alone(classroom: Classroom) -> None:
    evidence = classroom.root / ".harness" / "evidence"
    assert evidence.stat().st_mode & 0o077 == 0
    with np.load(evidence / "blobs" / "bob" / "items.npz") as items:
        assert items["outcomes"].mean() == classroom.record()["scores"][0]["value"]
    with np.load(evidence / "blobs" / "bob" / "latency.npz") as timed:
        assert len(timed["latencies"]) == len(timed["drawn"]) == classroom.record()["cost"]["latency"]["n"]


def test_what_a_model_logs_is_its_learning_curve(classroom: Classroom) -> None:
    evidence = EvidenceStore(classroom.root / ".harness" / "evidence").read("blobs", "logs")
    assert evidence is not None
    assert evidence.curve == tuple({"epoch": n, "epochs": 3, "loss": 1 / n} for n in (1, 2, 3))


def test_endless_printing_is_not_a_failure(classroom: Classroom) -> None:
    assert classroom.record("chatty")["scores"] == classroom.record("bob")["scores"]


def test_an_endless_log_is_cut_and_still_ends_with_the_error(classroom: Classroom) -> None:
    failure = classroom.record("chatty-and-wrong")["failure"]
    assert (failure["kind"], failure["phase"]) == ("fit_error", "fit")
    assert failure["message"] == "ValueError: after all that"
    assert "[output limit 8388608 bytes: " in failure["log_tail"]
    assert "were dropped]" in failure["log_tail"]
    assert "THE END" not in failure["log_tail"]
    assert "after all that" in failure["log_tail"].splitlines()[-1]
    assert len(failure["log_tail"]) <= 64 * 1024


def test_predict_sees_the_inputs_and_nothing_else(classroom: Classroom) -> None:
    failure = classroom.record("looks-around")["failure"]
    assert failure["kind"] == "predict_error", failure
    found: dict[str, Any] = json.loads(failure["message"].partition(": ")[2])
    assert [name for name in found.pop("environment") if name != "PWD"] == WORKERS_ENVIRONMENT.split()  # bubblewrap's
    assert found == {
        "train": False, "targets": False, "attributes": ["names"], "assets": {}, "files": [], "network": False,
    }  # fmt: skip


def test_the_same_command_twice_gives_the_same_record_except_times(classroom: Classroom, tmp_path: Path) -> None:
    names, course = ("bob", "draws"), classroom.copy(tmp_path)
    first = {name: timeless(classroom.record(name)) for name in names}
    done = course.harness("evaluate", *(f"submissions/{name}" for name in names), "--force")
    assert done.returncode == 1
    assert {name: timeless(course.record(name)) for name in names} == first
    history = course.root / "leaderboard" / "records" / "blobs" / "bob.history.jsonl"
    assert [timeless(json.loads(line)) for line in history.read_text().splitlines()] == [first["bob"]]


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    for part, keys in TIMING.items():
        for key in keys:
            del record[part][key]
    for varying in ("load", "steal", "swap_bytes"):
        del record["run"]["machine"]["clock"][varying]
    record["audits"] = [audit for audit in record["audits"] if audit["name"] not in AUDITS_OF_TIMES]
    return record


@pytest.mark.thorough
def test_another_seed_gives_another_run(classroom: Classroom) -> None:
    before = classroom.record("draws")
    done = classroom.course.harness("evaluate", "submissions/draws", "--seed", "1", "--no-store", "--json", "-")
    (after,) = json.loads(done.stdout)
    assert after["run"]["seed"] == 1
    assert after["run"]["id"] != before["run"]["id"]
    assert after["run"]["repeats"][0]["seed"] != before["run"]["repeats"][0]["seed"]
    assert after["run"]["evidence_digest"] != before["run"]["evidence_digest"]
    assert classroom.record("draws") == before


def test_shipped_weights_are_loaded_unless_told_to_train(classroom: Classroom, tmp_path: Path) -> None:
    for name in ("ships-what-it-saved", "ships-its-own"):
        record = classroom.record(name)
        assert (record["status"], record["submission"]["mode"]) == ("passed", "loaded")
        assert record["cost"]["parameters"] == 6
        assert record["cost"]["fit_seconds"] is None
        assert "fit" not in record["run"]["phases"]
    empty = classroom.record("ships-nothing")
    assert empty["submission"]["mode"] == "trained"
    assert empty["failure"]["message"] == "RuntimeError: trained beside ['model.py']"
    course = classroom.copy(tmp_path)
    course.harness("evaluate", "submissions/ships-what-it-saved", "--retrain")
    retrained = course.record("ships-what-it-saved")
    assert retrained["submission"]["mode"] == "trained"
    assert retrained["failure"]["message"] == "RuntimeError: trained beside ['model.py']"


def test_weights_that_do_not_load_are_a_load_error(classroom: Classroom) -> None:
    failure = classroom.record("ships-garbage")["failure"]
    assert (failure["kind"], failure["phase"]) == ("load_error", "load")


def test_a_forbidden_convolution_breaks_the_rule_also_as_a_function(classroom: Classroom) -> None:
    record = classroom.record("convolution", "ruled")
    assert record["status"] == "failed"
    assert (record["failure"]["kind"], record["failure"]["phase"]) == ("rule_violation", "audit")
    assert "aten.convolution" in record["failure"]["message"]
    assert "fully connected layers only" in record["failure"]["message"]
    assert record["cost"]["parameters"] == 3


def test_a_private_part_is_scored_where_it_is_and_validation_elsewhere(course: TemporaryCourse) -> None:
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


def test_intervals_of_latency_rest_on_earlier_measurements(
    course: TemporaryCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path))
    course.environment["HARNESS_LOCKS"] = str(tmp_path)
    history = [0.4 * (number % 2) for number in range(20)]
    (machine_lock().own_folder / "clock.json").write_text(json.dumps(history))
    slow = CENTROIDS.replace("return", "time.sleep(0.005)\n        return").replace(
        "import numpy", "import time, numpy"
    )
    terms = course.evaluate(slow)["cost"]["latency"].get("uncertainty")
    if terms is not None:  # a busy machine resolves no ratio
        assert terms["processes"] == pytest.approx(NORMAL_95 * process_deviation(history), rel=1e-3)
