"""Records on disk: none is lost, and none is written partially."""

import json
import math
import multiprocessing
import os
import re
import stat

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.files import write_atomically
from harness.record import (
    Cost,
    Evidence,
    Failure,
    Latency,
    Record,
    Store,
    Stores,
    Unreadable,
    UnstorableError,
    to_plain,
)
from tests.records import ACCURACY, changed


def make_record(name="alice", *, seed=0, value=0.9):
    score = msgspec.structs.replace(ACCURACY, value=value, low=0.8, high=0.95)
    return changed(
        task={"name": "usps"},
        submission={"name": name},
        scores=(score, msgspec.structs.replace(score, name="macro_f1", primary=False)),
        run={"id": f"sha256:{seed}", "seed": seed},
    )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "records", tmp_path / "private" / "lock")


def history(store, name="alice"):
    path = store.path("usps", name).with_suffix(".history.jsonl")
    return [msgspec.json.decode(line, type=Record).run.seed for line in path.read_bytes().splitlines()]


def test_a_record_is_read_as_it_was_written(store):
    record = make_record()
    assert store.write(record) is None
    assert store.read("usps", "alice") == record


def test_a_record_that_was_never_written_is_read_as_none(store):
    assert store.read("usps", "nobody") is None
    assert list(store.all()) == []


def test_every_key_is_there_and_null_where_it_was_not_reached(store):
    store.write(make_record())
    plain = json.loads(store.path("usps", "alice").read_text())
    assert plain == json.loads(json.dumps(to_plain(make_record())))
    assert plain["schema_version"] == 1
    assert plain["failure"] is None
    assert set(plain["cost"]) == set(Cost.__struct_fields__) - {"peak_device_bytes"}  # of a GPU, where one was given
    assert plain["cost"]["latency"] is None


def test_former_records_are_kept_in_order(store):
    for seed in range(4):
        store.write(make_record(seed=seed))
    assert store.read("usps", "alice").run.seed == 3
    assert history(store) == [0, 1, 2]


def test_records_of_references_are_stored_in_their_own_folder_and_found(store):
    records = [make_record("zoe"), make_record("alice"), make_record("reference/mlp")]
    for record in records:
        store.write(record)
        store.write(record)
    assert [record.submission.name for record in store.all()] == ["alice", "zoe", "reference/mlp"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_the_former_record_and_no_temporary_file(store, monkeypatch, call):
    store.write(make_record(seed=1))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        if call == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr("pathlib.Path.replace", full)
        store.write(make_record(seed=2))
    assert store.read("usps", "alice").run.seed == 1
    assert not [path.name for path in store.path("usps", "alice").parent.iterdir() if path.name.startswith(".")]


def test_a_crash_between_history_and_record_does_not_double_the_history(store, monkeypatch):
    store.write(make_record(seed=1))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        store.write(make_record(seed=2))
    store.write(make_record(seed=3))
    assert history(store) == [1]
    assert store.read("usps", "alice").run.seed == 3


def test_a_line_of_history_cut_short_by_a_crash_spoils_no_other(store):
    store.write(make_record(seed=1))
    store.path("usps", "alice").with_suffix(".history.jsonl").write_bytes(b'{"schema_ver')
    store.write(make_record(seed=2))
    cut, whole = store.path("usps", "alice").with_suffix(".history.jsonl").read_bytes().splitlines()
    assert cut == b'{"schema_ver'
    assert msgspec.json.decode(whole, type=Record) == make_record(seed=1)


WHOLE = msgspec.json.encode(make_record())


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(WHOLE[:200], id="half"),
        pytest.param(WHOLE.replace(b'"passed"', b'"perfect"'), id="an unknown status"),
        pytest.param(WHOLE.replace(b'"schema_version":1', b'"schema_version":2'), id="of a later version"),
        pytest.param(WHOLE.replace(b'"submission":', b'"student":'), id="without its submission"),
        pytest.param(WHOLE.replace(b'"started":"', b'"started":"\xff'), id="no text"),
        pytest.param(WHOLE.replace(b'"alice"', b'"bob"'), id="of somebody else"),
        pytest.param(re.sub(rb'"value":[^,]+', b'"value":1e308', WHOLE), id="of a score beyond all arithmetic"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"<<<<<<< HEAD\n" + WHOLE, id="a merge conflict"),
    ],
)
def test_a_record_that_cannot_be_read_is_kept_under_another_name(store, content):
    path = store.path("usps", "alice")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    found = store.read("usps", "alice")
    assert isinstance(found, Unreadable)
    assert found.path == path
    assert found.reason
    assert list(store.all()) == [found]

    aside = store.write(make_record())
    assert aside.read_bytes() == content
    assert aside.parent == path.parent
    assert store.read("usps", "alice") == make_record()
    assert list(store.all()) == [make_record()]


texts = st.text(st.characters(codec=None), max_size=8)  # halves of surrogate pairs among them
numbers = st.floats() | st.sampled_from([1.7e308, 5e-324, -0.0])
counts = st.none() | st.integers(-(2**70), 2**70) | numbers


