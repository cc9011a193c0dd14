"""Heart beats of the dynamical model of McSharry, Clifford, Tarassenko & Smith (2003, IEEE Trans. Biomed. Eng. 50:289).

The state runs round the unit circle once a beat; five bells along the way (P, Q, R, S, T) push the voltage up or
down and it falls back to zero: dz/dt = -Σ aᵢ Δθᵢ exp(-Δθᵢ² / 2bᵢ²) - z, with ω = 2π a second at 60 beats a minute.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

_STEPS = 400


class Wave(NamedTuple):
    """One bell: where on the circle it stands (degrees, R at 0), its height and its width (radians)."""

    angle: float
    height: float
    width: float


NORMAL = {
    "P": Wave(-70, 1.2, 0.25),
    "Q": Wave(-15, -5.0, 0.1),
    "R": Wave(0, 30.0, 0.1),
    "S": Wave(15, -7.5, 0.1),
    "T": Wave(100, 0.75, 0.4),
}
"""The paper's Table I."""


def as_recorded(beats: Array, generator: np.random.Generator, *, noise: float, wander: float) -> NDArray[np.float32]:
    """Return `beats` with muscle noise and a wandering baseline, each brought to mean 0 and deviation 1 as UCR does."""
    count, length = beats.shape
    times = np.linspace(0, 1, length)
    phases = generator.uniform(0, 2 * np.pi, (count, 1))
    drift = wander * generator.normal(size=(count, 1)) * np.sin(np.pi * times + phases)
    scale = beats.std(axis=1, keepdims=True)
    rough = beats + scale * (noise * generator.normal(size=beats.shape) + drift)
    centred = rough - rough.mean(axis=1, keepdims=True)
    # rounded, so that the last bits of another machine's exponentials make no other data
    recorded: NDArray[np.float32] = (centred / centred.std(axis=1, keepdims=True)).round(4).astype(np.float32)
    return recorded


def jitter(signal: Array, generator: np.random.Generator) -> Array:
    """Move a signal by up to a fifth of a sample and add a little noise: nobody would read it differently."""
    part = generator.uniform(0, 0.2)
    moved = (1 - part) * signal + part * np.append(signal[1:], signal[-1])
    jittered: Array = (moved + generator.normal(0, 0.01, signal.shape)).astype(np.float32)
    return jittered


def heart_beats(waves: Array, start: float, length: int) -> Array:
    """Return (N, `length`) voltages over one turn of the circle from the angle `start` in degrees.

    `waves` is (N, waves, 3): angle in degrees, height, width in radians of each wave of each beat.
    """
    angles, heights, widths = np.radians(waves[..., 0]), waves[..., 1], waves[..., 2]
    thetas = np.radians(start) + np.linspace(-2 * np.pi, 2 * np.pi, 2 * _STEPS + 1)  # the first turn settles
    voltage = np.zeros(len(waves))
    trace = np.empty((len(thetas), len(waves)))
    for step, theta in enumerate(thetas):
        trace[step] = voltage
        ahead = (theta - angles + np.pi) % (2 * np.pi) - np.pi
        slope = -(heights * ahead * np.exp(-(ahead**2) / (2 * widths**2))).sum(axis=1) - voltage
        voltage = voltage + slope / _STEPS
    turn = trace[_STEPS:]
    places = np.linspace(0, _STEPS, length)
    low = np.minimum(places.astype(int), _STEPS - 1)
    part = (places - low)[:, None]
    beats: Array = ((1 - part) * turn[low] + part * turn[low + 1]).T
    return beats
