"""The contract suite: what every model must do, on a small sample, in seconds (cf. check_estimator of scikit-learn)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from harness.contract import Predictions, Split, SubmissionError
from harness.evaluate._audits import differing
from harness.evaluate._open import fit_session, open_session
from harness.evaluate._plan import Plan
from harness.evaluate._predictions import join_predictions
from harness.evaluate._run import NOT_PUBLISHED
from harness.evaluate._session import Session
from harness.evaluate._snapshot import check_snapshot
from harness.evaluate._weigh import weigh
from harness.sandbox import Folder, Sandbox

_TRAIN_ITEMS, _VALIDATION_ITEMS, _ASKED = 256, 64, 32

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Check:
    """One point of the contract and how it went; `reason` says why it was not passed."""

    name: str
    outcome: Outcome
    reason: str = ""
    error: SubmissionError | None = None


class _Failed(Exception):  # noqa: N818 - an answer, not an error
    """A check's condition does not hold."""


class _Skipped(Exception):  # noqa: N818 - likewise
    """A check does not apply."""


def check(plan: Plan, sandbox: Sandbox, work: Path) -> Iterator[Check]:
    """Try `plan`'s submission on a sample of train and validation; no test score comes of it.

    A step that others build on ends the suite when it fails.
    """
    suite = _Suite(plan, sandbox, work)
    try:
        for name, step in suite.steps():
            result = _tried(name, step)
            yield _unsaid(result) if plan.task.restricted else result
            if result.outcome == "failed" and name in _Suite.FOUNDATIONS:
                break
    finally:
        suite.close()


def _unsaid(check: Check) -> Check:
    """Return `check` without what the model said, which may carry what it was shown."""
    error = check.error
    if error is None:
        return check
    silent = SubmissionError(error.kind, error.phase, NOT_PUBLISHED, file=error.file, line=error.line)
    return replace(check, reason=NOT_PUBLISHED, error=silent)


def _tried(name: str, step: Callable[[], None]) -> Check:
    try:
        step()
    except SubmissionError as error:
        return Check(name, "failed", error.message, error)
    except _Failed as failed:
        return Check(name, "failed", str(failed))
    except _Skipped as skipped:
        return Check(name, "skipped", str(skipped))
    return Check(name, "passed")


class _Suite:
    """The steps in order, and what one leaves for the next."""

    FOUNDATIONS = frozenset({"files", "import", "fit", "save", "load", "predict"})

    def __init__(self, plan: Plan, sandbox: Sandbox, work: Path) -> None:
        self._plan, self._sandbox, self._work = plan, sandbox, work
        self._artifact = work / "artifact"
        self._train = _sample(plan.data.train, _TRAIN_ITEMS)
        self._validation = _sample(plan.data.validation, _VALIDATION_ITEMS)
        self._inputs = self._validation.inputs[:_ASKED]
        self._session: Session | None = None
        self._fitted: Predictions
        self._loaded: Predictions

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the steps by name."""
        return [
            ("files", self._files),
            ("import", self._import),
            ("fit", self._fit),
            ("save", self._save),
            ("weigh", self._weigh),
            ("load", self._load),
            ("predict", self._predict),
            ("survives save and load", self._survives),
            ("same twice", self._same_twice),
            ("any batch", self._any_batch),
            ("any order", self._any_order),
            ("leaves inputs alone", self._leaves_inputs),
            ("rules", self._rules),
        ]

    def close(self) -> None:
        """End the worker, if one runs."""
        if self._session is not None:
            self._session.__exit__()
            self._session = None

    def _files(self) -> None:
        check_snapshot(self._plan.snapshot, "trained", self._plan.task.limits)

    def _import(self) -> None:
        self._start(fit_session(self._plan, self._sandbox, self._work)).setup(self._plan.seeds[0])

    def _fit(self) -> None:
        session = self._running
        session.fit(self._train, self._validation)
        self._fitted = self._ask(np.arange(len(self._inputs)))

    def _save(self) -> None:
        self._artifact.mkdir()
        self._artifact.chmod(0o755)
        self._running.save(self._artifact)

    def _weigh(self) -> None:
        weight = weigh(self._artifact, self._plan.snapshot, self._plan.task.limits)
        if not weight.verified:
            raise _Failed(
                f"{weight.knowledge_bytes:,} bytes of knowledge hold only {weight.parameters:,} numbers in arrays the "
                "host can read: keep what was learned in tensors or arrays, not in lists or files of another kind"
            )

    def _load(self) -> None:
        session = self._open(Folder("artifact", self._artifact))
        session.setup(self._plan.seeds[0], "load_error", "load")
        session.load()

    def _predict(self) -> None:
        self._loaded = self._ask(np.arange(len(self._inputs)))

    def _survives(self) -> None:
        self._agree(self._fitted, self._loaded, "before save and after load")

    def _same_twice(self) -> None:
        self._agree(self._loaded, self._ask(np.arange(len(self._inputs))), "when asked twice")

    def _any_batch(self) -> None:
        alone = [self._ask(np.array([item])) for item in range(len(self._inputs))]
        self._agree(self._loaded, join_predictions(alone), "together and one at a time")

    def _any_order(self) -> None:
        order = np.random.Generator(np.random.PCG64(0)).permutation(len(self._inputs))
        self._agree(self._loaded.take(order), self._ask(order), "in another order")

    def _leaves_inputs(self) -> None:
        if self._running.inspect(self._inputs).inputs_changed:
            raise _Failed("predict changed its inputs: work on a copy")

    def _rules(self) -> None:
        if not self._plan.task.rules:
            raise _Skipped(f"task {self._plan.task.name} has none")
        operators = self._running.inspect(self._inputs[:1]).names
        for rule in self._plan.task.rules:
            if broken := rule.broken_by(operators):
                raise _Failed(f"predict uses {', '.join(broken)}; the task allows {rule.text}")

    @property
    def _running(self) -> Session:
        assert self._session is not None
        return self._session

    def _open(self, *more: Folder) -> Session:
        return self._start(open_session(self._plan, self._sandbox, *more))

    def _start(self, session: Session) -> Session:
        """Start a fresh worker in place of the one that runs."""
        self.close()
        self._session = session.__enter__()
        return self._session

    def _ask(self, items: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Predictions:
        inputs = Split(self._inputs, self._inputs).take(items).inputs
        with self._running.within("predict_seconds"):
            return self._running.accept(self._running.request(inputs)())

    def _agree(self, first: Predictions, second: Predictions, when: str) -> None:
        count = int(differing(first, second).sum())
        if count:
            raise _Failed(f"{count} of {len(first)} answers differ {when}")


def _sample(split: Split, count: int) -> Split:
    """Return up to `count` items spread over the whole of `split`."""
    return split.take(np.unique(np.linspace(0, len(split) - 1, count).astype(np.intp)))
