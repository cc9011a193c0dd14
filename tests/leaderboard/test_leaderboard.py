"""The leaderboard: only what may be compared is ranked together, and what students write stays text."""

import csv
import io
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from harness.leaderboard import KeptStandings, board_markdown, build, task_markdown, write_board
from harness.record import (
    Cost,
    Evidence,
    EvidenceStore,
    Failure,
    Latency,
    Score,
    Store,
    Unreadable,
)
from harness.text import as_duration
from tests.records import changed

LATENCY = Latency(
    batch=1, n=64, p50_seconds=0.002, net_p50_seconds=0.0015, p90_bound_seconds=0.003, iqr_ratio=0.05, noisy=False,
    channel_seconds=0.0005, ratio_to_yardstick=1.25,
)  # fmt: skip


def score(value, name="accuracy", half=0.01, *, primary=True):
    return Score(name=name, value=value, low=value - half, high=value + half, higher_is_better=True, unit="",
                 primary=primary)  # fmt: skip


def make_record(
    name,
    value=None,
    *,
    scores=None,
    evidence=None,
    parameters=100,
    failure=None,
    status=None,
    task="usps",
    mode="trained",
    **asked,
):
    scores = scores or (() if value is None else (score(value),))
    kind, phase = failure or ("fit_error", "fit")
    failed = status == "failed" or not scores
    return changed(
        task={"name": task, "scored_on": "test", "n_train": 70, "n_test": 100} | asked,
        submission={"name": name, "mode": mode},
        status=status or ("failed" if failed else "passed"),
        failure=Failure(kind=kind, phase=phase, message="no", file=None, line=None, log_tail="") if failed else None,
        scores=scores,
        baseline={"value": 0.5, "met": not failed, "p_value": None},
        cost=Cost(
            parameters=parameters,
            parameters_verified=True,
            knowledge_bytes=parameters and 4 * parameters,
            latency=LATENCY,
        ),
        run={"repeats": (), "evidence_digest": None if evidence is None else evidence.digest},
    )


@pytest.fixture
def store(tmp_path):
    return EvidenceStore(tmp_path / "evidence")


def ranks(board):
    return [
        {row.record.submission.name: row.rank and (row.rank.low, row.rank.high) for row in group.rows}
        for group in board.groups
    ]


def right(count, items=1000):
    """Evidence of a model that is right on the first `count` items."""
    return Evidence(outcomes=np.arange(items) < count)


def with_evidence(store, name, value, evidence, **changes):
    store.write("usps", name, evidence)
    return make_record(name, value, evidence=evidence, **changes)


@pytest.mark.parametrize(
    "difference",
    [
        {"data_digest": "sha256:other"},
        {"scored_on": "validation"},
        {"mode": "loaded"},
        {"source": "canonical"},
        {"task": "spect"},
    ],
    ids=lambda difference: next(iter(difference)),
)
def test_records_of_different_settings_are_not_ranked_together(store, difference):
    board = build([make_record("alice", 0.9), make_record("bob", 0.5), make_record("zoe", 0.1, **difference)], store)
    assert sorted(ranks(board), key=len) == [{"zoe": (1, 1)}, {"alice": (1, 1), "bob": (2, 2)}]


def test_tables_of_real_data_come_before_embedded_data(store):
    sources = ["embedded", "canonical", "local"]
    board = build([make_record(source, 0.9, source=source) for source in sources], store)
    assert [group.key.source for group in board.groups] == ["canonical", "local", "embedded"]


def test_without_evidence_ranks_come_from_intervals_and_are_marked(store):
    board = build([make_record("carl", 0.6), make_record("alice", 0.9), make_record("bob", 0.895)], store)
    assert ranks(board) == [{"alice": (1, 2), "bob": (1, 2), "carl": (3, 3)}]
    assert not any(row.paired for row in board.groups[0].rows)
    assert "1–2 of 3 ~" in board_markdown(board)


