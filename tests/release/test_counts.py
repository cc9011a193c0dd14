"""Hand-ins of a day are counted where the student cannot reset the count; elsewhere nothing is scored."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.lms.gradescope_quota import earlier_hand_ins
from harness.record import PublicScore
from harness.release import GitHubRuns, Hand, KeptCount, KeptScores, QuotaReachedError, counts_of, refuse_over_quota

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BOB = Hand(task="blobs", submission="bob", digest="sha256:new")


@dataclass
class Platform:
    """A small stand-in for GitHub's API on this machine: what is asked of it, and what it answers."""

    address: str
    answer: Any = None
    status: int = 200
    length: int | None = None
    """What the answer says that it is long; None where it says nothing."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """The path with its query, and the token."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "workflow_run",
            "GITHUB_API_URL": self.address,
            "GITHUB_REPOSITORY": "school/course",
            "GITHUB_RUN_ID": "70",
            "GITHUB_WORKFLOW_REF": "school/course/.github/workflows/private.yml@refs/heads/main",
            "GH_TOKEN": "secret",
        }


@contextmanager
def serving(answer: Any, status: int = 200) -> Iterator[Platform]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            platform.asked.append((self.path, self.headers["Authorization"]))
            self.send_response(platform.status)
            if platform.length is not None:
                self.send_header("Content-Length", str(platform.length))
            self.end_headers()
            self.wfile.write(platform.answer if isinstance(platform.answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform = Platform(f"http://127.0.0.1:{server.server_port}", answer, status)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def runs(*ids: int, total: int | None = None) -> dict[str, Any]:
    return {
        "total_count": len(ids) if total is None else total,
        "workflow_runs": [{"id": one, "status": "completed", "actor": {"login": "bob"}} for one in ids],
    }


def test_github_is_asked_for_the_runs_of_this_person_and_day(tmp_path: Path) -> None:
    with serving(runs(70, 69, 68)) as platform:
        count = counts_of(platform.environment, KeptScores(tmp_path))
        assert count.handed_in(BOB, NOW) == 2  # the run that asks is not one of those before
    ((path, token),) = platform.asked
    assert urlparse(path).path == "/repos/school/course/actions/workflows/private.yml/runs"
    assert parse_qs(urlparse(path).query) == {"actor": ["bob"], "created": ["2026-11-28"], "per_page": ["100"]}
    assert token == "Bearer secret"


def test_of_runs_at_the_same_time_only_earlier_ones_count(tmp_path: Path) -> None:
    with serving(runs(72, 71, 70, 69)) as platform:
        assert counts_of(platform.environment, KeptScores(tmp_path)).handed_in(BOB, NOW) == 1


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_a_machine_that_is_not_ci_counts_hand_ins_itself(tmp_path: Path, value: str) -> None:
    assert isinstance(counts_of({"CI": value}, KeptScores(tmp_path)), KeptCount)


def test_the_error_for_a_variable_ci_set_by_accident_says_to_unset_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"if this is such a machine, unset CI, and the harness counts there itself"):
        refuse_over_quota(5, BOB, counts_of({"CI": "1"}, KeptScores(tmp_path)), NOW)


def test_an_incomplete_answer_is_not_used_as_a_count(tmp_path: Path) -> None:
    with serving({}) as platform:
        platform.answer = b""
        platform.length = 100
        count = counts_of(platform.environment, KeptScores(tmp_path))
        with pytest.raises(InfrastructureError, match="GitHub does not tell"):
            count.handed_in(BOB, NOW)


def test_more_runs_than_github_lists_are_counted(tmp_path: Path) -> None:
    with serving(runs(69, 68, total=300)) as platform:
        assert counts_of(platform.environment, KeptScores(tmp_path)).handed_in(BOB, NOW) == 300


@pytest.mark.parametrize(("quota", "is_refused"), [(None, False), (3, False), (2, True), (1, True)])
def test_as_many_are_scored_as_the_task_allows(tmp_path: Path, quota: int | None, is_refused: bool) -> None:
    with serving(runs(70, 69, 68)) as platform:
        count = counts_of(platform.environment, KeptScores(tmp_path))
        if is_refused:
            with pytest.raises(QuotaReachedError, match=rf"bob · blobs: 2 hand-ins were .* allows {quota} a day"):
                refuse_over_quota(quota, BOB, count, NOW)
        else:
            refuse_over_quota(quota, BOB, count, NOW)


@pytest.mark.parametrize(
    ("answer", "status"), [(b"no", 200), ({}, 200), ({"message": "Not Found"}, 404), ({"message": "rate limit"}, 403)]
)
def test_missing_information_of_github_is_not_a_count(tmp_path: Path, answer: Any, status: int) -> None:
    with serving(answer, status) as platform:
        count = counts_of(platform.environment, KeptScores(tmp_path))
        with pytest.raises(InfrastructureError, match=r"GitHub does not tell how often bob had private\.yml run today"):
            refuse_over_quota(5, BOB, count, NOW)


def test_a_platform_that_does_not_answer_is_not_a_count(tmp_path: Path) -> None:
    with serving({}) as platform:
        environment = platform.environment
    with pytest.raises(InfrastructureError, match="actions: read"):
        refuse_over_quota(5, BOB, counts_of(environment, KeptScores(tmp_path)), NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"GITHUB_EVENT_NAME": "pull_request"}, "whose workflow the change itself can edit"),
        ({"GH_TOKEN": ""}, "GH_TOKEN not set"),
        ({"GITHUB_API_URL": "", "GITHUB_REPOSITORY": ""}, "GITHUB_API_URL and GITHUB_REPOSITORY not set"),
        ({"GITHUB_ACTIONS": "", "CI": "true"}, "CI=true says that this is CI, .* read no count"),
        ({"GITHUB_ACTIONS": "", "TF_BUILD": "True"}, "TF_BUILD=True says that this is CI, .* read no count"),
    ],
)
@pytest.mark.parametrize("quota", [None, 5])
def test_without_a_trusted_count_nothing_is_scored(
    tmp_path: Path, changes: dict[str, str], why: str, quota: int | None
) -> None:
    environment = Platform("http://127.0.0.1:9").environment | changes
    with pytest.raises(UsageError, match=rf"{why}: score on the validation part \(--score-on validation\)"):
        refuse_over_quota(quota, BOB, counts_of(environment, KeptScores(tmp_path)), NOW)


