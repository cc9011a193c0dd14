"""The options that methods of `OpenCourse` share, in one record for each idea."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.data import DataChoice
from harness.evaluation import Device, Settings
from harness.sandbox import Requirement, Start

KeptResults = Literal["reuse", "force"]
"""Keep the records of unchanged submissions, or evaluate everything again."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How submissions are run: the data, the seed, the device and the isolation.

    Attributes
    ----------
    data : str, optional
        The source of the data: ``auto`` for the first one available, ``real`` for the first one that is not an
        embedded stand-in, or ``canonical``, ``local`` or ``embedded``. By default ``auto`` for checks and evaluations,
        and ``real`` for everything on which grades depend.
    seed : int
        Base of all seeds, in [0, 2**32).
    device : str
        What models may compute on: ``cpu`` or ``cuda``.
    latency_seconds : float
        The longest time to measure latency, in seconds. It stops when the ratio to the yardstick is known to 2 %.
    isolation : str, optional
        The weakest isolation to accept, such as ``landlock``, or ``exactly:LEVEL``. By default the best one available;
        for grades, nothing weaker than ``landlock``.
    start : str
        ``warm`` or ``cold``: whether workers are forked from a process that has imported the libraries.
    """

    data: DataChoice | None = None
    seed: int = 0
    device: Device = "cpu"
    latency_seconds: float = Settings.latency_seconds
    isolation: str | None = None
    start: Start = "warm"

    def settings(self, data: DataChoice) -> Settings:
        """Return the settings of an evaluation, on `data` if no source is chosen."""
        return Settings(
            data=self.data or data, seed=self.seed, device=self.device, latency_seconds=self.latency_seconds
        )

    def requirement(self, weakest: str | None = None) -> Requirement:
        """Return the isolation that is required, at least `weakest` if none is chosen.

        Raises
        ------
        UsageError
            There is no such level.
        """
        wanted = self.isolation or weakest
        return Requirement() if wanted is None else Requirement.parse(wanted)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How `OpenCourse.evaluate` trains models, and how it uses shipped weights and claimed scores.

    Attributes
    ----------
    repeats : int
        The number of trainings, each with another seed; the score is the mean.
    weights : str
        ``load`` to use shipped weights, or ``retrain`` to train in any case.
    claims : str
        ``compare`` to compare the score that a submission claims with the scores of its shipped weights and of a model
        trained here (`Record.claims`), or ``ignore``. It does not affect the result.
    """

    repeats: int = 1
    weights: Literal["load", "retrain"] = "load"
    claims: Literal["compare", "ignore"] = "ignore"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The submissions that `OpenCourse.grade` grades.

    Attributes
    ----------
    folder : str
        ``submissions`` or ``reference``.
    only : tuple of str
        Only these, ``NAME`` or ``NAME/TASK``; ``*`` and ``?`` are patterns. Empty for all.
    task : str, optional
        Only this task.
    """

    folder: str = "submissions"
    only: tuple[str, ...] = ()
    task: str | None = None


@dataclass(frozen=True, kw_only=True)
class RuleFiles:
    """The files with the rules of the gradebook; ``gradebook.toml`` and ``adjustments.csv`` are always used.

    Attributes
    ----------
    roster : str or pathlib.Path, optional
        CSV file that lists the people in the class.
    deadline : str, optional
        One deadline for every task, in ISO 8601; otherwise those of ``gradebook.toml``.
    count_validation : bool
        Whether scores on validation count for grades if a private test part is not on this machine.
    """

    roster: str | Path | None = None
    deadline: str | None = None
    count_validation: bool = False


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """How many jobs of `OpenCourse.grade` run in parallel, and where.

    Attributes
    ----------
    jobs : int, optional
        Maximum number of parallel jobs, which is also limited by the cores.
    scheduler : str, optional
        A Dask cluster that runs the jobs: ``tcp://HOST:PORT``, ``local:N`` or ``slurm``. By default this machine.
    """

    jobs: int | None = None
    scheduler: str | None = None


@dataclass(frozen=True, kw_only=True)
class FillingOptions:
    """How grades are filled in for another system.

    Attributes
    ----------
    scale : bool
        Whether points are scaled to the other system's maximum.
    overwrite : bool
        Whether to replace grades and feedback that somebody entered there.
    skip_missing : bool
        Whether to leave out graded people who are missing there, and name them, instead of raising.
    """

    scale: bool = False
    overwrite: bool = False
    skip_missing: bool = False
