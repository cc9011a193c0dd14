"""The options that methods of `OpenCourse` share: one record an idea."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.data import DataChoice
from harness.evaluation import Device, Settings
from harness.sandbox import Requirement, Start

KeptResults = Literal["reuse", "force"]
"""Keep the record of what has not changed, or evaluate everything again."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How submissions are run: on which data, with which seed, on what, and how well isolated.

    Attributes
    ----------
    data : str, optional
        The source of the data: ``auto`` for the first one available, ``real`` for the first one that is not an
        embedded stand-in, or ``canonical``, ``local`` or ``embedded``. By default ``auto`` to check and to evaluate,
        and ``real`` for everything that grades depend on.
    seed : int
        Base of all seeds, in [0, 2**32).
    device : str
        What models may compute on: ``cpu`` or ``cuda``.
    latency_seconds : float
        The longest that latency is measured, in seconds; it stops when its ratio to the yardstick is known to 2 %.
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
    """How `OpenCourse.evaluate` trains models, and what it does with weights and scores that came with them.

    Attributes
    ----------
    repeats : int
        How many times a model is trained, each time with another seed; the score is the mean.
    weights : str
        ``load`` to use the weights that were shipped, or ``retrain`` to train in any case.
    claims : str
        ``compare`` to compare the score that a submission claims with the scores of its shipped weights and of a model
        trained here (`Record.claims`), or ``ignore``. It does not affect the result.
    """

    repeats: int = 1
    weights: Literal["load", "retrain"] = "load"
    claims: Literal["compare", "ignore"] = "ignore"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which submissions `OpenCourse.grade` grades.

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
    """Where the rules of the gradebook are; ``gradebook.toml`` and ``adjustments.csv`` always count.

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
    """Who runs the jobs of `OpenCourse.grade`.

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
    """How grades are put into another system.

    Attributes
    ----------
    scale : bool
        Whether points are scaled to the other system's maximum.
    overwrite : bool
        Whether grades and feedback that somebody entered there are replaced.
    skip_missing : bool
        Whether graded people who are not there are left out and named, instead of refused.
    """

    scale: bool = False
    overwrite: bool = False
    skip_missing: bool = False
