"""What decides a result is known before anything runs, and has one digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import harness
from harness import __version__
from harness.data import DataFacts, TaskData
from harness.evaluation import (
    Contents,
    Identity,
    Settings,
    TaskInUse,
    _identity,
    identify,
    package_versions,
)
from harness.evaluation._identity import choose_mode
from harness.evaluation._plan import Plan
from harness.evaluation._settings import seed_for
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
USED = TaskInUse(task=TASK, digest="sha256:t", facts=DataFacts.of(TASK, DATA))
SETTINGS = Settings(weights="declared")


def identity(**changes: Any) -> Identity:
    """Return the identity of bob's work on `TASK` with some arguments replaced."""
    arguments: dict[str, Any] = {
        "name": "bob",
        "contents": SNAPSHOT.contents,
        "used": USED,
        "settings": SETTINGS,
        "level": "namespaces",
    }
    return identify(**(arguments | changes))


def plan(data: TaskData = DATA) -> Plan:
    used = replace(USED, facts=DataFacts.of(TASK, data))
    return Plan(identity=identity(used=used), task=TASK, data=data, snapshot=SNAPSHOT)


def test_equal_identities_have_equal_ids() -> None:
    assert identity().id == identity().id
    assert len(identity().id) == 16


def facts(**changes: Any) -> dict[str, Any]:
    return {"used": replace(USED, facts=structs.replace(USED.facts, **changes))}


def settings(**changes: Any) -> dict[str, Any]:
    return {"settings": replace(SETTINGS, **changes)}


SHIPS_WEIGHTS = Contents(digest="sha256:s", ships_weights=True)


def test_what_has_changed_since_a_record_is_named() -> None:
    submission = SubmissionPart(name="bob", digest="sha256:s", mode="trained")
    record = structs.replace(RECORD, task=plan().task_part(), submission=submission, run=run_made_here())
    assert identity().describe_changes(record) == "the settings"
    assert identity().why_changed(record) == "other settings"
    changes: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({"used": replace(USED, digest="sha256:u")}, "the task", "changed task"),
        (facts(digest="sha256:e"), "the data", "changed data"),
        (settings(score_on="validation"), "the part that scores are computed on", "changed data"),
        ({"contents": Contents(digest="sha256:x", ships_weights=False)}, "the submission", "changed submission"),
        ({"contents": SHIPS_WEIGHTS} | settings(weights="load"), "whether it is trained", "other settings"),
        (settings(seed=1), "the seed", "other settings"),
        ({"level": "landlock"}, "the level of isolation", "other settings"),
    )
    for change, words, kind in changes:
        assert identity(**change).describe_changes(record) == words
        assert identity(**change).why_changed(record) == kind


def run_made_here() -> Run:
    """Return the run of a record that was made here and now."""
    isolation = structs.replace(RECORD.run.isolation, level="namespaces")
    return structs.replace(
        RECORD.run, seed=0, isolation=isolation, harness_version=__version__, packages=package_versions()
    )


OTHER_BASELINE = replace(SOURCE, baseline=harness.Baseline(0.9))
LOCAL = harness.Local(
    title="t",
    licence="l",
    baseline=harness.Baseline(0.5),
    files=("f",),
    load=lambda folder: harness.Parts(*[SPLIT] * 3),
)


def declared(**changes: Any) -> dict[str, Any]:
    return {"used": replace(USED, task=replace(TASK, **changes).named("two"))}


