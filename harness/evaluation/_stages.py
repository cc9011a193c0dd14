"""The stages of an evaluation: fit → weigh → load → predict → score → measure → audit."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from harness.contract import Predictions, take_items
from harness.errors import SubmissionError
from harness.evaluation._altered import AlterationSetup, Altered, ask_altered
from harness.evaluation._answers import allowed_to_differ, count_changed, item_loss_where_graded
from harness.evaluation._auditing import audit, fail_on_audits
from harness.evaluation._evaluation_result import Remarks
from harness.evaluation._measure import TimedModel, TimedWorkers
from harness.evaluation._observe import Observer
from harness.evaluation._open import fit_session, open_session, with_model
from harness.evaluation._plan import Plan
from harness.evaluation._predictions import join_predictions
from harness.evaluation._score import Scored, later_outcomes, mean_draws, numbered, score
from harness.evaluation._secret_order import SecretOrder, secret_generator
from harness.evaluation._session import Session
from harness.evaluation._shared_resources import SharedResources
from harness.evaluation._single import copy_rounded
from harness.evaluation._snapshot import check_snapshot
from harness.evaluation._stage_results import Fitted, Predicted, StageResults
from harness.evaluation._timeline import WAIT
from harness.evaluation._weigh import Weight, describe_attributes, why_not_verified
from harness.evaluation._weigh_words import weigh_words
from harness.evaluation._weighing import weigh_model
from harness.evaluation._worker_failures import ProtocolError
from harness.record import MAX_EXAMPLES, Evidence, ExampleAnswers
from harness.sandbox import Folder
from harness.taskcheck import checked_perturb
from harness.timing import Budget, ClockHistory, process_deviation
from harness.wire import Operators

_FEW_INPUTS, _A_PIECE, _SHARE_FOR_FEW = 32, 8, 0.01
"""How many inputs are predicted before save and after load: a piece at a time, and no further piece once they took this
share of the CPU time so far. As many scored inputs are predicted by a model whose floats were rounded."""
_SHARE_FOR_ALTERED, _MOST_SECONDS = 0.06, 10.0
"""The CPU time for the first predictions of altered items: a share of the CPU time so far and of the time that is
measured; altering items again hardly ever takes as long."""
T = TypeVar("T")


class Stages:
    """The stages of one evaluation; each method is one stage."""

    def __init__(self, plan: Plan, shared: SharedResources, work: Path, observer: Observer) -> None:
        self._plan, self._sandbox, self._work, self._observer = plan, shared.sandbox, work, observer
        self._lock, self._yardstick = shared.lock, shared.yardstick
        self.reached = StageResults()
        self.phase = "plan"
        self._audit_seconds = 0.0
        self._begun = time.thread_time()

    def run(self) -> None:
        """Run the stages until one fails; `reached` holds their results."""
        plan, reached = self._plan, self.reached
        first, *others = plan.seeds
        check_snapshot(plan.snapshot, plan.mode, plan.task.limits)
        plan = self._plan = with_model(plan, self._sandbox, self._work)
        artifact = plan.snapshot.weights or self._work
        with ExitStack() as held:
            with self._working():
                if plan.mode == "trained":
                    artifact = self._work / "artifact"
                    reached.fitted = self._fit(first, artifact)
                with self._phase("weigh"):
                    reached.weight = weigh_model(plan, self._sandbox, self._work, artifact)
                reached.predicted = self._predict(first, artifact)
                self._require_kept_state()
                reached.predicted = self._weigh_words(first, artifact, reached.predicted)
                with self._phase("weigh"):
                    reached.weight = self._verify_rounded(
                        reached.weight, first, artifact, reached.predicted.predictions
                    )
                reached.weight.enforce(plan.task.limits)
                with self._phase("score"):
                    reached.scored = self._score(reached.predicted.predictions)
                reached.repeats.append(reached.scored)
                with self._phase("warm up"):
                    timed = held.enter_context(self._timed_workers(first, artifact, reached.predicted))
                reached.timeline.follow(timed.memory)
            with self._entered(self._lock.exclusive()) as alone, self._phase("measure"):
                timed.measure(alone=alone)
            reached.measured = timed.measured()
        ClockHistory(self._lock.own_folder).add(reached.measured.channel_to_yardstick)
        self._enforce_rules(reached.predicted.operators)
        reached.audits = audit(plan, reached)
        fail_on_audits(reached.audits)
        reached.timeline.finish()
        for seed in others:
            with self._working():
                self._repeat(seed)

    def score_only(self) -> None:
        """Train or load the model and score it, once: nothing is weighed, timed or audited."""
        plan = self._plan
        check_snapshot(plan.snapshot, plan.mode, plan.task.limits)
        plan = self._plan = with_model(plan, self._sandbox, self._work)
        seed, artifact = plan.seeds[0], plan.snapshot.weights or self._work
        with self._working():
            if plan.mode == "trained":
                artifact = self._work / "artifact"
                self.reached.fitted = self._fit(seed, artifact)
            self.reached.predicted = self._predict(seed, artifact)
            with self._phase("score"):
                self.reached.scored = self._score(self.reached.predicted.predictions)

    def _repeat(self, seed: int) -> None:
        """Train and score once more, with another seed."""
        with tempfile.TemporaryDirectory(dir=self._work) as name:
            Path(name).chmod(0o755)
            artifact = Path(name, "artifact")
            self._fit(seed, artifact)
            self.reached.repeats.append(self._score(self._predict(seed, artifact).predictions))

    def evidence(self) -> Evidence:
        """Return the evidence behind the record."""
        predicted, scored, measured = self.reached.predicted, self.reached.scored, self.reached.measured
        predictions = None if predicted is None else predicted.predictions
        repeats = self.reached.repeats or ([] if scored is None else [scored])
        return Evidence(
            outcomes=None if scored is None else scored.outcomes,
            later_outcomes=later_outcomes(repeats),
            draws=mean_draws(repeats),
            groups=None if scored is None else numbered(self._plan.data.scored.groups),
            predictions=None if predictions is None else predictions.values,
            scores=None if predictions is None else predictions.scores,
            latencies=None if measured is None else measured.latencies,
            drawn=None if measured is None else measured.drawn,
            curve=self.reached.curve.points,
            examples=None if predicted is None else predicted.examples,
            timeline=self.reached.timeline.timeline(),
        )

    def _fit(self, seed: int, artifact: Path) -> Fitted:
        plan = self._plan
        artifact.mkdir()
        artifact.chmod(0o755)
        fitting = replace(fit_session(plan, self._sandbox, self._work), on_log=self._logged)
        with self._worker(fitting, self.reached.printed_in_fit) as session:
            cpu_before = session.process.cpu_seconds
            with self._phase("import"):
                session.setup(seed)
            begin = session.process.clock()  # this clock is stopped while other evaluations measure
            with self._phase("fit"), self._share.pausing_for_measurements(session.process):
                session.fit(*plan.data.for_fit)
            fit_seconds = session.process.clock() - begin
            with self._phase("save"):
                session.save(artifact)
            cpu_seconds = session.process.cpu_seconds - cpu_before
            if self.reached.fitted is None:
                with self._auditing(session):
                    self.reached.answers_after_fit = self._ask_few_inputs(session)
            return Fitted(
                fit_seconds=fit_seconds,
                cpu_seconds=cpu_seconds,
                peak_memory_bytes=session.process.peak_memory_bytes,
                peak_device_bytes=session.process.peak_device_bytes,
            )

    def _predict(self, seed: int, artifact: Path) -> Predicted:
        plan, asked = self._plan, SecretOrder.of(self._plan.data.scored.inputs, self._plan.task.batch)
        predicting = self._session(plan.task.threads, Folder("artifact", artifact))
        with self._worker(predicting, self.reached.printed) as session:
            cpu_before = session.process.cpu_seconds
            with self._phase("load"):
                if plan.mode == "trained":
                    session.setup(seed, "load_error", "load")
                else:
                    session.setup(seed)
                session.load()
            load_cpu_seconds = session.process.cpu_seconds - cpu_before
            if self.reached.predicted is None and self.reached.answers_after_fit is not None:
                with self._auditing(session):
                    again = self._ask_few_inputs(session, as_many_as=self.reached.answers_after_fit)
                self.reached.changed_after_load = (
                    0
                    if again is None
                    else count_changed(self._plan.task.kind_definition, self.reached.answers_after_fit, again)
                )
            with self._phase("predict"), session.within("predict_seconds"):
                batches, seconds = [], []
                for inputs in asked.batches():
                    self._share.pause_for_measurements(session.process)
                    begin = session.process.clock()
                    batches.append(session.accept(session.request(inputs)()))
                    seconds.append(session.process.clock() - begin)
                    self._observer.advance(sum(map(len, batches)), len(asked))
            predictions = asked.in_original_order(join_predictions(batches))
            predicted = Predicted(
                predictions=predictions,
                altered=self._ask_altered(session, predictions),
                batch_seconds=max(seconds) * plan.task.threads,
                operators=self._inspect(session, plan.data.scored.inputs[:1]),
                load_cpu_seconds=load_cpu_seconds,
                peak_memory_bytes=session.process.peak_memory_bytes,
                peak_device_bytes=session.process.peak_device_bytes,
                # last, so that a failure here changes nothing else
                examples=None if plan.data.private else self._ask_examples(session),
            )
        return replace(predicted, examples=self._ask_apart(seed, artifact)) if plan.data.private else predicted

    def _ask_apart(self, seed: int, artifact: Path) -> ExampleAnswers | None:
        """Return the answers to the examples from a separate worker, which has seen no private input to reveal."""
        if self.reached.predicted is not None:
            return None
        try:
            with self._session(self._plan.task.threads, Folder("artifact", artifact)) as session:
                session.setup(seed, "load_error", "load")
                session.load()
                return self._ask_examples(session)
        except ProtocolError:
            raise
        except SubmissionError:  # then the report has no examples
            return None

    def _verify_rounded(self, weight: Weight, seed: int, artifact: Path, predictions: Predictions) -> Weight:
        """Mark the count as verified if the model's answers are the same with its 64-bit floats in single precision.

        A few scored inputs are drawn for this, because `fit` could keep its answers to inputs that it got.
        """
        if weight.verified or not weight.verified_if_single or self._plan.mode != "trained":
            return weight
        inputs, rounded = self._plan.data.scored.inputs, self._work / "rounded"
        drawn = secret_generator().permutation(len(inputs))[: min(_FEW_INPUTS, self._plan.task.batch)]
        first = predictions.take(drawn)
        try:
            copy_rounded(artifact, rounded)
            with self._session(self._plan.task.threads, Folder("artifact", rounded)) as session:
                session.setup(seed, "load_error", "load")
                session.load()
                with session.within("predict_seconds"):
                    again = session.accept(session.request(take_items(inputs, drawn))())
        except (SubmissionError, ValueError):  # the only consequence is that the count is not verified
            return weight
        found = self._plan.task.kind_definition.agreement(first, again)
        if (found.differing | found.excused).sum() > allowed_to_differ(len(first)):
            return weight
        return replace(weight, verified=True)

    def _ask_altered(self, session: Session, predictions: Predictions) -> Altered | None:
        """Predict altered scored items for as long as an audit may take, in the first repeat only."""
        plan, perturb = self._plan, checked_perturb(self._plan.task)
        if perturb is None or self.reached.predicted is not None:
            return None

        def predict(inputs: Any) -> Predictions:
            self._share.pause_for_measurements(session.process)
            return session.accept(session.request(inputs)())

        altering = AlterationSetup(
            kind=plan.task.kind_definition,
            inputs=plan.data.scored.inputs,
            targets=plan.data.scored.targets,
            perturb=perturb,
            batch=plan.task.batch,
            predict=predict,
            item_loss=item_loss_where_graded(plan.task.kind_definition, plan.data.scored.targets, predictions),
        )

        def worked_on_it() -> float:
            """CPU time of host and worker, so that as many items are predicted on a busy machine as on an idle one."""
            return time.thread_time() + session.process.cpu_seconds

        seconds = _SHARE_FOR_ALTERED * (self._cpu_seconds_spent(session) + plan.identity.latency_seconds)
        with self._phase("predict"), session.within("predict_seconds"), self._auditing(session):
            return ask_altered(altering, predictions, min(seconds, _MOST_SECONDS), worked_on_it)

    @property
    def _seconds_spent(self) -> float:
        """How long the phases took so far, except waiting for others."""
        return sum(seconds for name, seconds in self.reached.phases.items() if name != WAIT)

    def _cpu_seconds_spent(self, session: Session) -> float:
        """Return the CPU time so far: of the host, of fit, and of the worker of `session`."""
        fitted = self.reached.fitted
        of_fit = 0.0 if fitted is None else fitted.cpu_seconds
        return of_fit + session.process.cpu_seconds + time.thread_time() - self._begun

    def _ask_few_inputs(self, session: Session, as_many_as: Predictions | None = None) -> Predictions | None:
        """Return the answers to a few inputs of validation, or None if that fails; later stages report the failure.

        Without `as_many_as`, their number depends on how long they take.
        """
        few = _FEW_INPUTS if as_many_as is None else len(as_many_as)
        longest = math.inf if as_many_as is not None else _SHARE_FOR_FEW * self._cpu_seconds_spent(session)
        inputs, size = self._plan.data.for_fit.validation.inputs[:few], min(_A_PIECE, self._plan.task.batch)
        answers, begin = list[Predictions](), session.process.cpu_seconds
        try:
            with session.within("predict_seconds"):
                for start in range(0, len(inputs), size):
                    if answers and session.process.cpu_seconds - begin >= longest:
                        break
                    answers.append(session.accept(session.request(inputs[start : start + size])()))
        except ProtocolError:
            raise
        except SubmissionError:
            return None
        return join_predictions(answers) if answers else None

    def _ask_examples(self, session: Session) -> ExampleAnswers | None:
        """Return the answers to a batch of the validation part that `fit` gets, for the report; None if that fails."""
        inputs = self._plan.data.for_fit.validation.inputs
        if self.reached.predicted is not None or not len(inputs):
            return None
        count = min(MAX_EXAMPLES, self._plan.task.batch, len(inputs))
        items = np.linspace(0, len(inputs) - 1, count).round().astype(np.int64)
        try:
            with self._phase("examples"), session.within("predict_seconds"):
                answers = session.accept(session.request(take_items(inputs, items))())
        except ProtocolError:
            raise
        except SubmissionError:
            return None
        return ExampleAnswers(items=items, values=answers.values, scores=answers.scores)

    def _weigh_words(self, seed: int, artifact: Path, predicted: Predicted) -> Predicted:
        """Weigh the words of the hardest examples if inputs are texts; if that fails, the report shows no weights.

        A separate worker predicts: it has seen no scored input, and a failure there changes nothing else.
        """
        plan, examples = self._plan, predicted.examples
        if examples is None or not isinstance(plan.data.for_fit.validation.inputs[0], str):
            return predicted
        try:
            with self._phase("examples"), self._session(plan.task.threads, Folder("artifact", artifact)) as session:
                session.setup(seed, "load_error", "load")
                session.load()
                with session.within("predict_seconds"):
                    words = weigh_words(
                        plan.task.kind_definition,
                        plan.data.for_fit.validation,
                        examples,
                        batch=plan.task.batch,
                        ask=lambda texts: session.accept(session.request(texts)()),
                        clock=lambda: session.process.cpu_seconds,
                    )
        except ProtocolError:
            raise
        except SubmissionError:
            return predicted
        return replace(predicted, examples=replace(examples, words=words))

    def _require_kept_state(self) -> None:
        """Raise if the model keeps nothing on itself and answers differently outside the process that trained it."""
        weight = self.reached.weight
        assert weight is not None
        if self.reached.changed_after_load and not (weight.parameters or weight.attributes or weight.unread):
            raise SubmissionError(
                "save_error",
                "save",
                "fit kept nothing on self, so what it learned was lost: another process predicts, and a network in a "
                "variable of the module is untrained there; make it an attribute, self.net",
            )

    def translated(self, error: SubmissionError) -> SubmissionError:
        """Return `error` in terms of the author's code: with the cell of a notebook, not a line of ``model.py``."""
        return self._plan.snapshot.explained(error)

    def remarks(self, failure: SubmissionError | None) -> Remarks:
        """Return the remarks that are shown with the record."""
        reached, weight = self.reached, self.reached.weight
        notes = list(self._plan.snapshot.notes)
        printed = reached.printed_in_fit if self._plan.data.private else reached.printed_in_fit + reached.printed
        if reached.changed_after_load and failure is None:
            changed, n = reached.changed_after_load, len(reached.answers_after_fit or ())
            notes.append(
                f"{changed} of {n} answers differ before save and after load: keep all that fit learns on self"
            )
        if reached.curve.left_out:
            left_out = f"{reached.curve.left_out:,} of the points logged were left out"
            notes.append(f"the learning curve is full: {left_out}; log less often")
        if weight is not None and not weight.verified:
            notes.append(f"parameters are not verified: {why_not_verified(weight)}")
        return Remarks(
            failure=None if self._plan.data.private else failure,
            attributes="" if weight is None else describe_attributes(weight),
            notes=tuple(notes),
            printed="\n".join(dict.fromkeys(text.strip() for text in printed if text.strip())),
        )

    def _inspect(self, session: Session, inputs: Any) -> Operators:
        """Return the operators that `predict` uses; a failure under inspection matters only if the task has rules."""
        try:
            return session.inspect(inputs)
        except ProtocolError:
            raise
        except SubmissionError:
            if self._plan.task.rules:
                raise
            return Operators()

    def _score(self, predictions: Predictions) -> Scored:
        return score(self._plan.task, self._plan.data.scored, predictions)

    def _timed_workers(self, seed: int, artifact: Path, predicted: Predicted) -> TimedWorkers:
        plan = self._plan
        return TimedWorkers(
            TimedModel(
                yardstick=self._yardstick,
                open_session=lambda: self._session(1, Folder("artifact", artifact)),
                seed=seed,
                inputs=plan.data.scored.inputs,
                example=predicted.predictions,
                batch_seconds=predicted.batch_seconds,
                spent_seconds=self._seconds_spent,
                audit_seconds=self._audit_seconds,
                perturb=checked_perturb(plan.task),
                batch=plan.task.batch,
                budget=Budget(seconds=plan.identity.latency_seconds),
                process_deviation=process_deviation(ClockHistory(self._lock.own_folder).read()),
            )
        )

    def _enforce_rules(self, operators: Operators) -> None:
        for rule in self._plan.task.rules:
            broken = rule.broken_by(operators.names)
            if broken:
                raise SubmissionError(
                    "rule_violation", "audit", f"predict uses {', '.join(broken)}; the task allows {rule.text}"
                )

    def _session(self, threads: int, *more: Folder) -> Session:
        """Return a session for predictions. What it logs is ignored, because that could reveal scored inputs."""
        return replace(open_session(self._plan, self._sandbox, *more), threads=threads)

    @contextmanager
    def _auditing(self, session: Session) -> Iterator[None]:
        """Add the time of what is done in the context to that of the audits, except while others measure."""
        begin = session.process.clock()
        try:
            yield
        finally:
            self._audit_seconds += session.process.clock() - begin

    def _logged(self, values: dict[str, float]) -> None:
        self.reached.curve.add(values)
        self._observer.logged(values)

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Hold a share of the machine's lock."""
        with self._entered(self._lock.shared()) as self._share:
            yield

    @contextmanager
    def _worker(self, session: Session, printed: list[str]) -> Iterator[Session]:
        """Enter `session`, and append its output to `printed` at the end."""
        with self._entered(session, "start") as entered:
            self.reached.timeline.follow(entered.process.memory)
            try:
                yield entered
            finally:
                printed.append(entered.process.log_tail)

    @contextmanager
    def _entered(self, context: AbstractContextManager[T], phase: str = WAIT) -> Iterator[T]:
        """Enter `context`, a lock or a session, and count the time that this takes as a phase."""
        with ExitStack() as held:
            with self._phase(phase):
                entered = held.enter_context(context)
            yield entered

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self._observer.phase(name)
        self.phase = name
        begin = time.monotonic()
        try:
            with self.reached.timeline.phase(name):
                yield
        finally:
            self.reached.phases[name] = self.reached.phases.get(name, 0.0) + time.monotonic() - begin
