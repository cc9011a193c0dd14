"""The binomial distribution without scipy."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=256)  # many pairs of models disagree on the same numbers of items
def binomial_shares(trials: int, share: float) -> NDArray[np.float64]:
    """Return (trials + 1,) P(X = k) for X ~ Binomial(trials, share), from sums of logarithms.

    The result is accurate to eight digits for 100,000 trials. Importing scipy would take as long as timing a model.
    """
    counts = np.arange(trials + 1)
    if share in (0.0, 1.0):
        return np.asarray(counts == trials * share, float)
    log_factorials = np.concatenate([[0.0], np.log(counts[1:]).cumsum()])
    ways = log_factorials[-1] - log_factorials - log_factorials[::-1]
    shares: NDArray[np.float64] = np.exp(ways + counts * math.log(share) + counts[::-1] * math.log1p(-share))
    shares.setflags(write=False)  # because it is cached
    return shares
