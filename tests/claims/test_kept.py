"""Claims in records: added and renewed without an evaluation, no part of an identity, bounded where data is secret."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness.errors import TaskError
from harness.evaluation import Contents, Settings, lacks_comparison, wants_claims, with_claimed
from harness.evaluation._publish import publishable_claims
from harness.evaluation._snapshot import read_contents, take_snapshot
from harness.record import Record, stored_form
from harness.taskcode import deciding_code
from tests import declared
from tests.claims.made import claims, scored
from tests.evaluation.test_plan import DATA, identity, plan, settings
from tests.records import ACCURACY, RECORD, changed

pytestmark = pytest.mark.unit

TASK = declared.task("blobs", claims=True)


def test_claims_are_compared_where_asked_for_or_declared() -> None:
    silent = declared.task("blobs")
    for policy, asked in {"compare": (True, True), "declared": (True, False), "ignore": (False, False)}.items():
        chosen = Settings(claims=policy)  # type: ignore[arg-type] # one of the three
        assert (wants_claims(TASK, chosen), wants_claims(silent, chosen)) == asked
    with pytest.raises(TaskError, match=r"claims: found 'yes' .* True or False"):
        declared.task(claims="yes")


def test_claims_are_not_part_of_what_decides_a_result() -> None:
    assert identity(**settings(claims="compare")).id == identity(**settings(claims="ignore")).id
    declared_, silent = b"TASK = harness.Task(kind='x', claims=True)", b"TASK = harness.Task(kind='x')"
    assert deciding_code(declared_) == deciding_code(silent)


def test_a_record_of_an_earlier_version_has_none() -> None:
    earlier = msgspec.to_builtins(RECORD)
    del earlier["claims"]
    assert msgspec.convert(earlier, Record) == RECORD
    assert RECORD.claims is None


def test_only_the_claim_in_a_record_is_updated_when_the_readme_changes(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("Claimed accuracy: 0.8\n")
    first = with_claimed(changed(claims=claims()), tmp_path, TASK)
    assert first.claims is not None
    assert first == changed(claims=claims(claimed=first.claims.claimed))
    assert [one.value for one in first.claims.claimed] == [0.8]
    (tmp_path / "README.md").write_text("nothing")
    assert with_claimed(first, tmp_path, TASK) == changed(claims=claims(claimed=()))
    stored_form(first)


@pytest.mark.parametrize(("mode", "figures"), [("trained", (None, ACCURACY)), ("loaded", (ACCURACY, None))])
def test_without_weights_the_score_of_the_record_is_compared(
    tmp_path: Path, mode: str, figures: tuple[object, object]
) -> None:
    told = with_claimed(changed(submission={"mode": mode}), tmp_path, TASK).claims
    assert told is not None
    assert (told.shipped, told.retrained) == figures


def test_no_link_and_no_folder_is_read_for_a_claim(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("Claimed: 0.9")
    folder = tmp_path / "work"
    (folder / "README").mkdir(parents=True)
    (folder / "results.json").symlink_to(tmp_path / "secret")
    told = with_claimed(RECORD, folder, TASK).claims
    assert told is not None
    assert (told.claimed, told.unread) == (
        (),
        ("README is not a regular file", "results.json is not a regular file"),
    )
    gone = with_claimed(RECORD, tmp_path / "gone", TASK).claims
    assert gone is not None
    assert gone.unread == ()


@pytest.mark.parametrize(
    ("files", "brings"),
    [({}, False), ({"README.md": b"x"}, False), ({"best.pt": b"x"}, True), ({"weights/net.npy": b"x"}, True)],
)
def test_weights_are_recognised_in_any_folder(tmp_path: Path, files: dict[str, bytes], brings: bool) -> None:
    folder = tmp_path / "work"
    for name, content in ({"model.py": b"class Model: pass"} | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    contents, snapshot = read_contents(folder, TASK.limits), take_snapshot(folder, tmp_path / "copy", TASK.limits)
    assert contents == snapshot.contents
    assert contents.brings_weights is brings
    assert lacks_comparison(RECORD, contents) is brings
    assert not lacks_comparison(changed(claims=claims()), contents)
    loaded = snapshot.with_any_weights().in_mode("loaded", TASK)
    assert (loaded.weights is not None) is brings
    for name in files.keys() - {"README.md"}:
        assert loaded.weights is not None
        assert (loaded.weights / Path(name).name).read_bytes() == (loaded.files / name).read_bytes() == b"x"


def test_claims_on_secret_data_are_rounded() -> None:
    told = claims(retrained=scored(0.123456789, 0.111111111, 0.222222222), p_value=0.123456)
    assert publishable_claims(plan(), told) == told
    secret = publishable_claims(plan(replace(DATA, private=True)), told)
    assert secret.retrained == scored(0.12346, 0.11111, 0.22222)
    assert (secret.p_value, secret.claimed) == (0.12, told.claimed)


def test_contents_bring_weights_if_they_are_said_to_ship_them() -> None:
    assert Contents(digest="d", ships_weights=True).brings_weights
    assert not Contents(digest="d", ships_weights=False).brings_weights