@given(
    value=numbers, low=numbers, met=st.none() | st.booleans(), parameters=counts, net=st.none() | numbers, text=texts,
    phases=st.dictionaries(texts, numbers, max_size=2), name=st.sampled_from(["alice", "reference/x", "../x", ""]),
)  # fmt: skip
@example(value=math.nan, low=0, met=True, parameters=1, net=None, text="", phases={}, name="alice")
@example(value=0.5, low=0, met=True, parameters=10**30, net=None, text="", phases={}, name="alice")
@example(value=0.5, low=0, met=True, parameters=1, net=math.nan, text="", phases={}, name="alice")
@example(value=0.5, low=0, met=True, parameters=1, net=None, text="\udcff", phases={}, name="alice")
def test_a_valid_record_is_read_back_and_an_invalid_one_changes_nothing(
    tmp_path_factory, value, low, met, parameters, net, text, phases, name
):
    latency = Latency(batch=1, n=64, p50_seconds=1e-4, net_p50_seconds=net, p90_bound_seconds=None, iqr_ratio=0.0,
                      noisy=False, channel_seconds=1e-5, ratio_to_yardstick=net)  # fmt: skip
    record = changed(
        make_record("alice"), scores=(msgspec.structs.replace(make_record().scores[0], value=value, low=low),),
        cost={"parameters": parameters, "latency": latency}, baseline={"met": met}, submission={"name": name},
        run={"phases": phases},
        failure=Failure(kind=text, phase="fit", message=text, file=None, line=None, log_tail=text),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("stores")
    stores = Stores.of(folder / "published", folder / "private")
    former, evidence = make_record(name if name in ("alice", "reference/x") else "alice", seed=7), Evidence()
    stores.keep(former, evidence)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    try:
        stores.keep(record, Evidence(draws=np.ones(3)))
    except UnstorableError as error:
        assert "cannot be kept" in str(error)
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    else:
        assert stores.records.read("usps", name) == record
        assert [one.run.seed for one in stores.records.history("usps", name)] == [7]


def test_another_file_in_place_of_a_record_is_named_and_hides_no_other(store):
    store.write(make_record("good"))
    task = store.path("usps", "good").parent
    (task / "folder.json").mkdir()
    (task / "folder.json" / "inside").write_text("kept")
    os.mkfifo(task / "pipe.json")
    (task / "nowhere.json").symlink_to("nothing")
    (task / "Bad Name.json").write_bytes(WHOLE.replace(b'"alice"', b'"Bad Name"'))
    (task / "null.json").write_bytes(WHOLE.replace(b'"alice"', b'"null"').replace(b'"low":0.8', b'"low":null'))
    (task / "later.json").write_bytes(b'{"schema_version": 2, "everything": "else"}')
    (task.parent / "stray.json").write_bytes(WHOLE)
    (task.parent / "notes.txt").write_text("nothing of ours")
    reasons = {found.path.name: found.reason for found in store.all() if isinstance(found, Unreadable)}
    assert [found for found in store.all() if isinstance(found, Record)] == [make_record("good")]
    says = {
        "folder.json": "it is not a regular file",
        "pipe.json": "it is not a regular file",
        "nowhere.json": "it is not a regular file",
        "Bad Name.json": "it has a name that no record has",
        "null.json": "Expected `float`, got `null`",
        "later.json": "schema_version 2, expected 1: a later version of the harness wrote it",
        "stray.json": "it is not in the folder of a task",
    }
    assert sorted(reasons) == sorted(says)
    assert all(text in reasons[name] for name, text in says.items())
    for name in ("folder", "pipe", "nowhere", "null", "later"):
        aside = store.write(make_record(name))
        assert aside.name == f"{name}.json.unreadable-1"
        assert store.read("usps", name) == make_record(name)
    assert (task / "folder.json.unreadable-1" / "inside").read_text() == "kept"


@pytest.mark.user
@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize(("mode", "named"), [(0, "usps"), (0o444, "usps/alice.json")])
def test_a_record_without_read_permission_is_named(store, mode, named):
    store.write(make_record())
    task = store.path("usps", "alice").parent
    task.chmod(mode)
    try:
        (found,) = store.all()
    finally:
        task.chmod(0o755)
    assert isinstance(found, Unreadable)
    assert found.path == task.parent / named
    assert "Permission denied" in found.reason


def test_two_unreadable_records_are_both_kept(store):
    path = store.path("usps", "alice")
    path.parent.mkdir(parents=True)
    kept = []
    for content in (b"one", b"two"):
        path.write_bytes(content)
        kept.append(store.write(make_record()))
    assert [aside.read_bytes() for aside in kept] == [b"one", b"two"]


def write_many(folder, writer, count):
    store = Store(folder / "records", folder / "lock")
    for number in range(count):
        store.write(make_record(seed=writer * 1000 + number))


@pytest.mark.worker
def test_parallel_writers_lose_nothing(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(tmp_path, writer, 15)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    store = Store(tmp_path / "records", tmp_path / "lock")
    seen = [*history(store), store.read("usps", "alice").run.seed]
    assert sorted(seen) == [writer * 1000 + number for writer in range(4) for number in range(15)]
    for writer in range(4):
        own = [seed for seed in seen if seed // 1000 == writer]
        assert own == sorted(own)
    assert {path.name for path in store.path("usps", "alice").parent.iterdir()} == {"alice.json", "alice.history.jsonl"}


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_is_written_with_the_permissions_asked_for(tmp_path, mode):
    former = os.umask(0o077)
    try:
        write_atomically(tmp_path / "new" / "file", b"content", mode)
    finally:
        os.umask(former)
    assert (tmp_path / "new" / "file").read_bytes() == b"content"
    assert stat.S_IMODE((tmp_path / "new" / "file").stat().st_mode) == mode


def test_a_record_can_be_read_by_everybody(store):
    store.write(make_record())
    assert stat.S_IMODE(store.path("usps", "alice").stat().st_mode) == 0o644