def test_outside_ci_the_machine_with_the_private_part_counts_hand_ins(tmp_path: Path) -> None:
    scores = KeptScores(tmp_path)
    count = counts_of({}, scores)
    assert count == KeptCount(scores)
    scores.note(Hand(task="blobs", submission="bob", digest="sha256:old"), NOW, None)
    refuse_over_quota(2, BOB, count, NOW)
    with pytest.raises(QuotaReachedError, match=r"1 hand-in was .* hand in again tomorrow \(UTC\)"):
        refuse_over_quota(1, BOB, count, NOW)


def test_a_run_that_is_not_a_pull_request_counts_its_own_workflow() -> None:
    found = GitHubRuns.of(Platform("http://x").environment | {"GITHUB_EVENT_NAME": "push"})
    assert isinstance(found, GitHubRuns)
    assert (found.workflow, found.repository) == ("private.yml", "school/course")


def metadata(tmp_path: Path, *earlier: dict[str, Any], **more: Any) -> Path:
    path = tmp_path / "submission_metadata.json"
    plain = {"id": 5, "created_at": "2026-11-28T09:00:00.000000-08:00", "previous_submissions": list(earlier)} | more
    path.write_text(json.dumps(plain))
    return path


def earlier(time: str, value: float | None = None, *, scored: bool = True) -> dict[str, Any]:
    score = {"name": "accuracy", "value": value, "higher_is_better": True, "unit": ""}
    extra: dict[str, Any] = {"run": "a", "scored": scored} | ({} if value is None else {"released": score})
    return {"submission_time": time, "score": "7.5", "results": {"tests": [], "extra_data": extra}}


def test_hand_ins_of_today_and_released_scores_are_read_from_gradescope(tmp_path: Path) -> None:
    found = earlier_hand_ins(
        metadata(
            tmp_path,
            earlier("2026-11-28T08:00:00-08:00", 0.9),
            earlier("2026-11-28T00:30:00-08:00", 0.8),
            earlier("2026-11-28T08:30:00-08:00", scored=False),
            earlier("2026-11-27T23:30:00-08:00", 0.7),
            {"submission_time": "2026-11-28T08:40:00-08:00", "score": 0.0, "results": None},
        )
    )
    assert found.today == 2
    assert found.released == PublicScore(name="accuracy", value=0.9, higher_is_better=True, unit="")


def test_the_first_hand_in_on_gradescope_has_no_earlier_ones(tmp_path: Path) -> None:
    found = earlier_hand_ins(metadata(tmp_path))
    assert (found.today, found.released, found.score) == (0, None, 0.0)


@pytest.mark.parametrize(
    "content", [None, "{", "{}", '{"created_at": "2026-11-28T09:00:00Z"}', '{"previous_submissions": 3}']
)
def test_without_gradescopes_list_nothing_is_scored(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "submission_metadata.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(HarnessError, match="without this count nothing is scored on the private part"):
        earlier_hand_ins(path)