def test_where_lower_is_better_the_lowest_score_is_first(store):
    errors = {name: msgspec.structs.replace(score(value), higher_is_better=False) for name, value in
              (("alice", 0.3), ("bob", 0.1), ("carl", 0.5))}  # fmt: skip
    board = build([make_record(name, scores=(error,)) for name, error in errors.items()], store)
    assert ranks(board) == [{"bob": (1, 1), "alice": (2, 2), "carl": (3, 3)}]


def test_with_evidence_models_are_compared_on_the_same_items(store):
    wide = {name: (score(value, half=0.02),) for name, value in (("alice", 0.9), ("bob", 0.88))}
    records = [  # alike from their intervals, but bob errs where alice does, and more often
        with_evidence(store, "alice", None, right(900), scores=wide["alice"]),
        with_evidence(store, "bob", None, right(880), scores=wide["bob"]),
    ]
    board = build(records, store)
    assert ranks(board) == [{"alice": (1, 1), "bob": (2, 2)}]
    assert all(row.paired for row in board.groups[0].rows)
    assert "~" not in board_markdown(board).split("A rank is")[0]
    assert ranks(build(records, EvidenceStore(Path("/nowhere")))) == [{"alice": (1, 2), "bob": (1, 2)}]


def test_models_that_err_on_different_items_share_a_rank(store):
    alice, bob = right(900), Evidence(outcomes=np.arange(1000) >= 110)
    records = [with_evidence(store, "alice", 0.9, alice), with_evidence(store, "bob", 0.89, bob)]
    assert ranks(build(records, store)) == [{"alice": (1, 2), "bob": (1, 2)}]


def test_a_figure_that_is_not_a_proportion_is_compared_by_its_draws(store):
    draws = np.random.default_rng(0).normal(0.9, 0.05, 1000)
    records = [
        with_evidence(store, "alice", 0.90, Evidence(draws=draws)),
        with_evidence(store, "bob", 0.89, Evidence(draws=draws - 0.01)),
    ]
    assert ranks(build(records, store)) == [{"alice": (1, 1), "bob": (2, 2)}]


def test_evidence_of_another_run_is_not_used(store):
    record = with_evidence(store, "alice", 0.9, right(900))
    store.write("usps", "alice", right(10))
    assert not build([record], store).groups[0].rows[0].paired


def test_a_record_without_evidence_is_compared_by_interval_and_marked(store):
    records = [make_record("alice", 0.9), with_evidence(store, "bob", 0.6, right(600))]
    rows = build(records, store).groups[0].rows
    assert [(row.rank.low, row.paired) for row in rows] == [(1, False), (2, True)]


def test_equal_scores_are_ordered_by_knowledge_and_then_by_name(store):
    records = [
        make_record("zoe", 0.9, parameters=10),
        make_record("bob", 0.9, parameters=500),
        make_record("alice", 0.9, parameters=500),
        make_record("dan", 0.9, parameters=None),
    ]
    assert list(ranks(build(records, store))[0]) == ["zoe", "alice", "bob", "dan"]


def test_failures_are_listed_last_and_not_ranked(store):
    records = [make_record("alice"), make_record("bob", 0.9), make_record("zoe", 0.99, status="failed")]
    board = build(records, store)
    assert list(ranks(board)[0].items()) == [("bob", (1, 1)), ("alice", None), ("zoe", None)]
    assert "| alice" in board_markdown(board)
    assert "0.99" not in board_markdown(board)


def test_a_task_of_failures_alone_is_shown(store):
    assert "fit_error" in board_markdown(build([make_record("alice")], store)).replace("\\", "")


def test_nothing_below_the_baseline_is_first(store):
    below = {"status": "below_baseline"}
    assert ranks(build([make_record("alice", 0.9, **below)], store)) == [{"alice": None}]
    board = build([make_record("alice", 0.9, **below), make_record("bob", 0.8, **below)], store)
    assert ranks(board) == [{"alice": (2, 2), "bob": (2, 2)}]
    assert "| alice" in board_markdown(board)


def test_a_baseline_is_shown_with_the_direction_that_is_better(store):
    assert "baseline accuracy ≥ 0.5" in board_markdown(build([make_record("alice", 0.9)], store))
    error = msgspec.structs.replace(score(11.0), higher_is_better=False)
    assert "≤ 0.5" in board_markdown(build([make_record("bob"), make_record("alice", scores=(error,))], store))


