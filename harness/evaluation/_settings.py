"""The settings that hold for every evaluation of a run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from harness.data import DataChoice
from harness.record import ScoredOn
from harness.timing import LATENCY_SECONDS

Device = Literal["cpu", "cuda"]
WeightsPolicy = Literal["load", "retrain", "declared"]
"""Load shipped weights, train even if weights were shipped, or do what the task declares."""
ClaimsPolicy = Literal["compare", "declared", "ignore"]
"""Compare what submissions claim, do so if the task declares it, or ignore claims."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings for every submission of a run: plain data, which can be sent to other processes and machines.

    Attributes
    ----------
    data : str
        The source of data: ``auto`` for the first one available, ``real`` for the first one that is not an
        embedded stand-in, or one kind: ``canonical``, ``local`` or ``embedded``.
    seed : int
        Base of all seeds, in [0, 2**32).
    repeats : int
        How many times a model is trained, each time with another seed; the score is the mean.
    weights : str
        What to do with weights that were shipped: ``load``, ``retrain``, or ``declared``, as the task says.
    claims : str
        What to do with scores that submissions claim: ``compare``, ``ignore``, or ``declared``, as the task says. It
        is not part of what decides a result.
    device : str
        What models may compute on: ``cpu`` or ``cuda``.
    latency_seconds : float
        The longest that latency is measured; it stops when its ratio to the yardstick is known to 2 %. Warming up
        takes time in proportion.
    score_on : str
        ``test``, or ``validation``, which never uses the test part. Without a test part on this machine, scores are on
        validation in either case.
    """

    data: DataChoice = "auto"
    seed: int = 0
    repeats: int = 1
    weights: WeightsPolicy = "load"
    claims: ClaimsPolicy = "ignore"
    device: Device = "cpu"
    latency_seconds: float = LATENCY_SECONDS
    score_on: ScoredOn = "test"


def seed_for(base: int, task: str, repeat: int) -> int:
    """Return a seed in [0, 2³²) derived from the base seed, the task's name and the repeat.

    It is the same for every submission and independent of earlier draws.
    """
    return int.from_bytes(hashlib.sha256(f"{base}/{task}/{repeat}".encode()).digest()[:4], "little")
