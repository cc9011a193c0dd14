"""A plan's id is the digest of everything that decides the result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import harness
from harness import __version__
from harness.data._load import TaskData
from harness.evaluation import _plan, package_versions
from harness.evaluation._plan import Plan, choose_mode, differences, seed_for
from harness.evaluation._snapshot import Snapshot
from harness.record import Run, SubmissionPart
from tests.declared import POINTS, source, task
from tests.records import RECORD

SPLIT = POINTS
SOURCE = source()
TASK = task("two", sources=(SOURCE,))
DATA = TaskData(
    source=SOURCE, train=SPLIT, validation=SPLIT, test=SPLIT, private=False, digest="sha256:d", passed_over=()
)
SNAPSHOT = Snapshot(
    files=Path("f"), weights=None, digest="sha256:s", source_bytes=1, shipped_bytes=0, problem=None
)  # fmt: skip
PLAN = Plan(
    name="bob",
    task=TASK,
    task_digest="sha256:t",
    data=DATA,
    snapshot=SNAPSHOT,
    mode="trained",
    base_seed=0,
    repeats=1,
    level="namespaces",
)


def test_equal_plans_have_equal_ids() -> None:
    assert replace(PLAN).id == PLAN.id
    assert len(PLAN.id) == 16


def test_what_has_changed_since_a_record_is_named() -> None:
    submission = SubmissionPart(name="bob", digest="sha256:s", mode="trained")
    run = replace_run(level=PLAN.level)
    record = structs.replace(RECORD, task=PLAN.task_part(), submission=submission, run=run)
    assert differences(PLAN, record) == ("the settings",)
    changes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"task_digest": "sha256:u"}, "the task"),
        ({"data": replace(DATA, digest="sha256:e")}, "the data"),
        ({"data": DATA.without_test()}, "what is scored on"),
        ({"snapshot": replace(SNAPSHOT, digest="sha256:x")}, "the submission"),
        ({"mode": "loaded"}, "whether it is trained"),
        ({"base_seed": 1}, "the seed"),
        ({"level": "landlock"}, "the level of isolation"),
    )
    for change, name in changes:
        assert differences(replace(PLAN, **change), record) == (name,)


def replace_run(level: str) -> Run:
    """Return the run of a record that was made here and now."""
    isolation = structs.replace(RECORD.run.isolation, level=level)
    return structs.replace(
        RECORD.run, seed=0, isolation=isolation, harness_version=__version__, packages=package_versions()
    )


OTHER = replace(SOURCE, baseline=harness.Baseline(0.9))
LOCAL = harness.Local(
    title="t",
    licence="l",
    baseline=harness.Baseline(0.5),
    files=("f",),
    load=lambda folder: harness.Parts(*[SPLIT] * 3),
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"name": "carol"}, id="name"),
        pytest.param({"task": TASK.named("three")}, id="task"),
        pytest.param({"task_digest": "sha256:u"}, id="task-code"),
        pytest.param({"data": replace(DATA, digest="sha256:e")}, id="data"),
        pytest.param({"data": replace(DATA, test=None)}, id="scored-part"),
        pytest.param({"data": replace(DATA, source=LOCAL)}, id="kind-of-source"),
        pytest.param({"snapshot": replace(SNAPSHOT, digest="sha256:r")}, id="submission"),
        pytest.param({"mode": "loaded"}, id="mode"),
        pytest.param({"base_seed": 1}, id="seed"),
        pytest.param({"repeats": 2}, id="repeats"),
        pytest.param({"level": "rlimits"}, id="isolation"),
        pytest.param({"device": "cuda"}, id="device"),
        pytest.param({"latency_seconds": 0.01}, id="latency"),
    ],
)
def test_an_id_changes_with_each_ingredient(change: dict[str, Any]) -> None:
    assert replace(PLAN, **change).id != PLAN.id


def test_an_id_changes_with_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    before = PLAN.id
    monkeypatch.setattr(_plan, "package_versions", lambda: {"numpy": "0"})
    assert PLAN.id != before


def test_seeds_come_from_names_and_stay() -> None:
    assert seed_for(0, "blobs", 0) == 1589049707  # published records rest on it
    assert seed_for(0, "blobs", 0) == seed_for(0, "blobs", 0)
    assert len({seed_for(b, t, r) for b in (0, 1) for t in ("usps", "blobs") for r in range(100)}) == 400
    assert all(0 <= seed_for(0, "usps", r) < 2**32 for r in range(100))


def test_all_submissions_of_a_task_get_the_same_seed() -> None:
    assert replace(PLAN, name="carol", repeats=3).seeds == replace(PLAN, repeats=3).seeds
    assert len(set(replace(PLAN, repeats=3).seeds)) == 3
    assert replace(PLAN, repeats=3).seeds[:1] == PLAN.seeds == (seed_for(0, "two", 0),)


@pytest.mark.parametrize(
    ("declared", "policy", "mode"),
    [
        ("retrain", "load", "loaded"),
        ("allowed", "retrain", "trained"),
        ("retrain", "declared", "trained"),
        ("allowed", "declared", "loaded"),
    ],
)
def test_weights_are_loaded_where_shipped_and_wanted(declared: Any, policy: Any, mode: str) -> None:
    task = replace(TASK, weights=declared)
    assert choose_mode(task, True, policy) == mode
    assert choose_mode(task, False, policy) == "trained"


def test_the_record_tells_the_parts_and_whose_labels_they_are() -> None:
    part = replace(PLAN, data=replace(DATA, test=None, private=True)).task_part()
    assert (part.scored_on, part.test_labels, part.n_test) == ("validation", "private", 0)
    part = PLAN.task_part()
    assert (part.scored_on, part.test_labels, part.n_test, part.n_train) == ("test", "public", 4, 4)