def of_source(one: Any) -> dict[str, Any]:
    return declared(sources=(one,))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"name": "carol"}, id="name"),
        pytest.param({"used": replace(USED, task=TASK.named("three"))}, id="task"),
        pytest.param({"used": replace(USED, digest="sha256:u")}, id="task-code"),
        pytest.param(facts(digest="sha256:e"), id="data"),
        pytest.param(facts(scored_on="validation"), id="scored-part"),
        pytest.param(settings(score_on="validation"), id="wanted-part"),
        pytest.param(of_source(LOCAL), id="kind-of-source"),
        pytest.param(of_source(OTHER_BASELINE), id="baseline"),
        pytest.param({"contents": Contents(digest="sha256:r", ships_weights=False)}, id="submission"),
        pytest.param({"contents": SHIPS_WEIGHTS} | settings(weights="load"), id="mode"),
        pytest.param(settings(seed=1), id="seed"),
        pytest.param(settings(repeats=2), id="repeats"),
        pytest.param({"level": "rlimits"}, id="isolation"),
        pytest.param(settings(device="cuda"), id="device"),
        pytest.param(settings(latency_seconds=0.01), id="latency"),
    ],
)
def test_an_id_changes_with_each_ingredient(change: dict[str, Any]) -> None:
    assert identity(**change).id != identity().id


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"used": replace(USED, task=replace(TASK, points=((0.5, 0.0), (1.0, 1.0))).named("two"))}, id="points"
        ),
        pytest.param({"used": replace(USED, task=replace(TASK, title="Another").named("two"))}, id="title"),
        pytest.param(of_source(replace(SOURCE, title="another", licence="other")), id="title-of-the-source"),
        pytest.param(of_source(replace(SOURCE, baseline=replace(SOURCE.baseline, note="said"))), id="note"),
        pytest.param(facts(passed_over=("not here",)), id="why-no-better-data"),
        pytest.param(settings(data="embedded"), id="how-the-data-was-asked-for"),
    ],
)
def test_titles_and_descriptions_do_not_change_the_identity(change: dict[str, Any]) -> None:
    assert identity(**change).id == identity().id


def test_an_id_changes_with_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity().id
    monkeypatch.setattr(_identity, "package_versions", lambda: {"numpy": "0"})
    assert identity().id != before


def test_seeds_are_derived_from_names_and_stable() -> None:
    assert seed_for(0, "blobs", 0) == 1589049707  # published records rest on it
    assert seed_for(0, "blobs", 0) == seed_for(0, "blobs", 0)
    assert len({seed_for(b, t, r) for b in (0, 1) for t in ("usps", "blobs") for r in range(100)}) == 400
    assert all(0 <= seed_for(0, "usps", r) < 2**32 for r in range(100))


def test_all_submissions_of_a_task_get_the_same_seed() -> None:
    thrice = settings(repeats=3)
    assert identity(name="carol", **thrice).seeds == identity(**thrice).seeds
    assert len(set(identity(**thrice).seeds)) == 3
    assert identity(**thrice).seeds[:1] == identity().seeds == (seed_for(0, "two", 0),)


@pytest.mark.parametrize(
    ("declared", "policy", "mode"),
    [
        ("retrain", "load", "loaded"),
        ("allowed", "retrain", "trained"),
        ("retrain", "declared", "trained"),
        ("allowed", "declared", "loaded"),
    ],
)
def test_weights_are_loaded_if_shipped_and_allowed(declared: Any, policy: Any, mode: str) -> None:
    task = replace(TASK, weights=declared)
    assert choose_mode(task, True, policy) == mode
    assert choose_mode(task, False, policy) == "trained"


def test_the_record_states_the_parts_and_whether_labels_are_private() -> None:
    part = plan(replace(DATA, test=None, private=True)).task_part()
    assert (part.scored_on, part.test_labels, part.n_test) == ("validation", "private", 0)
    part = plan().task_part()
    assert (part.scored_on, part.test_labels, part.n_test, part.n_train) == ("test", "public", 4, 4)


@pytest.mark.parametrize(
    ("restricted", "local", "private", "is_restricted", "is_secret"),
    [
        (False, True, False, False, False),
        (False, True, True, False, True),
        (True, True, False, True, True),
        (True, False, False, False, False),  # what is generated in the place of restricted data may be told
        (True, False, True, False, True),
    ],
)
def test_what_models_print_is_secret_for_restricted_data_or_private_labels(
    restricted: bool, local: bool, private: bool, is_restricted: bool, is_secret: bool
) -> None:
    files = harness.Local(
        title="t", licence="l", files=("x",), load=lambda _: SOURCE.load(), baseline=harness.Baseline(0.5)
    )
    data = replace(DATA, source=files if local else SOURCE, private=private)
    made = replace(plan(), data=data, task=task("two", sources=(SOURCE,), restricted=restricted))
    assert (made.is_restricted, made.is_secret) == (is_restricted, is_secret)
