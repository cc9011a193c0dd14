"""Weigh the words of a few texts by what a model says without each of them.

The method is erasure, or occlusion: the weight of a word is how much weaker the answer becomes when it is left out
(Li, Monroe and Jurafsky 2016, "Understanding neural networks through representation erasure", arXiv:1612.08220). It
asks for nothing from inside the model, so it is the same for a network and for word counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from harness.contract import Predictions, Split
from harness.evaluation._predictions import join_predictions
from harness.kinds import Kind, without_each_word
from harness.record import ExampleAnswers, WordWeights

_MOST_SECONDS = 2.0
"""How long a model is asked for about all texts together."""
_LEAST_VERSIONS = 3
"""A text of one word has nothing left without it."""

Ask = Callable[[Sequence[str]], Predictions]


def weigh_words(
    kind: Kind, validation: Split, examples: ExampleAnswers, *, batch: int, ask: Ask, seconds_per_text: float
) -> tuple[WordWeights, ...]:
    """Return the weights of the words in the hardest of the texts that `examples` has answers to.

    `seconds_per_text` says how long one answer took: there are only so many texts that the time suffices.
    """
    targets = validation.take(examples.items).targets
    found: list[WordWeights] = []
    end = time.monotonic() + _MOST_SECONDS
    for place in kind.hardest(targets, Predictions(examples.values, examples.scores)):
        item = int(examples.items[place])
        text: Any = validation.inputs[item]
        versions = [text, *without_each_word(text)]
        if len(versions) < _LEAST_VERSIONS or time.monotonic() + len(versions) * seconds_per_text > end:
            continue
        answers = join_predictions([ask(versions[at : at + batch]) for at in range(0, len(versions), batch)])
        strength = kind.agreement_with_first(answers)
        if strength is not None:
            found.append(WordWeights(item, np.asarray(strength[0] - strength[1:], np.float64)))
    return tuple(found)
