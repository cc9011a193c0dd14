"""The contract suite: check in seconds, on a small sample, what every model must do.

It corresponds to ``check_estimator`` of scikit-learn.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import numpy as np

from harness.contract import Limits, Predictions, Split
from harness.errors import SubmissionError
from harness.evaluation._answers import allowed_to_differ, differing, remind_of_eval
from harness.evaluation._open import fit_session, open_session, with_model
from harness.evaluation._plan import Plan
from harness.evaluation._predictions import join_predictions
from harness.evaluation._score import require_scores
from harness.evaluation._session import Session
from harness.evaluation._snapshot import check_snapshot
from harness.evaluation._unexpected import reported
from harness.evaluation._weigh import Weight, describe_attributes, why_not_verified
from harness.evaluation._weighing import weigh_model
from harness.sandbox import Folder, Sandbox
from harness.text import count_of, neutral

_log = logging.getLogger(__name__)
_TRAIN_ITEMS, _VALIDATION_ITEMS, _ASKED = 256, 64, 32
_LEAST_ITEMS, _SAMPLE_VALUES = 32, 8 << 20
"""If inputs are large, the sample has fewer items, so that a check takes seconds on every task."""
_ALONE_SECONDS, _LEAST_ALONE = 4.0, 4
"""How many seconds a model predicts items one at a time, and the smallest number of such items."""

_SURVIVES = "survives save and load"
_NO_CHANCE = "predict must not draw random numbers: draw them in fit, or from a generator with a fixed seed"
_EACH_BY_ITSELF = "do not let one input change the answer to another: means and deviations are computed in fit"

Outcome = Literal["passed", "warned", "failed", "skipped"]
Step = Callable[[], str | None]
"""Returns a remark about a check that passed, or None."""


@dataclass(frozen=True)
class Check:
    """One point of the contract and its outcome; `reason` says why it did not pass, or what was found."""

    name: str
    outcome: Outcome
    reason: str = ""
    error: SubmissionError | None = None


class _Failed(Exception):  # noqa: N818 - an outcome, not an error
    """A check's condition does not hold."""


class _Warned(Exception):  # noqa: N818 - likewise
    """A check's condition holds, but the author should know something."""


class _CheckSkipped(Exception):  # noqa: N818 - likewise
    """A check does not apply."""


Trying = Callable[[str, str], AbstractContextManager[object]]
"""Given the name of a check and what stops it, returns a context manager that is active while it runs."""


def check(plan: Plan, sandbox: Sandbox, work: Path, trying: Trying = lambda *_: nullcontext()) -> Iterator[Check]:
    """Try `plan`'s submission on a sample of train and validation, without computing a test score.

    If a step that later steps depend on fails, the suite ends.
    """
    suite = _SuiteSteps(plan, sandbox, work)
    try:
        for name, step in suite.steps():
            limit = _stopped_after(name, plan.task.limits)
            with reported(plan.name, plan.task.name, name.__str__), trying(name, limit):
                result = _check_of(name, step, suite.translated)
            yield result
            if result.outcome == "failed" and (name in _SuiteSteps.FOUNDATIONS or not suite.can_continue(name)):
                break
    finally:
        suite.close()


def _stopped_after(name: str, limits: Limits) -> str:
    """Return the limit that stops a step which does not end by itself, in words."""
    match name:
        case "files" | "rules" | "weigh" | "save":
            return ""
        case "import":
            return _of_cpu_time(limits, "import_seconds")
        case "fit":
            return _of_cpu_time(limits, "fit_cpu_seconds")
        case "load":
            return _of_cpu_time(limits, "load_seconds")
    return f"{limits.predict_seconds:g} s"


def _of_cpu_time(limits: Limits, name: str) -> str:
    return f"{getattr(limits, name):g} s of CPU time, or {limits.wall_clock_seconds(name):g} s in all"


def _check_of(name: str, step: Step, translated: Callable[[SubmissionError], SubmissionError]) -> Check:
    try:
        remark = step()
    except SubmissionError as raised:
        error = translated(raised)
        return Check(name, "failed", error.message, error)
    except _Failed as failed:
        return Check(name, "failed", str(failed))
    except _Warned as warned:
        return Check(name, "warned", str(warned))
    except _CheckSkipped as skipped:
        return Check(name, "skipped", str(skipped))
    return Check(name, "passed", remark or "")