def test_records_without_a_metric_declared_later_are_shown(store):
    two = (score(0.9), score(0.8, "macro_f1", primary=False))
    board = build([make_record("alice", scores=two), make_record("bob", 0.7, digest="sha256:before")], store)
    assert "bob" in board_markdown(board)


def test_records_of_different_primary_metrics_are_not_ranked_together(store):
    records = [make_record("alice", 0.9), make_record("bob", scores=(score(0.95, "macro_f1"),), digest="sha256:before")]
    assert sorted(map(len, ranks(build(records, store)))) == [1, 1]


def test_the_group_and_the_row_of_a_record_are_found(store):
    record = make_record("alice", 0.9)
    board = build([record, make_record("bob", 0.5, mode="loaded")], store)
    group = board.group_of(record)
    assert group.row_of("alice").record is record
    assert group.row_of("bob") is None
    assert board.group_of(make_record("alice", 0.9, task="spect")) is None
    assert board.tasks() == ["usps"]


def full_board(tmp_path, reverse=False):
    records = Store(tmp_path / "records", tmp_path / "lock")
    evidence = EvidenceStore(tmp_path / "evidence")
    found = [
        with_evidence(evidence, "alice", 0.9, right(900)),
        with_evidence(evidence, "reference/mlp", 0.95, right(950)),
        make_record("bob"),
        make_record("carl", 0.7, mode="loaded"),
        make_record("dan", 0.6, task="spect"),
    ]
    for record in reversed(found) if reverse else found:
        records.write(record)
    return build(records.all(), evidence)


def test_rebuilding_gives_the_same_bytes_whatever_the_order(tmp_path):
    for name in ("one", "two", "three"):
        write_board(tmp_path / name, full_board(tmp_path, reverse=name == "two"))
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two", "three")
    ]
    assert contents[0] == contents[1] == contents[2]
    assert set(contents[0]) == {
        *("README.md", "ALL_TASKS.md", "scores.svg", "leaderboard.csv", "leaderboard.json"),
        *("usps.csv", "usps.md", "spect.csv", "spect.md"),
    }


def test_the_csv_has_the_values_of_the_records(tmp_path):
    write_board(tmp_path / "board", full_board(tmp_path))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "board" / "leaderboard.csv").read_text())))
    by_name = {row["submission"]: row for row in rows}
    assert set(by_name) == {"alice", "reference/mlp", "bob", "carl", "dan"}
    assert float(by_name["alice"]["value"]) == 0.9
    assert (by_name["alice"]["rank_low"], by_name["alice"]["rank_high"]) == ("2", "2")
    assert float(by_name["alice"]["ratio_to_yardstick"]) == 1.25
    assert (by_name["bob"]["rank_low"], by_name["bob"]["value"], by_name["bob"]["failure"]) == ("", "", "fit_error")
    details = list(csv.DictReader(io.StringIO((tmp_path / "board" / "usps.csv").read_text())))
    assert {row["submission"] for row in details} == {"alice", "reference/mlp", "bob", "carl"}
    assert all(None not in row and None not in row.values() for row in rows + details)


def test_the_json_has_the_interval_of_each_rank(tmp_path):
    write_board(tmp_path, full_board(tmp_path))
    groups = msgspec.json.decode((tmp_path / "leaderboard.json").read_bytes())
    alice = next(row for group in groups for row in group["rows"] if row["submission"] == "alice")
    assert alice["rank"] == {"low": 2, "high": 2, "of": 2}
    assert alice["better_than_next"] is None
    assert alice["better_than_baseline"] > 0.99


def test_the_front_page_has_six_columns_and_the_task_page_all_metrics(store):
    names = [f"metric_{number}" for number in range(7)]
    scores = tuple(score(0.9, name, primary=name == names[0]) for name in names)
    board = build([make_record("alice", scores=scores), make_record("bob", scores=scores)], store)
    header = next(line for line in board_markdown(board).splitlines() if line.startswith("| "))
    assert [cell.strip() for cell in header.split("|")[1:-1]] == [
        *("rank", "submission", "metric_0", "baseline", "size", "speed")
    ]
    assert all(name in task_markdown("usps", board.groups) for name in names)


