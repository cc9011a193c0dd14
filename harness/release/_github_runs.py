"""Ask GitHub how often a workflow ran for a person today; only people with write access can change that count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from harness.errors import InfrastructureError
from harness.release._quota import Hand

_SECONDS = 30
_NEEDED = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_WORKFLOW_REF")
_EDITABLE = ("pull_request",)
"""Events for which GitHub takes the workflow from the change itself."""


class _WorkflowRun(msgspec.Struct):
    id: int


class _WorkflowRuns(msgspec.Struct):
    total_count: int
    workflow_runs: list[_WorkflowRun]


@dataclass(frozen=True, kw_only=True)
class GitHubRuns:
    """The runs of one workflow: `GET /repos/{owner}/{repo}/actions/workflows/{file}/runs`.

    The name of a submission is the login of its author, as with `harness ci --author`.
    """

    api: str
    repository: str
    workflow: str
    """The name of the workflow's file."""
    run: int
    """The id of the current run. Only earlier ones are counted, so that of two at the same time one is the first."""
    token: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> GitHubRuns | str:
        """Return the current workflow, or the reason why the number of its runs cannot be trusted."""
        event = environment.get("GITHUB_EVENT_NAME", "")
        if event in _EDITABLE:
            return f"this run was started by `{event}`, whose workflow the change itself can edit"
        token = environment.get("GH_TOKEN") or environment.get("GITHUB_TOKEN") or ""
        missing = [name for name in _NEEDED if not environment.get(name)] + ([] if token else ["GH_TOKEN"])
        if missing:
            return f"GitHub cannot be asked for the count: {' and '.join(missing)} not set"
        workflow = environment["GITHUB_WORKFLOW_REF"].partition("@")[0].rpartition("/")[2]
        return cls(
            api=environment["GITHUB_API_URL"].rstrip("/"),
            repository=environment["GITHUB_REPOSITORY"],
            workflow=workflow,
            run=int(environment["GITHUB_RUN_ID"]),
            token=token,
        )

    def handed_in(self, hand: Hand, now: datetime) -> int:
        """Return the number of earlier runs of the workflow that the author of `hand` caused on the day of `now`.

        Raises:
            InfrastructureError: GitHub does not answer.
        """
        import http.client  # every command would wait for these
        import urllib.parse
        import urllib.request

        asked = {"actor": hand.submission, "created": f"{now.astimezone(UTC):%Y-%m-%d}", "per_page": "100"}
        place = f"repos/{self.repository}/actions/workflows/{urllib.parse.quote(self.workflow)}/runs"
        request = urllib.request.Request(  # noqa: S310 - the address comes from the platform
            f"{self.api}/{place}?{urllib.parse.urlencode(asked)}",
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310 - likewise
                found = msgspec.json.decode(reply.read(), type=_WorkflowRuns)
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise InfrastructureError(
                f"GitHub does not tell how often {hand.submission} had {self.workflow} run today ({error}): the job "
                "needs `actions: read` and GH_TOKEN; nothing is scored on the private part until it does"
            ) from error
        return found.total_count - sum(one.id >= self.run for one in found.workflow_runs)  # the newest come first
