"""Choose the parts that `fit` gets, which never include the scored part."""

from __future__ import annotations

import logging
from typing import NamedTuple

from harness.contract import Split
from harness.errors import TaskError

_log = logging.getLogger(__name__)

_SEED = 0
"""The seed of the split, fixed so that all submissions to a task learn from the same items."""
_LEAST_SHARE, _MOST_SHARE = 0.1, 0.5


class FitParts(NamedTuple):
    """The two parts that `Model.fit` gets."""

    train: Split
    validation: Split


def cut_from_train(train: Split, validation: Split) -> FitParts:
    """Divide `train` into two parts for `fit`, so that `validation` can be scored unseen.

    The shares of the parts are about those of `train` and `validation`. Classes keep their proportions, and all items
    of a group are in one part. If there are too few items or groups for that, items are drawn at random. A single item
    is in both parts.
    """
    share = len(validation) / (len(train) + len(validation))
    share = min(max(share, _LEAST_SHARE), _MOST_SHARE)
    if len(train) < 2:
        return FitParts(train, train)
    try:
        return FitParts(*train.hold_out(share, _SEED))
    except (TaskError, ValueError) as error:  # there is only one group, or a class has only one item
        _log.info("The validation part for fit is drawn at random from train: %s.", error)
    return FitParts(*_at_random(train, share))


def _at_random(train: Split, share: float) -> tuple[Split, Split]:
    import numpy as np

    count = min(max(1, round(share * len(train))), len(train) - 1)
    order = np.random.Generator(np.random.PCG64(_SEED)).permutation(len(train))
    return train.take(np.sort(order[count:])), train.take(np.sort(order[:count]))
