"""Attacks are held, honest programs get their score, and afterwards everything is as it was before."""

from __future__ import annotations

import json
import re

import pytest

from harness.evaluation._weigh import ALLOWANCE_BYTES
from harness.sandbox import Level
from tests.hostile._cases import COLD, NOTEBOOKS, SMOKE, by_name, cases
from tests.hostile._world import Host, build_world
from tests.hostile.conftest import SECONDS

pytestmark = pytest.mark.timeout(1000)  # the first test waits for all submissions to be evaluated

EVERYTHING = cases("attacks", "careless", "unusual")
SLEPT = 0.005
"""Seconds an answer of `patched-clock` and `lazy-results` takes."""


def each(*names, of=EVERYTHING):
    """Parametrise with the cases called so, all if none is named; those of the smoke are marked."""
    wanted = [case for case in of if not names or case.name in names]
    marked = [pytest.param(case, marks=pytest.mark.smoke if case.name in SMOKE else ()) for case in wanted]
    return pytest.mark.parametrize("case", marked, ids=[case.name for case in wanted])


@each()
def test_it_is_held(case, siege, request):
    if case.known_at(siege.level_of(case)):
        request.applymarker(pytest.mark.xfail(strict=True, reason=case.known))
    assert siege.problems[case.name] == []


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow if i % 2 else ()) for i, case in enumerate(COLD)], ids=by_name
)
def test_it_is_held_with_cold_workers(case, cold_siege, request):
    if case.known_at(cold_siege.level_of(case)):
        request.applymarker(pytest.mark.xfail(strict=True, reason=case.known))
    assert cold_siege.problems[case.name] == []


@pytest.mark.thorough
@pytest.mark.parametrize("case", NOTEBOOKS, ids=by_name)
def test_it_is_held_as_a_notebook(case, notebook_siege, request):
    if case.known_at(notebook_siege.level_of(case)):
        request.applymarker(pytest.mark.xfail(strict=True, reason=case.known))
    assert notebook_siege.problems[case.name] == []


@pytest.mark.thorough
def test_notebooks_leave_no_files_and_no_processes(notebook_siege):
    assert notebook_siege.after == notebook_siege.before
    assert notebook_siege.left_behind == []
    assert [run.survivors for run in notebook_siege.runs] == [(), ()]


@pytest.mark.parametrize("case", cases("pairs"), ids=by_name)
def test_no_information_reaches_another_worker(case, came_through, request):
    level, told = came_through
    if case.known_at(level):  # on a busy machine two workers may miss each other
        request.applymarker(pytest.mark.xfail(strict=False, reason=case.known))
    assert told.get(case.name) is None


def test_without_isolation_information_reaches_another_worker():
    """Else the tests above would hold whatever happens."""
    with build_world(Host("tests")) as world:
        told = world.pairs(SECONDS, Level.RLIMITS)
    assert told.keys() >= {"abstract-names", "description-locks", "flock", "inotify", "netlink-letters", "record-locks"}


def test_programs_of_the_host_are_unchanged(siege):
    assert_programs_are_as_they_were(siege)


def test_programs_of_the_host_are_unchanged_by_cold_workers(cold_siege):
    assert_programs_are_as_they_were(cold_siege)


def assert_programs_are_as_they_were(laid):
    before, after = laid.programs_before, laid.programs_after
    assert any(path.endswith("/numpy/__init__.py") for path in before)
    assert [path for path in before if after.get(path) != before[path]] == []
    assert [path for path in after.keys() - before.keys() if "__pycache__" not in path] == []


def test_cold_workers_leave_no_files_and_no_processes(cold_siege):
    assert cold_siege.after == cold_siege.before
    assert cold_siege.left_behind == []
    assert [run.survivors for run in cold_siege.runs] == [(), ()]


@pytest.mark.smoke
def test_there_are_as_many_cases_as_documented():
    assert len(cases("attacks")) >= 40
    assert len(cases("careless")) >= 20
    assert len({case.name for case in EVERYTHING}) == len(EVERYTHING)
    assert {case.name for case in EVERYTHING} >= SMOKE


@pytest.mark.smoke
def test_no_submission_makes_the_harness_hang_or_crash(siege):
    assert re.findall(r"^(?:Traceback|error:).*", siege.output, re.MULTILINE) == []
    assert [run.code for run in siege.runs] == [1, 1]


