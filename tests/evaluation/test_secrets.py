"""What is secret stays secret: private test parts and restricted data are in nothing that is published or printed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from harness.record import EvidenceStore
from tests.classroom.evaluated import Classroom
from tests.classroom.spies import SEES_TEST_INPUTS, SPIES, SPY, WORD
from tests.conftest import TemporaryCourse


def published(classroom: Classroom, task: str, spies: Iterable[str]) -> list[str]:
    """Name the spies whose word is in their record."""
    return [spy for spy in spies if WORD in json.dumps(classroom.record(f"spy-{spy}", task))]


def test_nothing_of_a_private_test_part_is_published_or_printed(classroom: Classroom) -> None:
    assert published(classroom, "private", SEES_TEST_INPUTS) == []
    assert [spy for spy in SEES_TEST_INPUTS if WORD in classroom.printed_about(f"spy-{spy}", "private")] == []


def test_nothing_of_restricted_data_is_published(classroom: Classroom) -> None:
    assert {classroom.record(f"spy-{spy}", "restricted")["task"]["source"] for spy in SPIES} == {"local"}
    assert published(classroom, "restricted", SPIES) == []


def test_check_shows_the_whole_message(classroom: Classroom) -> None:
    told = ("fit", "save", "predict")
    assert [spy for spy in told if WORD not in classroom.printed_about(f"spy-{spy}", "restricted")] == []
    checked = [classroom.course.harness("check", f"submissions/spy-{spy}/restricted").stdout for spy in told]
    assert [spy for spy, said in zip(told, checked, strict=True) if WORD not in said] == []


def test_messages_about_generated_data_may_be_shown(course: TemporaryCourse) -> None:
    course.add_task(more="restricted=True,")
    assert WORD in course.evaluate(SPY + SPIES["fit"])["failure"]["message"]


def test_what_a_model_prints_of_a_private_test_part_is_not_shown(classroom: Classroom, tmp_path: Path) -> None:
    course = classroom.copy(tmp_path)
    seen = "if len(inputs) > 45: print('LEAKED', inputs)  # more than there are to validate"
    course.submit(
        SPY.replace("return self.honest", f"{seen}\n        return self.honest"), name="prints", task="private"
    )
    done = course.harness("evaluate", "submissions/prints")
    assert course.record("prints", "private")["failure"] is None
    assert WORD not in done.stdout + done.stderr
    assert not (course.root / ".harness" / "output" / "private" / "prints.txt").exists()


REMEMBERS = SPY.replace(
    "        self.seen = train.inputs[:5]\n",
    "        self.given = {row.tobytes() for row in (*train.inputs, *validation.inputs)}\n        self.log(loss=1.0)\n",
).replace(
    "        return self.honest(inputs)\n",
    "        Model.strange = getattr(Model, 'strange', 0) + sum(row.tobytes() not in self.given for row in inputs)\n"
    "        if Model.strange: self.log(loss=float(inputs[0, 0]))\n"
    "        return (self.honest(inputs) + (Model.strange > 0)) % 3\n",
)


def test_what_a_report_shows_comes_from_workers_without_scored_inputs(classroom: Classroom, tmp_path: Path) -> None:
    """Their answers to examples, and what they log, could hold what they were asked before."""
    course = classroom.copy(tmp_path)
    course.submit(REMEMBERS, name="remembers", task="private")
    course.harness("evaluate", "submissions/remembers")
    store = EvidenceStore(course.root / ".harness" / "evidence")
    told, honest = (store.read("private", name) for name in ("remembers", "honest"))
    assert told is not None
    assert honest is not None
    assert told.examples is not None
    assert honest.examples is not None
    assert (told.examples.values == honest.examples.values).all()
    assert (told.predictions != honest.predictions).any()
    assert told.curve == ({"loss": 1.0},)


def test_the_leaderboard_shows_no_secret(classroom: Classroom) -> None:
    board = classroom.root / "leaderboard"
    pages = [path.read_text() for path in board.rglob("*") if path.suffix in (".md", ".csv", ".html")]
    assert pages
    assert not any(WORD in page for page in pages)


def test_a_failure_on_restricted_data_shows_only_its_kind_and_line(classroom: Classroom) -> None:
    failure = classroom.record("spy-fit", "restricted")["failure"]
    assert (failure["kind"], failure["phase"]) == ("fit_error", "fit")
    assert failure["file"] == "submissions/spy-fit/restricted/model.py"
    assert failure["line"] is not None
    assert "not published" in failure["message"]
    assert failure["log_tail"] == ""


def test_what_failed_before_private_inputs_were_seen_is_explained(classroom: Classroom) -> None:
    assert "my own mistake" in classroom.record("early", "private")["failure"]["message"]


def test_an_honest_model_is_scored_on_private_data_as_on_any_other(classroom: Classroom) -> None:
    for task, labels in (("private", "private"), ("restricted", "public")):
        record = classroom.record("honest", task)
        assert record["status"] == "passed"
        assert (record["task"]["scored_on"], record["task"]["test_labels"]) == ("test", labels)


def test_the_private_part_is_the_owners_and_not_in_the_course(classroom: Classroom) -> None:
    kept = classroom.root.parent / "private" / "private" / "test.npz"
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0
    content = kept.read_bytes()
    with np.load(kept) as arrays:
        held = [arrays[name].tobytes() for name in arrays.files]
    evidence = classroom.root / ".harness"
    files = [path for path in classroom.root.rglob("*") if path.is_file() and not path.is_relative_to(evidence)]
    texts = [path.read_bytes() for path in files]
    assert not any(content in text or any(array in text for array in held) for text in texts)


SHIPPED = """
import harness
from pathlib import Path


class Model(harness.Model):
    def fit(self, train, validation):
        raise RuntimeError(f"trained, beside {sorted(path.name for path in Path(__file__).parent.iterdir())}")

    def load(self, folder):
        raise RuntimeError("loaded")

    def predict(self, inputs):
        pass
"""


def test_tasks_that_train_refuse_shipped_weights_and_much_data(course):
    folder = course.submit(SHIPPED)
    (folder / "weights").mkdir()
    (folder / "weights" / "table.bin").write_bytes(bytes(200_000))
    (folder / "notes.csv").write_bytes(bytes(60_000))
    course.harness("evaluate", "submissions/bob")
    assert course.record()["failure"]["message"] == "RuntimeError: loaded"
    course.harness("evaluate", "submissions/bob", "--retrain")
    assert course.record()["submission"]["mode"] == "trained"
    assert course.record()["failure"]["message"] == "RuntimeError: trained, beside ['model.py', 'notes.csv']"
    (folder / "notes.csv").write_bytes(bytes(66_000))
    course.harness("evaluate", "submissions/bob", "--retrain")
    failure = course.record()["failure"]
    assert (failure["kind"], failure["phase"]) == ("resource_limit", "import")
    assert "limit shipped_bytes 65536" in failure["message"]
