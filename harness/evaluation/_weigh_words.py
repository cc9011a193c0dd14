"""Weigh the words of a few texts by how a model's answer changes without each of them.

The method is erasure, or occlusion: the weight of a word is how much weaker the answer becomes when it is left out
(Li, Monroe and Jurafsky 2016, "Understanding neural networks through representation erasure", arXiv:1612.08220). It
needs nothing from inside the model, so it works in the same way for a network and for word counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.contract import Predictions, Split
from harness.evaluation._predictions import join_predictions
from harness.kinds import Kind, without_each_word
from harness.record import ExampleAnswers, WordWeights

_MOST_SECONDS = 2.0
"""The seconds, by the clock that is given, for predicting the versions of all texts together."""
_LEAST_VERSIONS = 3
"""The smallest number of versions of a text; one word has two, because without it the text is empty."""

Ask = Callable[[Sequence[str]], Predictions]


def weigh_words(
    kind: Kind,
    validation: Split,
    examples: ExampleAnswers,
    *,
    batch: int,
    ask: Ask,
    clock: Callable[[], float],
) -> tuple[WordWeights, ...]:
    """Return the weights of the words in the hardest of the texts for which `examples` has answers.

    A text is left out if predicting its versions would probably take longer than the time that is left. `clock` returns
    the worker's CPU time, so that the result does not depend on other work of the machine.
    """
    targets = validation.take(examples.items).targets
    texts = [
        (int(examples.items[place]), validation.inputs[int(examples.items[place])])
        for place in kind.hardest(targets, Predictions(examples.values, examples.scores))
    ]
    if not texts:
        return ()
    begin = clock()
    ask([texts[0][1]])
    seconds_per_text = clock() - begin
    found: list[WordWeights] = []
    for item, text in texts:
        versions = [text, *without_each_word(text)]
        so_far = clock() - begin
        if len(versions) < _LEAST_VERSIONS or so_far + len(versions) * seconds_per_text > _MOST_SECONDS:
            continue
        answers = join_predictions([ask(versions[at : at + batch]) for at in range(0, len(versions), batch)])
        seconds_per_text = min(seconds_per_text, (clock() - begin - so_far) / len(versions))
        strength = kind.agreement_with_first(answers)
        if strength is not None:
            found.append(WordWeights(item, np.asarray(strength[0] - strength[1:], np.float64)))
    return tuple(found)