class _SuiteSteps:
    """The steps in order, and the state that they share."""

    FOUNDATIONS = frozenset({"files", "import", "fit", "predict", "save", "load"})

    def __init__(self, plan: Plan, sandbox: Sandbox, work: Path) -> None:
        self._plan, self._sandbox, self._work = plan, sandbox, work
        self._artifact = work / "artifact"
        self._train = _sample(plan.data.for_fit.train, _TRAIN_ITEMS)
        self._validation = _sample(plan.data.for_fit.validation, _VALIDATION_ITEMS)
        self._inputs = self._validation.inputs[: min(_ASKED, plan.task.batch)]
        self._session: Session | None = None
        self._fitted: Predictions
        self._loaded: Predictions | None = None
        self._weight: Weight | None = None
        self._is_random = False

    def steps(self) -> list[tuple[str, Step]]:
        """Return the steps by name."""
        return [
            ("files", self._files),
            ("import", self._import),
            ("fit", self._fit),
            ("predict", self._predict),
            ("save", self._save),
            ("weigh", self._weigh),
            ("load", self._load),
            (_SURVIVES, self._survives),
            ("same twice", self._same_twice),
            ("any batch", self._any_batch),
            ("any order", self._any_order),
            ("leaves inputs alone", self._leaves_inputs),
            ("rules", self._rules),
        ]

    def translated(self, error: SubmissionError) -> SubmissionError:
        """Return `error` in terms of the author's code: with the cell of a notebook, not a line of ``model.py``."""
        return self._plan.snapshot.explained(error)

    def can_continue(self, name: str) -> bool:
        """Return whether the steps after `name` have the answers of the loaded model, which they depend on."""
        return name != _SURVIVES or self._loaded is not None

    def close(self) -> None:
        """End the worker, if one is running."""
        if self._session is not None:
            self._session.__exit__()
            if printed := self._session.process.log_tail.strip():
                _log.info("%s · %s printed:\n%s", self._plan.name, self._plan.task.name, neutral(printed))
            self._session = None

    def _files(self) -> str | None:
        check_snapshot(self._plan.snapshot, "trained", self._plan.task.limits)
        self._plan = with_model(self._plan, self._sandbox, self._work)
        remark = "; ".join((*self._plan.snapshot.notes, *_missing_packages(self._plan.task.packages)))
        source = self._plan.snapshot.source
        in_doubt = source is not None and (source.missing or source.set_again)
        if in_doubt or _missing_packages(self._plan.task.packages):
            raise _Warned(remark)
        return remark or None

    def _import(self) -> None:
        self._start(fit_session(self._plan, self._sandbox, self._work)).setup(self._plan.seeds[0])

    def _fit(self) -> None:
        self._running.fit(self._train, self._validation)

    def _predict(self) -> None:
        self._fitted = self._ask(np.arange(len(self._inputs)))
        require_scores(self._plan.task, self._fitted)

    def _save(self) -> None:
        self._artifact.mkdir()
        self._artifact.chmod(0o755)
        self._running.save(self._artifact)

    def _weigh(self) -> str:
        weight = self._weight = weigh_model(self._plan, self._sandbox, self._work, self._artifact)
        attributes = describe_attributes(weight)
        counted = count_of(weight.parameters, "parameter", "parameters") + (attributes and f": {attributes}")
        if not (weight.verified or weight.verified_if_single):  # an evaluation verifies the latter
            raise _Warned(f"{counted}; not verified: {why_not_verified(weight)}")
        return counted

    def _load(self) -> None:
        session = self._open(Folder("artifact", self._artifact))
        session.setup(self._plan.seeds[0], "load_error", "load")
        session.load()

    def _survives(self) -> None:
        self._loaded = self._ask(np.arange(len(self._inputs)))
        count = int(differing(self._plan.task.kind_definition, self._fitted, self._loaded).sum())
        if not count:
            return
        weight = self._weight
        nothing = weight is not None and not (weight.parameters or weight.attributes or weight.unread)
        kept = "fit kept nothing on self: make the network an attribute, self.net" if nothing else ""
        self._again()
        self._agree(
            self._fitted,
            self._loaded,
            "before save and after load",
            kept or self._without_chance("keep all that fit learns on self"),
        )

    def _same_twice(self) -> None:
        self._agree(self._answers, self._again(), "when asked twice", _NO_CHANCE)

    def _any_batch(self) -> None:
        begin = time.monotonic()
        alone: list[Predictions] = []
        for item in range(len(self._inputs)):
            if len(alone) >= _LEAST_ALONE and time.monotonic() - begin > _ALONE_SECONDS:
                break
            alone.append(self._ask(np.array([item])))
        together = self._answers.take(np.arange(len(alone)))
        self._agree(
            together,
            join_predictions(alone),
            "together and one at a time",
            self._without_chance(_EACH_BY_ITSELF),
            allowed=allowed_to_differ(len(alone)),
        )

    def _any_order(self) -> None:
        order = np.random.Generator(np.random.PCG64(0)).permutation(len(self._inputs))
        again = self._ask(order)
        self._agree(
            self._answers.take(order),
            again,
            "in another order",
            self._without_chance(_EACH_BY_ITSELF),
            allowed=allowed_to_differ(len(order)),
        )

    def _leaves_inputs(self) -> None:
        if self._running.inspect(self._inputs).inputs_changed:
            raise _Failed("predict changed its inputs: work on a copy")

    def _rules(self) -> None:
        if not self._plan.task.rules:
            raise _CheckSkipped(f"task {self._plan.task.name} has none")
        operators = self._running.inspect(self._inputs[:1]).names
        for rule in self._plan.task.rules:
            if broken := rule.broken_by(operators):
                raise _Failed(f"predict uses {', '.join(broken)}; the task allows {rule.text}")

    @property
    def _answers(self) -> Predictions:
        """The first answers of the loaded model."""
        assert self._loaded is not None
        return self._loaded

    @property
    def _running(self) -> Session:
        assert self._session is not None
        return self._session

    def _open(self, *more: Folder) -> Session:
        return self._start(open_session(self._plan, self._sandbox, *more))

    def _start(self, session: Session) -> Session:
        """Start a fresh worker in place of the running one."""
        self.close()
        self._session = session.__enter__()
        return self._session

    def _ask(self, items: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Predictions:
        inputs = Split(self._inputs, self._inputs).take(items).inputs
        with self._running.within("predict_seconds"):
            return self._running.accept(self._running.request(inputs)())

    def _agree(self, first: Predictions, second: Predictions, when: str, remedy: str = "", allowed: int = 0) -> None:
        """Compare answers to the same inputs; up to `allowed` differences are a warning, as evaluations allow them."""
        count = int(differing(self._plan.task.kind_definition, first, second).sum())
        if not count:
            return
        advice = remind_of_eval(self._in_training()) or (remedy and f"; {remedy}")
        text = f"{count} of {len(first)} answers differ {when}"
        if count <= allowed:
            raise _Warned(f"{text}; an evaluation allows {allowed}{advice}")
        raise _Failed(f"{text}{advice}")

    def _again(self) -> Predictions:
        """Return the answers of the loaded model to the same inputs, after noting whether they are different now."""
        again = self._ask(np.arange(len(self._inputs)))
        self._is_random = bool(differing(self._plan.task.kind_definition, self._answers, again).any())
        return again

    def _without_chance(self, remedy: str) -> str:
        """Return `remedy`, or what to do about chance if the loaded model has answered the same inputs differently."""
        return _NO_CHANCE if self._is_random else remedy

    def _in_training(self) -> tuple[str, ...]:
        try:
            return self._running.inspect(self._inputs[:1]).training
        except SubmissionError:  # the model cannot be inspected; the step has its own reason to fail
            return ()


def _missing_packages(packages: Iterable[str]) -> list[str]:
    """Return a message for each package that the task declares and that is not installed."""
    missing = []
    for package in packages:
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            missing.append(f"models of this task may use {package}, which is not installed here: pip install {package}")
    return missing


def _sample(split: Split, count: int) -> Split:
    """Return up to `count` items spread evenly over `split`, fewer if each of them is large."""
    shape = split.inputs.shape[1:] if isinstance(split.inputs, np.ndarray) else ()
    count = min(count, max(_LEAST_ITEMS, _SAMPLE_VALUES // max(1, math.prod(shape))))
    return split.take(np.unique(np.linspace(0, len(split) - 1, count).astype(np.intp)))
