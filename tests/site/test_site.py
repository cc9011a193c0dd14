"""The site: what it shows to whom, that it is the same for the same records, and that it makes only what changed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import product

import msgspec
import numpy as np
import pytest

from harness.api import open_course
from harness.api._board import keep_aliases
from harness.course import Course
from harness.errors import UsageError
from harness.record import Audit, ClaimedScore, Claims, Failure, Git, Machine, Record
from harness.report import Audience, disclosure_for
from harness.site import _board_sections
from tests.conftest import TemporaryCourse
from tests.records import ACCURACY, RECORD, changed, failing
from tests.site.made import TEXTS, digest_of, evidence_of, keep, keep_class, open_site, public_bytes

pytestmark = pytest.mark.unit


@pytest.fixture
def texts(course: TemporaryCourse) -> TemporaryCourse:
    course.add_task("texts", text=TEXTS)
    return course


SHOWN = {
    *("task.name", "scores.0.name", "scores.0.unit", "baseline.metric"),
    *("run.machine.processor", "run.machine.gpu", "run.isolation.level"),
}
"""The texts of a record that anybody may read."""


def full_record() -> Record:
    """A record in which nothing is missing."""
    record = failing(log_tail="x")
    return changed(
        record,
        scores=(msgspec.structs.replace(ACCURACY, unit="x"),),
        status="passed",
        failure=None,
        audits=(Audit(name="x", passed=False, severity="warn", detail="x"),),
        claims=Claims(
            metric="x",
            claimed=(ClaimedScore(source="README", line=1, value=0.9, low=0.9, high=0.9),),
            unread=("x",),
            shipped=msgspec.structs.replace(ACCURACY, name="x", unit="x"),
            problem="x",
        ),
        run={
            "machine": Machine(system="x", processor="x", cores=2, memory_bytes=1, python="x", gpu="x"),
            "packages": {"x": "x"},
            "git": Git(commit="x", dirty=False),
            "evidence_digest": "x",
            "phases": {"x": 1.0, "fit": 2.0},
        },
    )


CHOSEN = {"status", "source", "scored_on", "test_labels", "public_scores", "mode", "severity"}
"""Fields that are one of a few words."""


def plant(value, path=""):
    """Replace every text of a record by one that says where it stands."""
    if isinstance(value, msgspec.Struct):
        fields = {name: plant(getattr(value, name), f"{path}.{name}".strip(".")) for name in value.__struct_fields__
                  if name not in CHOSEN}  # fmt: skip
        return msgspec.structs.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(plant(one, f"{path}.{number}") for number, one in enumerate(value))
    if isinstance(value, dict):
        return {
            plant(key, f"{path}.key") if key == "x" else key: plant(one, f"{path}.value") for key, one in value.items()
        }
    return marker(path) if isinstance(value, str) else value


def marker(path):
    return "planted-" + path.replace(".", "-").lower()


@pytest.mark.parametrize("failed", [False, True])
def test_only_chosen_texts_of_a_record_are_public(course: TemporaryCourse, failed: bool) -> None:
    record = full_record()
    if failed:
        failure = Failure(kind="x", phase="x", message="x", file="x", line=3, log_tail="x")
        record = changed(record, status="failed", scores=(), failure=failure)
    record = plant(record)
    keep_aliases(Course(course.root), {record.submission.name: "otter"})
    keep(course, record)
    folder = open_site(course).site().folder
    found = set(re.findall(r"planted-[a-z0-9_-]+", public_bytes(folder).decode()))
    allowed = {marker(path) for path in SHOWN} | {marker("task.data_digest")[:12]}
    assert found - allowed == set()
    assert (found == allowed) is not failed, "what may be shown is shown, so that this test can fail"
    assert b"otter" in public_bytes(folder)
    open_site(course).site(audience="instructor", folder=course.root / "all")
    more = set(re.findall(r"planted-[a-z0-9_-]+", public_bytes(course.root / "all").decode()))
    assert marker("submission.name") in more
    assert (marker("failure.log_tail") in more) is failed


def test_examples_come_only_from_data_given_to_fit(texts: TemporaryCourse) -> None:
    keep_class(texts)
    public = public_bytes(open_site(texts).site().folder)
    assert b"planted-validation-item" in public
    assert b"planted-scored-item" not in public
    assert b"planted-train-item" not in public
    assert b"/home/ann" not in public
    assert b"alert(3)" not in public
    instructors = public_bytes(open_site(texts).site(audience="instructor").folder)
    assert b"planted-scored-item" in instructors
    assert b"/home/ann" in instructors


def test_all_tasks_are_a_table_under_the_names_that_may_be_shown(texts: TemporaryCourse) -> None:
    texts.add_task("more", text=TEXTS)
    for task in ("texts", "more"):
        keep_class(texts, task, count=2)
    keep_aliases(Course(texts.root), {"student001": "heron"})
    keep_aliases(Course(texts.root), {"student001": "otter"})  # the roster was changed
    page = (open_site(texts).site().folder / "index.html").read_text()
    table = page[page.index("All tasks together") :]
    assert "Over 2 tasks" in table
    assert "otter" in table
    assert "student001" not in page
    assert "Performance profiles" in table


def test_logged_quantities_with_custom_names_are_not_public(texts: TemporaryCourse) -> None:
    evidence = evidence_of(np.random.default_rng(0), 0.8)
    evidence = type(evidence)(predictions=evidence.predictions, curve=({"ann_smith": 1.0, "loss": 2.0},) * 3)
    keep(
        texts, changed(task={"name": "texts", "data_digest": digest_of(texts, "texts"), "scored_on": "test"}), evidence
    )
    public = public_bytes(open_site(texts).site().folder)
    assert b"ann_smith" not in public
    assert b"loss while learning" in public


@pytest.mark.parametrize("audience", list(Audience))
def test_each_audience_sees_what_it_may(audience) -> None:
    for source, labels, restricted in product(("local", "embedded"), ("public", "private"), (False, True)):
        assert_shown(audience, source, labels, restricted)


def assert_shown(audience: Audience, source: str, labels: str, restricted: bool) -> None:
    record = changed(task={"source": source, "test_labels": labels, "scored_on": "test"})
    may = disclosure_for(audience, record, restricted=restricted)
    secret = restricted and source == "local"
    assert may.scored_examples is (audience is Audience.INSTRUCTOR)
    assert may.logs is may.messages is may.history is may.own_words is (audience is not Audience.PUBLIC)
    if audience is not Audience.INSTRUCTOR:
        assert may.aggregates is not (secret or labels == "private")
        assert may.fit_examples is may.learning is not secret


def test_the_same_records_give_the_same_bytes(texts: TemporaryCourse, tmp_path) -> None:
    keep_class(texts)
    one, other = (open_site(texts).site(folder=tmp_path / name).folder for name in ("one", "other"))
    assert public_bytes(one) == public_bytes(other)


def test_only_what_changed_is_written_and_what_is_gone_is_removed(texts: TemporaryCourse) -> None:
    keep_class(texts)
    first = open_site(texts).site()
    assert first.written == first.pages
    mine = first.folder / "mine.html"
    mine.write_text("an instructor's own page")
    again = open_site(texts).site()
    assert (again.pages, again.written, again.removed) == (first.pages, 0, 0)
    open_course(texts.root).records.withdraw("student003")
    (first.folder / "tasks" / "texts" / "student001.html").unlink()
    after = open_site(texts).site()
    assert (after.removed, after.pages) == (1, first.pages - 1)
    assert not (first.folder / "tasks" / "texts" / "student003.html").exists()
    assert (first.folder / "tasks" / "texts" / "student001.html").exists()
    assert b"student003" not in public_bytes(first.folder)
    assert mine.exists()


def test_with_an_alias_there_is_no_page_under_the_name(texts: TemporaryCourse) -> None:
    keep_class(texts)
    folder = open_site(texts).site().folder
    assert b"student003" in public_bytes(folder)
    keep_aliases(Course(texts.root), {"student003": "otter"})
    open_site(texts).site()
    assert b"student003" not in public_bytes(folder)


class Tables(HTMLParser):
    """The rows of all tables of a page, by caption."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._cell: str | None = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = tag

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        if self._cell:
            self.tables[-1][-1][-1] += data


