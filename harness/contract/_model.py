"""The base class of the class that a student writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from harness.contract._documented import Documented
from harness.contract._limits import Limits

if TYPE_CHECKING:
    from harness.contract._split import Split


@dataclass(frozen=True, kw_only=True)
class TaskInfo(metaclass=Documented):
    """The facts about its task that a model gets, as `Model.task`.

    Parameters
    ----------
    name : str
        The name of the task, which is the name of its folder.
    kind : str
        The kind of task, one of those that `Task` lists.
    input_shape : tuple of int or None
        The shape of one input, without the number of items; None for texts.
    input_dtype : str
        The type of the inputs' numbers, such as ``float32``; ``str`` for texts.
    classes : tuple of str
        The names of the classes in the order of their labels; empty if there are none.
    horizon : int or None, default None
        The number of steps to forecast; None for every kind except forecasting.
    n_train : int
        The number of items in the train part.
    n_validation : int
        The number of items in the validation part.
    limits : Limits, default Limits()
        The resources that the evaluation may use.
    assets : mapping of str to str, default {}
        The paths of pretrained weights by their file names. Only `Model.fit` gets them, and only those that are on the
        machine.
    """

    name: str
    kind: str
    input_shape: tuple[int, ...] | None
    input_dtype: str
    classes: tuple[str, ...]
    horizon: int | None = None
    n_train: int
    n_validation: int
    limits: Limits = field(default_factory=Limits)
    assets: Mapping[str, str] = field(default_factory=dict)


class Reporter(Protocol):
    """An object that receives the values that a model logs."""

    def report(self, values: dict[str, float]) -> None:
        """Receive `values`."""


class Model:
    """Base class of every submission: write `fit` and `predict`, and store on `self` what was learned.

    The harness creates ``Model()`` in a process without network and with limits on time and memory, and calls `fit` and
    then `save`. In another process, which has no training data, it creates ``Model()`` again, calls `load` with the
    saved files, and then `predict`. So everything that `predict` needs must be on `self` or in the files next to
    ``model.py``. The generators of `random`, NumPy and torch (if it is imported) are seeded with `seed` before
    ``__init__`` runs.

    `save` and `load` are already written: override them only to choose the files yourself.

    Attributes
    ----------
    task : TaskInfo
        Facts about the task, such as the classes, the shape of inputs and the limits. It is set before ``__init__``
        runs, which must be callable without arguments. To run a model outside the harness, set it on the class:
        ``Model.task = …``.
    seed : int
        The seed of this run, from 0 to 2³² - 1; 0 outside the harness.

    Raises
    ------
    SubmissionError
        Never raised in your code. If a method raises an exception or returns something that is not allowed, the
        submission fails, and its record names the reason and the line in your file.

    Examples
    --------
    >>> import numpy as np
    >>> class MyModel(Model):
    ...     def fit(self, train, validation):
    ...         self.label = np.bincount(train.targets).argmax()
    ...
    ...     def predict(self, inputs):
    ...         return np.full(len(inputs), self.label)
    """

    task: TaskInfo
    seed: int = 0
    _reporter: ClassVar[Reporter | None] = None

    def fit(self, train: Split, validation: Split) -> None:
        """Learn from `train`.

        Parameters
        ----------
        train : Split
            The part to learn from: `train.inputs` is a read-only array (N, …) of the task's shape and type, or a list
            of N texts; `train.targets` are the correct answers in the form that ``help(harness.Split)`` describes for
            each kind of task.
        validation : Split
            Further items of the same form, for choosing a model or for early stopping. You may also train on them.
        """
        raise NotImplementedError("write Model.fit(self, train, validation)")

    def predict(self, inputs: Any) -> Any:
        """Return one prediction for each input.

        It is called several times, with items in any order and in any number up to the task's batch, and under
        ``torch.no_grad()`` if torch is loaded. A prediction must not depend on the other items of the call.

        Parameters
        ----------
        inputs : numpy.ndarray or list of str
            A read-only array (N, …) of the task's shape and type, or a list of N texts.

        Returns
        -------
        numpy.ndarray, torch.Tensor or list
            Depending on the kind of task:

            - classification: (N,) whole-number labels, or (N, C) float scores, one column per class: the highest is the
              label. AUC, log loss and calibration need scores.
            - multilabel: (N, C) integers 0 and 1, or float probabilities, one column per class: 0.5 or more means yes.
            - regression: (N,) numbers.
            - segmentation: (N, H, W) integer masks, or float probabilities of the foreground.
            - detection: a list of N float arrays (k, 6): x1, y1, x2, y2 in pixels, score, class.
            - forecasting: (N, horizon) floats.

            Numbers must be finite. Tensors are detached and moved to the CPU.
        """
        raise NotImplementedError("write Model.predict(self, inputs)")

    def save(self, folder: Path) -> None:
        """Write all attributes of `self` into `folder`: arrays with safetensors, the structure around them in a pickle.

        Parameters
        ----------
        folder : pathlib.Path
            An empty folder. Everything that `predict` needs must be written there; its size is measured.
        """
        from harness.artifact import save_state

        save_state(self, folder)

    def load(self, folder: Path) -> None:
        """Restore the attributes of `self` from what `save` wrote.

        Parameters
        ----------
        folder : pathlib.Path
            The folder that `save` wrote into, or ``weights/`` next to ``model.py`` if it was handed in and the task
            allows it.
        """
        from harness.artifact import load_state

        load_state(self, folder)

    def log(self, *positional: object, **values: float) -> None:
        """Report progress: ``self.log(epoch=3, epochs=20, loss=0.21)``.

        Parameters
        ----------
        *positional : object
            Not allowed: every value needs a name.
        **values : float
            Numbers by their names. `epoch` and `epochs`, or `step` and `steps`, move the progress bar; all others are
            drawn in the learning curve of the report. They do not affect the score.

        Raises
        ------
        TypeError
            A value has no name or is not a number.
        """
        if positional:
            raise TypeError("log takes values by their names: write self.log(epoch=3, loss=0.21)")
        numbers = {name: _number(name, value) for name, value in values.items()}
        if self._reporter is not None:
            self._reporter.report(numbers)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"log takes numbers: {name} is {value!r:.60}; print texts instead") from error
