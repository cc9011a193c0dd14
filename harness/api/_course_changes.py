"""Changes in git: pull requests and pushes that touch submissions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.api._change_run import ChangeRequest, change_comment, evaluate_change
from harness.api._course_session import FOR_GRADES, CourseSession
from harness.api._follow import Follower
from harness.api._options import RunOptions
from harness.ci import ChangePolicy, Result
from harness.record import ScoredOn


class CourseChanges:
    """The changes of a course in git: `OpenCourse.changes`."""

    def __init__(self, session: CourseSession) -> None:
        self._session = session

    def evaluate(
        self,
        base: str,
        head: str = "HEAD",
        *,
        policy: ChangePolicy | None = None,
        score_on: ScoredOn = "validation",
        run: RunOptions = RunOptions(),
        follower: Follower | None = None,
    ) -> Result:
        """Evaluate the submissions that a change in git touches.

        Tasks and records come from `base`, submissions from `head`, both as committed. The work tree is ignored.

        Parameters
        ----------
        base : str
            The commit that the change is to be merged into.
        head : str
            The commit with the change.
        policy : harness.ci.ChangePolicy, optional
            What the change may touch; by default any submission, and nothing else.
        score_on : str
            The part to score on: ``validation`` or ``test``.
        run : RunOptions
            How they are run; on ``real`` data and with the isolation that grades need unless they say otherwise.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        harness.ci.Result
            The findings about the change, and a record for each submission.

        Raises
        ------
        UsageError
            The course is not in a git repository, or git does not know the commits.
        InfrastructureError
            No worker starts here.
        """
        follower = follower or Follower()
        settings = replace(run.settings("real"), weights="declared", score_on=score_on)
        request = ChangeRequest(base=base, head=head, policy=policy or ChangePolicy(), settings=settings)
        opened = partial(self._session.sandbox, run.requirement(FOR_GRADES), run.start, follower)
        return evaluate_change(self._session.folders, self._session.places, request, opened, follower)

    def comment(self, result: str | Path, base: str, head: str = "HEAD", *, policy: ChangePolicy | None = None) -> str:
        """Return the comment about a change, from a file with a result that somebody else may have written.

        What the change touches is determined again, and a result that does not belong to this change is not shown.

        Parameters
        ----------
        result : str or pathlib.Path
            The file ``result.json`` of `harness ci`.
        base, head, policy
            As in `evaluate`.

        Returns
        -------
        str
            Markdown, short enough for a comment on GitHub and GitLab.

        Raises
        ------
        UsageError
            The course is not in a git repository, or git does not know the commits.
        """
        return change_comment(self._session.folders.root, Path(result), (base, head), policy or ChangePolicy())
