"""A task of whose private part the Ladder releases single scores, from the command line to the final board."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from pathlib import Path

import pytest

from harness.lms.gradescope import Results, results_json
from harness.lms.gradescope_run import run_in_gradescope
from tests.conftest import CENTROIDS, TemporaryCourse

pytestmark = pytest.mark.line

LADDER = 'private_test=True, public_score="ladder", quota=2, points=((0.5, 0), (0.9, 10)),'
GUESSES = CENTROIDS.replace(".argmin(axis=1)", ".argmin(axis=1) * 0")
BREAKS = CENTROIDS.replace("self.centres =", "raise ValueError('mine') #")


@pytest.fixture
def private(course: TemporaryCourse) -> TemporaryCourse:
    """The course with a private part, of which the Ladder decides what is released."""
    course.environment["HARNESS_PRIVATE"] = str(course.root.parent / "private")
    (course.root.parent / "private").mkdir()
    course.add_task(more=LADDER)
    assert course.harness("data", "private", "blobs", "--keep", "inputs-and-targets").returncode == 0
    return course


def evaluate(course: TemporaryCourse, model: str, name: str = "bob") -> tuple[int, str]:
    course.submit(model, name=name)
    done = course.harness("evaluate", f"submissions/{name}")
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def public_files(course: TemporaryCourse) -> str:
    """Return all records, tables and pages below ``leaderboard/``, which is published, without their looks."""
    folder = course.root / "leaderboard"
    kinds = (".md", ".csv", ".json", ".jsonl", ".html")
    text = "\n".join(path.read_text() for path in sorted(folder.rglob("*")) if path.suffix in kinds)
    return re.sub("(?s)<style>.*?</style>", "", text)


def kept(course: TemporaryCourse, name: str) -> dict[str, object]:
    """Return the full record, as it lies beside the private part."""
    path = Path(course.environment["HARNESS_PRIVATE"], ".released", "blobs", f"{name}.json")
    found: dict[str, object] = json.loads(path.read_text())["full"]
    return found


def test_one_score_is_public_before_the_final_board_and_all_after(private: TemporaryCourse) -> None:
    code, said = evaluate(private, CENTROIDS)
    full = kept(private, "bob")
    accuracy, _ = full["scores"]  # type: ignore[misc] # a list of two
    assert code == 0
    assert f"public accuracy {accuracy['value']:.4g}; the rest is withheld until the final board" in said
    assert evaluate(private, GUESSES, "eve")[0] == 0  # below the baseline, which nobody may learn

    private.harness("site")
    shown = private.harness("leaderboard", "--show", "--course").stdout + public_files(private)
    for word in ("below_baseline", "Confusion matrix", " of 2 ", "macro_f1"):
        assert word not in shown, word
    table = list(csv.DictReader((private.root / "leaderboard" / "leaderboard.csv").read_text().splitlines()))
    assert [(row["submission"], row["status"], row["value"], row["rank_low"]) for row in table] == [
        ("bob", "withheld", "", ""),
        ("eve", "withheld", "", ""),
    ]
    assert float(table[0]["public_score"]) == pytest.approx(accuracy["value"])
    graded = private.harness("grade", "submissions", "--data", "embedded")
    assert "not graded" in graded.stdout
    assert "withheld until the final board" in (private.root / ".harness" / "gradebook.csv").read_text()

    final = private.harness("leaderboard", "--final", "--show")
    assert final.returncode == 0, final.stdout + final.stderr
    assert "published in full: bob · blobs" in final.stdout
    assert private.record() == full
    assert private.record("eve")["status"] == "below_baseline"
    assert "of 2" in final.stdout
    assert "10 of 10" in private.harness("grade", "submissions", "--data", "embedded").stdout


def test_a_version_that_is_no_better_changes_nothing_but_a_crash_is_shown(private: TemporaryCourse) -> None:
    evaluate(private, CENTROIDS)
    before = private.record()["public_score"]
    evaluate(private, GUESSES)
    after = private.record()
    assert (after["status"], after["public_score"]) == ("withheld", before)
    private.add_task(more=LADDER.replace("quota=2, ", ""))
    code, said = evaluate(private, BREAKS)
    assert code == 1
    assert "ValueError: mine" in said
    assert private.record()["public_score"] == before
    history = (private.root / "leaderboard" / "records" / "blobs" / "bob.history.jsonl").read_text()
    assert all(json.loads(line)["scores"] == [] for line in history.splitlines())


def test_a_hand_in_over_the_quota_is_refused_and_changes_nothing(private: TemporaryCourse) -> None:
    for number in range(2):
        evaluate(private, f"{CENTROIDS}\n# version {number}\n")
    before = private.record()
    code, said = evaluate(private, f"{CENTROIDS}\n# version 2\n")
    assert code == 3
    assert "2 hand-ins were scored on the private part today, and the task allows 2 a day" in " ".join(said.split())
    assert private.record() == before
    assert evaluate(private, f"{CENTROIDS}\n# version 1\n")[0] == 0  # the same files are handed in once a day


@pytest.mark.thorough
def test_grading_a_class_is_not_a_hand_in_and_has_no_quota(private: TemporaryCourse) -> None:
    private.add_task(more=LADDER.replace("quota=2", "quota=1"))
    evaluate(private, f"{CENTROIDS}\n# version 0\n")
    before = private.record()
    private.submit(f"{CENTROIDS}\n# version 1\n")
    private.environment["CI"] = "true"
    refused = private.harness("grade", "submissions", "--data", "embedded")
    assert "CI=true says that this is CI" in " ".join((refused.stdout + refused.stderr).split())
    assert private.record() == before
    private.environment["CI"] = ""
    graded = private.harness("grade", "submissions", "--data", "embedded")
    assert "hand-ins were" not in graded.stdout + graded.stderr
    assert private.record()["run"]["id"] != before["run"]["id"]
    private.add_task(more=LADDER)
    assert evaluate(private, f"{CENTROIDS}\n# version 2\n")[0] == 0  # the second hand-in of two


def test_the_final_board_names_missing_scores_and_how_to_get_them(private: TemporaryCourse) -> None:
    evaluate(private, CENTROIDS)
    private.environment["HARNESS_PRIVATE"] = str(private.root.parent)
    done = private.harness("leaderboard", "--final")
    assert done.returncode == 3
    assert "harness evaluate --force submissions/bob/blobs" in " ".join(done.stdout.split())
    assert private.record()["status"] == "withheld"
    private.environment["HARNESS_PRIVATE"] = ""
    done = private.harness("leaderboard", "--final")
    assert done.returncode == 2
    assert "HARNESS_PRIVATE is not set" in done.stderr


@pytest.mark.thorough
def test_grading_a_class_withholds_scores_too(private: TemporaryCourse) -> None:
    private.submit(CENTROIDS)
    done = private.harness("grade", "submissions", "--data", "embedded")
    record = private.record()
    assert (record["status"], record["scores"]) == ("withheld", [])
    assert record["public_score"]["name"] == "accuracy"
    assert "not graded" in done.stdout
    again = private.harness("grade", "submissions", "--data", "embedded")
    assert "0 to evaluate" in again.stdout


def on_gradescope(course: TemporaryCourse, root: Path) -> None:
    """Put the autograder of the private task into `root`, as Gradescope does."""
    (course.root.parent / "harness-0-py3-none-any.whl").write_bytes(b"wheel")
    done = course.harness(
        *("export", "gradescope", "--task", "blobs", "--data", "embedded", "--score-on", "test"),
        *("--isolation", "rlimits", "--output", str(root / "bundle.zip")),
        *("--wheel", str(course.root.parent / "harness-0-py3-none-any.whl")),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(root / "bundle.zip") as archive:
        archive.extractall(root / "source")


def hand_in(root: Path, model: str, *earlier: Results) -> Results:
    (root / "submission").mkdir(exist_ok=True)
    (root / "submission" / "model.py").write_text(model)
    before = [
        {"submission_time": f"2026-11-28T0{hour}:00:00Z", "score": one.score, "results": json.loads(results_json(one))}
        for hour, one in enumerate(earlier)
    ]
    metadata = {"created_at": "2026-11-28T12:00:00Z", "previous_submissions": before}
    (root / "submission_metadata.json").write_text(json.dumps(metadata))
    return run_in_gradescope(root)


@pytest.mark.thorough
def test_gradescope_shows_what_is_released_and_the_rest_with_grades(private: TemporaryCourse, tmp_path: Path) -> None:
    root = tmp_path / "autograder"
    root.mkdir()
    on_gradescope(private, root)
    assert not any(".released" in name for name in zipfile.ZipFile(root / "bundle.zip").namelist())
    first = hand_in(root, CENTROIDS)
    (public,) = [one for one in first.leaderboard if one.name == "public accuracy"]
    assert f"Public accuracy {public.value:.4g}; the rest is withheld" in first.output
    assert first.visibility == "after_published"
    (baseline,) = [one for one in first.tests if one.name == "beats baseline"]
    assert baseline.visibility == "after_published"
    second = hand_in(root, GUESSES, first)
    assert [one.value for one in second.leaderboard if one.name == "public accuracy"] == [public.value]
    assert second.score < first.score  # which nobody sees before grades are published
    third = hand_in(root, CENTROIDS, first, second)
    assert "Nothing was scored: 2 hand-ins were scored today, and the task allows 2 a day" in third.output
    assert third.score == second.score
    (root / "submission_metadata.json").write_text("{}")
    assert "without this count nothing is scored on the private part" in run_in_gradescope(root).output
