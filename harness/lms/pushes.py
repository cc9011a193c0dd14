"""Read a host's list of pushes: the JSON of GitHub's events, activity and pull requests, and of GitLab's.

GitHub: ``/repos/OWNER/NAME/events``, ``…/activity`` and ``…/pulls?state=all``; GitLab: ``/projects/ID/events`` and
``…/merge_requests``. The times of a pull request itself are ignored, because it may be older than its newest commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.gradebook import in_zone
from harness.lms._moments import parse_moment

_PUSHES = ("push", "branch_creation", "force_push")
_WITH_NEW_COMMITS = ("opened", "synchronize")
_NONE = "0" * 40
"""The placeholder for the commit of a branch that was removed."""


@dataclass(frozen=True)
class Pushes:
    """The pushes and merges in a host's list."""

    moments: Mapping[str, datetime]
    """The time at which each commit was first received as the newest of a push."""
    merged: Mapping[str, str]
    """The newest commit of the pull request, by the commit that the host made when it merged the request."""


def read_pushes(path: Path) -> Pushes:
    """Read a JSON file from a host; nested lists are its pages.

    Raises:
        UsageError: the file cannot be read, or is not such a list of pushes.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as JSON ({error})") from error
    moments: dict[str, datetime] = {}
    merged: dict[str, str] = {}
    for event in _objects(content):
        moment = _moment(event)
        for name in _received(event):
            if moment is not None:
                moments[name] = min(moment, moments.get(name, moment))
        merged |= _merged(event)
    if not (moments or merged):
        raise UsageError(
            f"{path} contains no push: expected the JSON of a repository's events, activity or pull requests "
            "(GitHub), or of a project's events or merge requests (GitLab)"
        )
    return Pushes(moments, merged)


def _objects(content: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(content, list):
        for one in content:
            yield from _objects(one)
    elif isinstance(content, dict):
        yield content


def _moment(event: Mapping[str, Any]) -> datetime | None:
    text = event.get("created_at") or event.get("timestamp")
    moment = parse_moment(text) if isinstance(text, str) else None
    return None if moment is None else in_zone(moment, UTC)  # both hosts write times in UTC


def _received(event: Mapping[str, Any]) -> Iterator[str]:
    """Yield the commits that were received, according to an event."""
    payload, push = _mapping(event.get("payload")), _mapping(event.get("push_data"))
    found: object = None
    if event.get("type") == "PushEvent":
        found = payload.get("head")
    elif event.get("type") == "PullRequestEvent" and payload.get("action") in _WITH_NEW_COMMITS:
        found = _head(_mapping(payload.get("pull_request")))
    elif push:
        found = push.get("commit_to")
    elif event.get("activity_type") in _PUSHES:
        found = event.get("after")
    if isinstance(found, str) and found not in ("", _NONE):
        yield found


def _merged(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the newest commit of a merged pull request, by each commit that the merge made."""
    request = _mapping(_mapping(event.get("payload")).get("pull_request")) or event
    if not (request.get("merged_at") or request.get("merged")):
        return {}
    head = _head(request) or request.get("sha")
    made = (request.get("merge_commit_sha"), request.get("squash_commit_sha"))
    return {name: head for name in made if isinstance(name, str) and isinstance(head, str) and name != head}


def _head(request: Mapping[str, Any]) -> object:
    return _mapping(request.get("head")).get("sha")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
