"""The kinds of task, each with the form of its targets and predictions. No other code tests which kind a task is."""

from collections.abc import Mapping

from harness.kinds._agreement import Agreement, Answers
from harness.kinds._classification import Classification, probabilities
from harness.kinds._detection import MAX_BOXES_PER_IMAGE, Detection
from harness.kinds._drawing import DrawnBox, DrawnLine, ItemDrawing
from harness.kinds._first_words import MOST_CHARACTERS, first_words, without_each_word
from harness.kinds._forecasting import Forecasting
from harness.kinds._kind import MAX_MAGNITUDE, Accepted, Expected, Facts, Header, Kind
from harness.kinds._multilabel import MultiLabel
from harness.kinds._numeric import Numbers
from harness.kinds._prediction_forms import PREDICTION_FORMS, OneArray, PredictionForm
from harness.kinds._regression import Regression
from harness.kinds._segmentation import Segmentation
from harness.kinds._unacceptable import UnacceptableError, describe

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (Classification(), MultiLabel(), Regression(), Segmentation(), Detection(), Forecasting())
}
"""The kinds by the names that tasks declare."""

__all__ = [
    "KINDS",
    "MAX_BOXES_PER_IMAGE",
    "MAX_MAGNITUDE",
    "MOST_CHARACTERS",
    "PREDICTION_FORMS",
    "Accepted",
    "Agreement",
    "Answers",
    "Classification",
    "DrawnBox",
    "DrawnLine",
    "Expected",
    "Facts",
    "Header",
    "ItemDrawing",
    "Kind",
    "Numbers",
    "OneArray",
    "PredictionForm",
    "UnacceptableError",
    "describe",
    "first_words",
    "probabilities",
    "without_each_word",
]
