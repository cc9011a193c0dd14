"""The weight of a word is what leaving it out changes: on models whose answers are known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import harness
from harness.contract import Predictions
from harness.evaluation._weigh_words import weigh_words
from harness.kinds import KINDS
from harness.record import ExampleAnswers

pytestmark = pytest.mark.unit

TEXTS = ["good plot", "bad bad good plot", "plot", "bad plot, bad end"]
PART = harness.Split(TEXTS, np.array([0, 0, 0, 0]))
"""All of class 0, which "good" speaks for and "bad" against."""
ITEMS = np.arange(len(TEXTS))


def probability(text: str) -> float:
    words = text.split()
    return 1 / (1 + math.exp(-2.0 * (words.count("good") - words.count("bad"))))


def with_scores(texts) -> Predictions:
    rows = np.array([[probability(text), 1 - probability(text)] for text in texts])
    return Predictions(rows.argmax(axis=1), rows)


def weights(ask, **more) -> dict[str, list[float]]:
    answers = ask(TEXTS)
    examples = ExampleAnswers(items=ITEMS, values=answers.values, scores=answers.scores)
    given = {"batch": 2, "ask": ask, "clock": lambda: 0.0} | more
    return {
        TEXTS[one.item]: one.weights.tolist() for one in weigh_words(KINDS["classification"], PART, examples, **given)
    }


def test_a_word_weighs_what_the_probability_of_the_answer_loses_without_it():
    found = weights(with_scores)
    low, without_bad, without_good = (1 - probability(text) for text in ("bad bad good", "bad good", "bad bad"))
    expected = [low - without_bad, low - without_bad, low - without_good, 0.0]
    np.testing.assert_allclose(found["bad bad good plot"], expected, atol=1e-12)
    assert expected[0] > 0 > expected[2], "the answer is class 1, which bad speaks for and good against"


def test_without_probabilities_a_word_weighs_that_changes_the_answer():
    found = weights(lambda texts: Predictions(np.array([int(text.count("bad") > 1) for text in texts])))
    assert found == {"bad bad good plot": [1, 1, 0, 0], "bad plot, bad end": [1, 0, 1, 0]}


def test_a_text_of_one_word_is_never_asked_without_it():
    asked: list[str] = []

    def ask(texts):
        asked.extend(texts)
        return with_scores(texts)

    weights(ask)
    assert "" not in asked


def test_a_slow_model_is_asked_about_one_text_alone():
    asked: list[str] = []

    def ask(texts):
        asked.extend(texts)
        return with_scores(texts)

    before = len(TEXTS)
    assert weights(ask, clock=lambda: 3.0 * (len(asked) - before)) == {}
    assert len(asked) == before + 1
