"""Records of pushes: every form that GitHub and GitLab write is read, and other files are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.lms.pushes import Pushes, read_pushes

pytestmark = pytest.mark.unit

MINE, MADE, OTHER = "a" * 40, "b" * 40, "c" * 40
JANUARY_30 = datetime(2026, 1, 30, 22, 15, 33, tzinfo=UTC)
WHEN = "2026-01-30T22:15:33Z"

# as the hosts' documentation shows them, with what is not asked left out
GITHUB_PUSH = {
    "id": "22249084964",
    "type": "PushEvent",
    "actor": {"id": 583231, "login": "ann"},
    "payload": {"push_id": 10115855396, "ref": "refs/heads/main", "head": MINE, "before": OTHER},
    "created_at": WHEN,
}
GITHUB_OPENED = {
    "type": "PullRequestEvent",
    "payload": {"action": "opened", "number": 1, "pull_request": {"id": 1, "head": {"ref": "usps", "sha": MINE}}},
    "created_at": WHEN,
}
GITHUB_ACTIVITY = {
    "id": 1296269,
    "before": OTHER,
    "after": MINE,
    "ref": "refs/heads/usps",
    "timestamp": WHEN,
    "activity_type": "push",
    "actor": {"login": "ann", "id": 1},
}
GITLAB_PUSH = {
    "id": 2,
    "project_id": 2,
    "action_name": "pushed to",
    "target_type": None,
    "created_at": "2026-01-30T23:15:33.000+01:00",
    "push_data": {"commit_count": 1, "action": "pushed", "ref_type": "branch", "commit_from": OTHER, "commit_to": MINE},
    "author": {"id": 1, "username": "ann"},
}
PULL = {
    "number": 1,
    "state": "closed",
    "created_at": "2026-01-01T00:00:00Z",
    "merged_at": "2026-02-03T10:00:00Z",
    "merge_commit_sha": MADE,
    "head": {"ref": "usps", "sha": MINE},
}
MERGE_REQUEST = {
    "iid": 1,
    "state": "merged",
    "created_at": "2026-01-01T00:00:00Z",
    "merged_at": "2026-02-03T10:00:00Z",
    "sha": MINE,
    "merge_commit_sha": None,
    "squash_commit_sha": MADE,
}


def read(folder: Path, content: Any) -> Pushes:
    path = folder / "events.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_pushes(path)


@pytest.mark.parametrize("event", [GITHUB_PUSH, GITHUB_OPENED, GITHUB_ACTIVITY, GITLAB_PUSH])
def test_the_time_of_every_form_of_push_is_read(tmp_path: Path, event: dict[str, Any]) -> None:
    assert read(tmp_path, [event]) == Pushes({MINE: JANUARY_30}, {})


@pytest.mark.parametrize("request_", [PULL, MERGE_REQUEST, {"payload": {"action": "closed", "pull_request": PULL}}])
def test_a_merge_gives_the_merged_commit_and_no_time(tmp_path: Path, request_: dict[str, Any]) -> None:
    assert read(tmp_path, [request_]) == Pushes({}, {MADE: MINE})
    open_ = {"head": {"sha": MINE}, "merge_commit_sha": MADE, "merged_at": None}
    assert read(tmp_path, [GITHUB_PUSH, open_]).merged == {}


def test_the_first_push_of_a_commit_counts_over_several_pages(tmp_path: Path) -> None:
    later = GITHUB_PUSH | {"created_at": "2026-02-03T10:00:00Z"}
    assert read(tmp_path, [[later, GITHUB_PUSH], [later]]).moments == {MINE: JANUARY_30}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[",
        "[" * 100_000,
        [],
        {"type": "PushEvent"},
        [{"type": "PushEvent", "payload": {"head": MINE}, "created_at": None}],
        [{"type": "PushEvent", "payload": {"head": MINE}, "created_at": "soon"}],
        [GITHUB_PUSH | {"payload": [MINE]}],
        [GITHUB_ACTIVITY | {"activity_type": "branch_deletion", "after": "0" * 40}],
        [GITHUB_ACTIVITY | {"activity_type": "pr_merge"}],
        [GITLAB_PUSH | {"push_data": {"action": "removed", "commit_to": None}}],
        [{"type": "WatchEvent", "created_at": WHEN}, 1, None, "x"],
    ],
)
def test_a_file_without_pushes_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(UsageError, match=r"events\.json (contains no push|cannot be read)"):
        read(tmp_path, content)
