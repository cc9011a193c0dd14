"""Simulated machines that stop for milliseconds, as they do where many processes wait for few cores."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def on_a_machine_that_stops(seconds: Array, generator: np.random.Generator) -> Array:
    """Return what takes `seconds` by a clock that runs on while the machine stops, for 3 ms and half of the time."""
    hit = generator.random(len(seconds)) < 0.5 * np.minimum(1.0, seconds / 0.003 + 0.1)
    return seconds + hit * generator.exponential(0.003, len(seconds))


def on_a_machine_that_hardly_runs(seconds: Array, generator: np.random.Generator) -> Array:
    """Return what takes `seconds` where a machine stops for half of the time, 6 ms each, also before a worker wakes."""
    stops = generator.poisson(seconds / 0.006) + (generator.random(len(seconds)) < 0.5)
    stopped = np.array([generator.exponential(0.006, count).sum() for count in stops])
    return 0.0001 + seconds * generator.lognormal(0, 0.05, len(seconds)) + stopped
