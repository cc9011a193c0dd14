"""The audits that an instructor runs. They only inform: no record and no grade depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api._board import build_board, stores_of
from harness.api._course_session import FOR_GRADES, CourseSession
from harness.api._follow import Follower
from harness.api._options import RunOptions
from harness.course import Submission
from harness.data import load_data
from harness.evaluation import Evaluator
from harness.leaderboard import CutOff, ItemAnalysis, analyse_items, cut_offs

if TYPE_CHECKING:  # each audit imports its own modules
    from harness.api._similarity_run import SimilarCode
    from harness.learning import Learning


class CourseAudits:
    """The audits of a course: `OpenCourse.audits`."""

    def __init__(self, session: CourseSession) -> None:
        self._session = session

    def learning(
        self,
        *paths: str,
        task: str | None = None,
        run: RunOptions = RunOptions(),
        follower: Follower | None = None,
    ) -> dict[Submission, Learning]:
        """Test whether scores come from learning from the data given to `fit`, with about seven fits per submission.

        Parameters
        ----------
        *paths : str
            Submissions, such as ``submissions/alice``; without any, the best of each task on the leaderboard, and
            those that look unusual.
        task : str, optional
            Only this task of each submission.
        run : RunOptions
            How they are run; on ``real`` data and with the isolation that grades need unless they say otherwise.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        dict
            The findings, by submission.

        Raises
        ------
        UsageError
            A path names no submission.
        InfrastructureError
            No worker starts here.
        """
        from harness.api._learning_run import audit_candidates, candidates_among, named_candidates

        session, follower = self._session, follower or Follower()
        course = session.folders
        candidates = named_candidates(course, paths, task) if paths else candidates_among(course, task)
        if not candidates:
            return {}
        with closing(session.sandbox(run.requirement(FOR_GRADES), run.start, follower)) as sandbox:
            settings = replace(run.settings("real"), weights="retrain")
            with Evaluator(course, sandbox, session.places, settings, notify=follower.notice) as evaluator:
                found = audit_candidates(course, evaluator, candidates, follower)
                return {one.submission: one.learning for one in found}

    def items(self, task: str) -> list[ItemAnalysis]:
        """Return what the results of a class say about the scored items of `task`; only for instructors.

        Parameters
        ----------
        task : str
            The name of a task.

        Returns
        -------
        list of ItemAnalysis
            One for each group of comparable records, in the order of the leaderboard; nothing is written.

        Raises
        ------
        UsageError
            There is no such task.
        """
        self._session.folders.require_task(task)
        evidence = stores_of(self._session.folders).evidence
        groups = build_board(self._session.folders).groups
        return [analyse_items(group, evidence) for group in groups if group.key.task == task]

    def cut_offs(self, task: str) -> list[tuple[CutOff, ...]]:
        """Return how many submissions reach the baseline and the cut-offs of `task`, by group of the leaderboard.

        Parameters
        ----------
        task : str
            The name of a task.

        Returns
        -------
        list of tuple of CutOff
            One for each group of comparable records; empty if no submission has a score.

        Raises
        ------
        UsageError
            There is no such task.
        """
        declared = self._session.folders.task(task)
        groups = build_board(self._session.folders).groups
        return [cut_offs(group, declared.points) for group in groups if group.key.task == task]

    def alike(self, task: str) -> list[str]:
        """Return which parts of the data of `task` share inputs, or have nearly equal inputs.

        Parameters
        ----------
        task : str
            The name of a task.

        Returns
        -------
        list of str
            A sentence for each pair of parts that are alike; empty if there is none.

        Raises
        ------
        UsageError
            There is no such task.
        InfrastructureError
            Its data are not on this machine.
        """
        from harness.taskcheck import parts_alike

        course, places = self._session.folders, replace(self._session.places, offline=True)
        data = load_data(course.task(task), course.task_digest(task), places, "auto")
        test = {} if data.test is None else {"test": data.test}
        return list(parts_alike({"train": data.train, "validation": data.validation} | test))

    def similarity(
        self,
        task: str,
        *,
        against: Sequence[str | Path] = (),
        boilerplate: Sequence[str | Path] = (),
        least: float = 0.5,
        path: str | Path | None = None,
        follower: Follower | None = None,
    ) -> SimilarCode:
        """Find submissions that share code with each other, the references or earlier years, and write a page.

        Parameters
        ----------
        task : str
            The task whose submissions are compared.
        against : sequence of str or pathlib.Path
            Folders of earlier years' submissions, which are compared with this year's.
        boilerplate : sequence of str or pathlib.Path
            Files that were handed out. Their code does not count as shared.
        least : float
            The smallest share of common code to list, in [0, 1].
        path : str or pathlib.Path, optional
            Where to write the page; otherwise ``.harness/similarity/<task>.html``.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        SimilarCode
            The pairs, those that share most first, and the page. A pair is not a verdict.

        Raises
        ------
        UsageError
            There is no such task or folder, or the extra ``audit`` is not installed.
        """
        from harness.api._similarity_run import ComparedCode, find_similar_code

        asked = ComparedCode(
            task=task,
            against=tuple(map(Path, against)),
            boilerplate=tuple(map(Path, boilerplate)),
            least=least,
        )
        place = None if path is None else Path(path)
        return find_similar_code(self._session.folders, asked, place, follower or Follower())
