"""Evidence: private, whole, and the same for the same predictions."""

import stat
from pathlib import Path

import numpy as np
import pytest

from harness.record import Evidence, EvidenceStore, ExampleAnswers, MemoryUse, PhaseSpan, Timeline, WordWeights

GENERATOR = np.random.default_rng(0)
EVIDENCE = Evidence(
    outcomes=GENERATOR.random(200) < 0.9,
    predictions=GENERATOR.integers(0, 10, 200),
    scores=GENERATOR.random((200, 10), np.float32),
    later_outcomes=GENERATOR.random((2, 200)) < 0.9,
    groups=np.repeat(np.arange(40), 5),
    draws=GENERATOR.random(50),
    latencies=GENERATOR.random(64),
    drawn=GENERATOR.integers(0, 200, 64),
    curve=({"epoch": 1.0, "loss": 0.5}, {"epoch": 2.0, "loss": 0.25}),
)
PREDICTED = ("outcomes", "later_outcomes", "groups", "predictions", "scores", "draws")
ARRAYS = (*PREDICTED, "latencies", "drawn")


@pytest.fixture
def store(tmp_path):
    return EvidenceStore(tmp_path / "evidence")


def files(tmp_path):
    return sorted(path for path in (tmp_path / "evidence").rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["alice", "reference/mlp"])
@pytest.mark.parametrize("evidence", [EVIDENCE, Evidence()], ids=["whole", "none of it reached"])
def test_evidence_is_read_as_it_was_written(store, name, evidence):
    store.write("usps", name, evidence)
    read = store.read("usps", name)
    for array in ARRAYS:
        np.testing.assert_array_equal(getattr(read, array), getattr(evidence, array))
    assert read.curve == evidence.curve
    assert read.digest == evidence.digest


BOXES = [np.zeros((2, 6)), np.zeros((0, 6)), np.ones((1, 6))]


@pytest.mark.parametrize("values", [BOXES, np.arange(3)], ids=["boxes", "labels"])
def test_predictions_and_examples_are_read_as_they_were_written(store, values):
    examples = ExampleAnswers(items=np.array([0, 4, 9]), values=values, scores=np.ones((3, 2)))
    evidence = Evidence(predictions=values, examples=examples)
    store.write("bccd", "alice", evidence)
    for read in (store.read("bccd", "alice"), Evidence.unpack(evidence.pack())):
        assert read.digest == evidence.digest == Evidence(predictions=values).digest
        for found, kept in ((read.predictions, values), (read.examples.values, values)):
            assert type(found) is type(kept)
            assert all(np.array_equal(one, other) for one, other in zip(found, kept, strict=True))
        np.testing.assert_array_equal(read.examples.items, examples.items)
        np.testing.assert_array_equal(read.examples.scores, examples.scores)


def test_words_and_the_timeline_are_read_as_they_were_written(store):
    words = (WordWeights(4, np.array([0.5, -0.25])), WordWeights(9, np.array([0.125])))
    examples = ExampleAnswers(items=np.array([0, 4, 9]), values=np.arange(3), words=words)
    timeline = Timeline((PhaseSpan("fit", 0.0, 1.5),), (MemoryUse((0.5, 1.0), (1 << 20, 2 << 20)),))
    evidence = Evidence(examples=examples, timeline=timeline)
    store.write("texts", "alice", evidence)
    for read in (store.read("texts", "alice"), Evidence.unpack(evidence.pack())):
        assert [(one.item, one.weights.tolist()) for one in read.examples.words] == [(4, [0.5, -0.25]), (9, [0.125])]
        assert read.timeline == timeline
        assert read.digest == Evidence().digest, "neither decides whether two runs are equal"


def test_examples_of_more_than_the_stated_size_are_left_out(store):
    huge = ExampleAnswers(items=np.arange(2), values=np.zeros((2, 1 << 20)))
    store.write("nuclei", "alice", Evidence(examples=huge))
    assert store.read("nuclei", "alice").examples is None


def test_new_evidence_replaces_the_old_entirely(store):
    store.write("usps", "alice", EVIDENCE)
    store.write("usps", "alice", Evidence(outcomes=np.ones(3, bool)))
    assert store.read("usps", "alice").scores is None
    assert store.read("usps", "alice").latencies is None


def test_evidence_that_was_never_written_is_read_as_none(store):
    assert store.read("usps", "nobody") is None


def test_only_the_owner_may_read_evidence(store, tmp_path):
    store.write("usps", "alice", EVIDENCE)
    assert stat.S_IMODE((tmp_path / "evidence").stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o600] * 5


def test_the_digest_does_not_depend_on_measured_times():
    slower = Evidence(
        **{name: getattr(EVIDENCE, name) for name in PREDICTED},
        latencies=EVIDENCE.latencies * 2,
        drawn=EVIDENCE.drawn[::-1],
        curve=({"epoch": 1.0},),
    )
    assert slower.digest == EVIDENCE.digest


