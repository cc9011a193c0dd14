"""What is secret stays secret: private test parts and restricted data are in nothing that is published or printed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import CENTROIDS, TemporaryCourse

WORD = "LEAKED"
"""What every spy puts beside the data it tells."""
SPY = """
import harness
import numpy as np


def tell(data):
    text = f"LEAKED {np.asarray(data).ravel()[:20].tolist()}"
    print(text)
    raise type("LEAKED", (ValueError,), {})(text)


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])
        self.seen = train.inputs[:5]

    def honest(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)

    def predict(self, inputs):
        return self.honest(inputs)
"""
SPIES = {
    "fit": "    def fit(self, train, validation):\n        tell(train.inputs)\n",
    "log": (
        "    def fit(self, train, validation):\n"
        "        for value in train.inputs.ravel()[:20]: self.log(**{f'LEAKED {value}': 1.0, 'epoch': 1})\n"
        "        tell(train.targets)\n"
    ),
    "save": "    def save(self, folder):\n        tell(self.seen)\n",
    "load": "    def load(self, folder):\n        super().load(folder)\n        tell(self.seen)\n",
    "predict": "    def predict(self, inputs):\n        tell(inputs)\n",
    "returned": "    def predict(self, inputs):\n        return [f'LEAKED {value}' for value in inputs[:, 0]]\n",
    "timed": (
        "    def predict(self, inputs):\n"
        "        if len(inputs) == 1: tell(inputs)\n"
        "        return self.honest(inputs)\n"
    ),
    "operators": (
        "    def predict(self, inputs):\n"
        "        from harness.wire import Operators\n"
        "        from harness.worker import _loop\n"
        "        told = f'LEAKED {inputs[0].tolist()}'\n"
        "        _loop.inspect = lambda call: Operators((told,), 7, (told,))\n"
        "        return self.honest(inputs)\n"
    ),
}
SEES_TEST_INPUTS = {"predict", "returned", "timed", "operators"}


def graded(base: Path, more: str, spies: set[str]) -> tuple[TemporaryCourse, str]:
    """Evaluate the spies on a task declared with `more`; return the course and all that was printed."""
    course = TemporaryCourse(
        base / "course",
        {
            "HARNESS_OFFLINE": "1",
            "XDG_CACHE_HOME": str(base / "cache"),
            "HARNESS_DATA": "",
            "HARNESS_PRIVATE": str(base / "private"),
        },
    )
    course.root.mkdir()
    (base / "private").mkdir()
    task = course.add_task(more=more)
    if "restricted" in more:  # real data: what is generated in its place may be told
        text = task.read_text().replace("harness.Embedded(", 'harness.Local(files=("points.txt",),')
        task.write_text(text.replace("load=clouds", "load=lambda folder: clouds()"))
        placed = base / "data" / "blobs" / "points.txt"
        placed.parent.mkdir(parents=True)
        placed.write_text("real")
        course.environment["HARNESS_DATA"] = str(base / "data")
    for name in spies:
        course.submit(SPY + SPIES[name], name=name)
    course.submit(CENTROIDS, name="honest")
    if "private_test" in more:
        kept = course.harness("data", "private", "blobs", "--keep", "inputs-and-targets")
        assert kept.returncode == 0, kept.stderr
    names = sorted([*spies, "honest"])
    done = course.harness("evaluate", *(f"submissions/{name}" for name in names), "--json", "-", timeout=250)
    assert done.returncode in (0, 1), done.stderr
    assert len(json.loads(done.stdout)) == len(names)
    return course, done.stdout + done.stderr


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> tuple[TemporaryCourse, str]:
    return graded(tmp_path_factory.mktemp("private"), "private_test=True,", SEES_TEST_INPUTS)


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> tuple[TemporaryCourse, str]:
    return graded(tmp_path_factory.mktemp("restricted"), "restricted=True,", set(SPIES))


def lines_of(text: str, name: str) -> str:
    """Return what was printed about one submission."""
    return text.partition(f"\n{name} · blobs")[2].partition(" · blobs")[0]


@pytest.mark.line
@pytest.mark.parametrize("spy", [*sorted(SEES_TEST_INPUTS - {"operators"}), "operators"])
def test_nothing_of_a_private_test_part_is_published_or_printed(private, spy):
    course, printed = private
    assert WORD not in json.dumps(course.record(spy))
    assert WORD not in lines_of(printed, spy)


@pytest.mark.line
@pytest.mark.parametrize("spy", [*sorted(set(SPIES) - {"operators"}), "operators"])
def test_nothing_of_restricted_data_is_published(restricted, spy):
    course, _ = restricted
    assert course.record(spy)["task"]["source"] == "local"
    assert WORD not in json.dumps(course.record(spy))


@pytest.mark.line
@pytest.mark.parametrize("spy", ["fit", "save", "predict"])
def test_at_the_keyboard_the_whole_message_is_shown(restricted, spy):
    course, printed = restricted
    assert WORD in lines_of(printed, spy)
    checked = course.harness("check", f"submissions/{spy}").stdout
    assert WORD in checked


def test_what_was_generated_in_place_of_restricted_data_may_be_told(course):
    course.add_task(more="restricted=True,")
    course.submit(SPY + SPIES["fit"])
    course.harness("evaluate", "submissions/bob")
    assert WORD in course.record()["failure"]["message"]


@pytest.mark.line
def test_what_a_model_prints_of_a_private_test_part_is_not_shown(private):
    course, _ = private
    seen = "if len(inputs) > 45: print('LEAKED', inputs)  # more than there are to validate"
    course.submit(SPY.replace("return self.honest", f"{seen}\n        return self.honest"), name="prints")
    done = course.harness("evaluate", "submissions/prints")
    assert course.record("prints")["failure"] is None
    assert WORD not in done.stdout + done.stderr
    assert not (course.root / ".harness" / "output" / "blobs" / "prints.txt").exists()


@pytest.mark.line
def test_the_leaderboard_shows_no_secret(private, restricted):
    for course, _ in (private, restricted):
        board = course.root / "leaderboard"
        pages = [path.read_text() for path in board.rglob("*") if path.suffix in (".md", ".csv", ".html")]
        assert pages
        assert not any(WORD in page for page in pages)


@pytest.mark.line
def test_a_failure_on_restricted_data_says_kind_and_line_and_no_more(restricted):
    course, _ = restricted
    failure = course.record("fit")["failure"]
    assert (failure["kind"], failure["phase"]) == ("fit_error", "fit")
    assert failure["file"] == "submissions/fit/blobs/model.py"
    assert failure["line"] is not None
    assert "not published" in failure["message"]
    assert failure["log_tail"] == ""


@pytest.mark.line
def test_what_failed_before_private_inputs_were_seen_is_explained(private):
    course, _ = private
    course.submit("import harness\nraise RuntimeError('my own mistake')\n", name="early")
    course.harness("evaluate", "submissions/early")
    assert "my own mistake" in course.record("early")["failure"]["message"]


@pytest.mark.line
def test_who_is_honest_is_scored_on_secrets_like_on_anything_else(private, restricted):
    course, _ = private
    record = course.record("honest")
    assert record["status"] == "passed"
    assert (record["task"]["scored_on"], record["task"]["test_labels"]) == ("test", "private")
    course, _ = restricted
    record = course.record("honest")
    assert record["status"] == "passed"
    assert (record["task"]["scored_on"], record["task"]["test_labels"]) == ("test", "public")


@pytest.mark.line
def test_the_private_part_is_the_owners_alone_and_its_contents_are_not_in_the_course(private):
    course, _ = private
    kept = course.root.parent / "private" / "blobs" / "test.npz"
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0
    content = kept.read_bytes()
    with np.load(kept) as arrays:
        held = [arrays[name].tobytes() for name in arrays.files]
    evidence = course.root / ".harness"
    files = [path for path in course.root.rglob("*") if path.is_file() and not path.is_relative_to(evidence)]
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


def test_of_a_task_that_is_trained_the_shipped_weights_and_more_than_a_little_data_are_no_use(course):
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