def test_a_footer_states_which_differences_are_noise(store):
    text = board_markdown(build([make_record("alice", 0.9), make_record("bob", 0.9)], store))
    assert re.search(r"A difference in accuracy below about 0.01\d is noise on 100 items when 2 models are compa", text)
    assert "each model was trained once" in text
    alone = board_markdown(build([make_record("alice", 0.9)], store))
    assert "Accuracy is known to about ± 0.010 from 100 items" in alone


def huge(record, value=1e200):
    """Return `record` with a score and an interval such as the largest predictions give."""
    return changed(record, scores=(changed(record.scores[0], value=value, low=-value, high=value),))


@pytest.mark.parametrize("others", [[], ["bob"], ["bob", "carol"]])
def test_the_largest_figures_do_not_stop_the_board(store, others):
    records = [huge(make_record("alice", 0.9)), *(make_record(name, 0.9) for name in others)]
    text = board_markdown(build(records, store))
    assert all(name in text for name in ("alice", *others))


def test_kept_standings_are_used_until_something_changes(store, tmp_path):
    records = [with_evidence(store, "alice", 0.9, right(900)), with_evidence(store, "bob", 0.88, right(880))]
    kept = KeptStandings(tmp_path / "ranks")
    first = build(records, store, kept)
    (file,) = (tmp_path / "ranks").iterdir()
    made = file.stat().st_mtime_ns
    assert build(records, store, KeptStandings(tmp_path / "ranks")) == first
    assert file.stat().st_mtime_ns == made
    file.write_bytes(b"damaged")
    assert build(records, store, KeptStandings(tmp_path / "ranks")) == first
    later = KeptStandings(tmp_path / "ranks")
    build([records[0], with_evidence(store, "bob", 0.7, right(700))], store, later)
    later.remove_unused()
    assert file not in (tmp_path / "ranks").iterdir()


def test_an_empty_board_says_what_to_do(store, tmp_path):
    write_board(tmp_path / "board", build([], store))
    assert "harness evaluate" in (tmp_path / "board" / "README.md").read_text()


def test_a_record_that_cannot_be_read_is_shown(store):
    board = build([Unreadable(Path("records/usps/alice.json"), "truncated"), make_record("bob", 0.9)], store)
    text = board_markdown(board)
    assert "usps/alice.json" in text
    assert "truncated" in text
    assert ranks(board) == [{"bob": (1, 1)}]


HOSTILE = "<img src=x>|[a](b)`\x1b[2J\n# all passed"


def unescaped(text):
    return [special for special in "<|[`" if special in text.replace(f"\\{special}", "")]


def test_markup_in_a_reason_is_shown_as_text(store, tmp_path):
    records = Store(tmp_path / "records", tmp_path / "lock")
    path = records.path("usps", "alice")
    path.parent.mkdir(parents=True)
    plain = msgspec.to_builtins(make_record("alice", 0.9)) | {"status": HOSTILE}
    path.write_bytes(msgspec.json.encode(plain))
    (found,) = records.all()
    line = next(line for line in board_markdown(build([found], store)).splitlines() if "alice.json" in line)
    assert "img src" in line
    assert unescaped(line.split("`: ")[1]) == []
    assert "\x1b" not in line


@pytest.mark.parametrize("field", ["kind", "phase", "name"])
def test_markup_in_a_record_is_shown_as_text(store, field):
    text = board_markdown(
        build(
            [
                make_record(
                    HOSTILE if field == "name" else "alice",
                    failure=(HOSTILE if field == "kind" else "fit_error", HOSTILE if field == "phase" else "fit"),
                )
            ],
            store,
        )
    )
    assert "<img" not in text.replace("\\<", "")
    assert "\x1b" not in text
    assert "\n# all passed" not in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5 s"), (1.0, "1 s"), (0.0015, "1.5 ms"), (0.001, "1 ms"), (0.00025, "250 µs")]
)
def test_a_duration_is_shown_in_a_convenient_unit(seconds, text):
    assert as_duration(seconds) == text