@pytest.mark.smoke
def test_everybody_gets_a_record(siege):
    assert [case.name for case in siege.submitted if siege.world.record(case) is None] == []


@pytest.mark.smoke
def test_no_file_of_the_host_was_changed(siege):
    assert siege.after == siege.before


@pytest.mark.smoke
def test_no_process_is_left(siege):
    assert [run.survivors for run in siege.runs] == [(), ()]


@pytest.mark.smoke
def test_no_temporary_file_is_left(siege):
    assert siege.left_behind == []


@pytest.mark.smoke
def test_no_secret_is_in_anything_that_the_harness_wrote_or_printed(siege):
    texts = siege.world.published() | {"the output": siege.output}
    found = [
        (str(where), name) for where, text in texts.items() for name, s in siege.world.secrets.items() if s in text
    ]
    assert found == []


@pytest.mark.smoke
def test_no_forged_record_is_on_the_leaderboard(siege):
    printed = siege.world.course.root / ".harness" / "output"  # a student's words, kept as such
    forged = [path for path, text in siege.world.published().items() if '"ESCAPED": true' in text]
    assert [path for path in forged if not path.is_relative_to(printed)] == []


@pytest.mark.smoke
def test_no_line_printed_is_a_command_of_a_ci_runner(siege):
    """A line is one that begins, after blanks, with two colons (actions/runner, ActionCommand.cs)."""
    assert [line for line in re.split(r"[\n\r\u2028]", siege.output) if line.lstrip().startswith("::")] == []


@pytest.mark.smoke
def test_no_line_printed_holds_a_command_of_the_old_form(siege):
    assert "##[" not in siege.output


@pytest.mark.smoke
def test_no_control_character_is_printed(siege):
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", siege.output) == []


@pytest.mark.smoke
def test_the_leaderboard_shows_a_students_text_as_text(siege):
    for name in ("README.md", "leaderboard.csv"):
        board = (siege.world.course.root / "leaderboard" / name).read_text()
        assert "<script" not in board
        assert "](javascript:" not in board
        assert not re.search(r"^#+ victim passed", board, re.MULTILINE)


@each("patched-clock", "lazy-results")
def test_latency_is_at_least_what_the_answer_takes(siege, case):
    record = siege.world.record(case)
    latency = record["cost"]["latency"]
    assert latency["p50_seconds"] >= SLEPT
    assert latency["net_p50_seconds"] > SLEPT / 2
    assert {audit["name"]: audit["passed"] for audit in record["audits"]}["no background work"]


@each("output-flood", "log-flood", "log-flood-by-hand", "forged-blame", "workflow-commands")
def test_a_flood_of_output_is_not_stored(siege, case):
    assert len(json.dumps(siege.world.record(case))) < 200_000
    curve = siege.world.course.root / ".harness" / "evidence" / case.task / case.name / "curve.json"
    assert not curve.exists() or curve.stat().st_size < 2 << 20


@each("forged-blame")
def test_a_forged_failure_names_no_other_file(siege, case):
    assert siege.world.record(case)["failure"]["file"] is None


@each("hard-coded-path", "keeps-state-elsewhere", "old-workflow-commands", "wants-a-gpu", "workflow-commands")
def test_the_failure_names_the_line_of_the_submission(siege, case):
    failure = siege.world.record(case)["failure"]
    assert failure["file"] == f"submissions/{case.name}/{case.task}/model.py"
    blamed = case.model.read_text().splitlines()[failure["line"] - 1]
    assert blamed.strip()


@each("fork-bomb", "thread-bomb", "memory", "memory-in-children", "sleeper", "borrowed-cpu")
def test_the_message_names_the_limit_and_its_value(siege, case):
    message = siege.world.record(case)["failure"]["message"]
    limits = {"processes": "32", "memory_bytes": "419,430,400", "fit_seconds": "3", "fit_cpu_seconds": "1"}
    assert any(limit in message and value in message for limit, value in limits.items())


@each(of=[case for case in EVERYTHING if case.name.startswith("weights-in")])
def test_data_hidden_from_the_parameters_count_as_knowledge_bytes(siege, case):
    cost = siege.world.record(case)["cost"]
    assert cost["knowledge_bytes"] > ALLOWANCE_BYTES
    assert cost["parameters_verified"] is False