def test_references_stand_apart_and_failures_have_their_reason(texts: TemporaryCourse) -> None:
    keep_class(texts)
    page = (open_site(texts).site().folder / "tasks" / "texts.html").read_text()
    students, references, failed = Tables(page).tables
    assert {row[1] for row in references[1:]} == {"reference/plain", "reference/net"}
    assert {row[1] for row in students[1:]} == {f"student{n:03d}" for n in range(8)}
    assert failed[1][:2] == ["unlucky", "Training raised an exception (fit)."]


@pytest.mark.parametrize(("last", "told"), [(0.8766, ((0.123, 0.877), (0.877, 0.123))), (0.8, ())])
def test_shares_of_ranks_are_rounded_to_a_tenth_of_a_percent(monkeypatch, last, told) -> None:
    shares = [[0.1234, last], [last, 0.1234]]
    monkeypatch.setattr(_board_sections, "distribution_of_ranks", lambda *_: shares)
    assert _board_sections._shares(None, None) == told  # type: ignore[arg-type]


def test_different_sources_and_machines_are_never_mixed(texts: TemporaryCourse) -> None:
    for number, (source, processor) in enumerate([("embedded", "A"), ("embedded", "B"), ("local", "A")]):
        machine = msgspec.structs.replace(RECORD.run.machine, processor=processor)
        keep(texts, changed(task={"name": "texts", "source": source}, submission={"name": f"s{number}"},
                            run={"machine": machine}))  # fmt: skip
    tables = Tables((open_site(texts).site().folder / "tasks" / "texts.html").read_text()).tables
    assert [[row[1] for row in table[1:]] for table in tables] == [["s2"], ["s0"], ["s1"]]


@pytest.mark.parametrize("audience", ["student", "everybody"])
def test_an_audience_without_a_site_is_refused(texts: TemporaryCourse, audience: str) -> None:
    with pytest.raises(UsageError, match=audience):
        open_site(texts).site(audience=audience)


def test_pages_for_instructors_are_not_written_to_a_public_folder(texts: TemporaryCourse) -> None:
    with pytest.raises(UsageError, match="is published"):
        open_site(texts).site(audience="instructor", folder=texts.root / "leaderboard" / "site" / "private")


def test_a_course_without_records_has_a_page(texts: TemporaryCourse) -> None:
    assert "Nothing has been evaluated yet" in open_site(texts).site().index.read_text()


def test_the_command_says_where_the_site_is(texts: TemporaryCourse) -> None:
    keep_class(texts)
    done = texts.harness("site")
    assert done.returncode == 0, done.stderr
    assert "leaderboard/site/index.html: 23 files, 23 written" in done.stdout