@pytest.mark.parametrize("name", PREDICTED)
def test_the_digest_depends_on_everything_that_was_predicted(name):
    parts = {part: getattr(EVIDENCE, part) for part in PREDICTED}
    changed = parts[name].copy()
    changed.flat[7] = not changed.flat[7] if changed.dtype == bool else changed.flat[7] + 1
    assert Evidence(**parts | {name: changed}).digest != EVIDENCE.digest
    assert Evidence(**parts | {name: None}).digest != EVIDENCE.digest


def test_the_digest_depends_on_the_form_of_the_same_bytes():
    wide = np.arange(6, dtype=np.int64)
    forms = [wide, wide.reshape(2, 3), wide.view(np.uint64), wide.view(np.int32)]
    assert len({Evidence(predictions=form).digest for form in forms}) == len(forms)
    assert Evidence(predictions=wide).digest != Evidence(outcomes=wide).digest


def test_the_digest_does_not_depend_on_the_layout_in_memory():
    scores = np.arange(12.0).reshape(3, 4)
    assert Evidence(scores=np.asfortranarray(scores)).digest == Evidence(scores=scores).digest


@pytest.mark.parametrize("file", ["items.npz", "latency.npz", "curve.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "foreign", "a folder"])
def test_unreadable_evidence_is_read_as_none(store, tmp_path, file, damage):
    store.write("usps", "alice", EVIDENCE)
    path = tmp_path / "evidence" / "usps" / "alice" / file
    whole = path.read_bytes()
    path.unlink()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(whole[: len(whole) // 2])
        case "foreign":
            path.write_bytes(b"\x80\x04N.")
        case "a folder":
            path.mkdir()
    assert store.read("usps", "alice") is None


def test_evidence_damaged_anywhere_is_read_whole_or_not_at_all(store, tmp_path):
    evidence = Evidence(outcomes=EVIDENCE.outcomes, predictions=EVIDENCE.predictions)
    store.write("usps", "alice", evidence)
    path = tmp_path / "evidence" / "usps" / "alice" / "items.npz"
    whole = path.read_bytes()
    for position in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[position] ^= 0x41
        path.write_bytes(damaged)
        read = store.read("usps", "alice")
        assert read is None or read.digest == evidence.digest


def test_evidence_that_would_run_code_is_not_read(store, tmp_path):
    store.write("usps", "alice", EVIDENCE)
    np.savez(tmp_path / "evidence" / "usps" / "alice" / "items.npz", outcomes=np.array([EVIDENCE], object))
    assert store.read("usps", "alice") is None


def test_data_for_ranking_is_read_without_the_rest(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    outcomes, draws = np.arange(11) % 3 == 0, np.linspace(0, 1, 7)
    evidence = Evidence(outcomes=outcomes, draws=draws, predictions=np.arange(11))
    store.write("usps", "bob", evidence)
    (tmp_path / "usps" / "bob" / "items.npz").unlink()
    compared = store.compared("usps", "bob", evidence.digest)
    assert compared is not None
    np.testing.assert_array_equal(compared.outcomes, outcomes)
    np.testing.assert_array_equal(compared.draws, draws)
    assert store.compared("usps", "bob", "sha256:other") is None


def test_data_for_ranking_has_all_repeats_and_the_groups(store):
    store.write("usps", "bob", EVIDENCE)
    compared = store.compared("usps", "bob", EVIDENCE.digest)
    np.testing.assert_array_equal(compared.later_outcomes, EVIDENCE.later_outcomes)
    np.testing.assert_array_equal(compared.groups, EVIDENCE.groups)
    np.testing.assert_array_equal(
        compared.items, np.mean([EVIDENCE.outcomes, *EVIDENCE.later_outcomes], axis=0), strict=True
    )


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_without_data_for_ranking_the_whole_evidence_is_read(tmp_path: Path, content: bytes | None) -> None:
    store, evidence = EvidenceStore(tmp_path), Evidence(outcomes=np.array([True, False]))
    store.write("usps", "bob", evidence)
    path = tmp_path / "usps" / "bob" / "compared.msgpack"
    path.unlink() if content is None else path.write_bytes(content)
    compared = store.compared("usps", "bob", evidence.digest)
    assert compared is not None
    np.testing.assert_array_equal(compared.outcomes, [True, False])
    assert store.compared("usps", "eve", evidence.digest) is None


def test_evidence_is_restored_from_its_bytes() -> None:
    evidence = Evidence(outcomes=np.array([True]), latencies=np.array([0.5]), curve=({"loss": 1.0},))
    arrived = Evidence.unpack(evidence.pack())
    assert (arrived.digest, arrived.curve) == (evidence.digest, evidence.curve)
    np.testing.assert_array_equal(arrived.latencies, [0.5])
    assert arrived.predictions is None
