"""The line: fit → weigh → load → predict → score → measure → record."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from msgspec import UNSET

from harness._version import __version__
from harness.contract import Predictions
from harness.course import published_folder
from harness.errors import SubmissionError
from harness.evaluation._audits import moved, not_memorised, same_answers
from harness.evaluation._curve import LearningCurve
from harness.evaluation._host import describe_git, describe_machine, package_versions
from harness.evaluation._jitter import jitter_of
from harness.evaluation._measure import Measured, Subject, measure_cost
from harness.evaluation._observe import Observer
from harness.evaluation._open import fit_session, open_session, with_model
from harness.evaluation._plan import Plan
from harness.evaluation._predictions import join_predictions
from harness.evaluation._score import Scored, ScoresMissingError, compare, mean_of, not_reached, score
from harness.evaluation._session import Session
from harness.evaluation._snapshot import check_snapshot
from harness.evaluation._unexpected import encodable, reported
from harness.evaluation._weigh import Weight, describe_attributes, weigh, why_not_verified
from harness.evaluation._worker_failures import ProtocolError
from harness.record import (
    Audit,
    BaselineResult,
    Cost,
    Evidence,
    Failure,
    IsolationPart,
    Record,
    Repeat,
    Run,
    Score,
    Status,
    stored_form,
)
from harness.sandbox import Folder, Sandbox
from harness.timing import Budget, MachineLock, no_background_work, repeats_are_computed
from harness.wire import Operators

_TRIED = 32
T = TypeVar("T")


NOT_PUBLISHED = "(not published: what the model said may carry data that must not leave)"
_SEES_TEST_INPUTS = frozenset({"predict", "measure", "audit"})


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the person at the keyboard is told besides; it is published nowhere."""

    failure: SubmissionError | None = None
    """In full where the record hides what a model said of restricted data."""
    attributes: str = ""
    """What the attributes of the model hold."""
    notes: tuple[str, ...] = ()
    printed: str = ""
    """What the submission printed."""


@dataclass(frozen=True)
class Outcome:
    """A record and the evidence behind it."""

    record: Record
    evidence: Evidence
    told: Told = field(default_factory=Told)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What training cost."""

    fit_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    peak_device_bytes: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """What a fresh worker predicted with the artifact alone."""

    predictions: Predictions
    operators: Operators
    peak_memory_bytes: int
    peak_device_bytes: int | None


@dataclass(kw_only=True)
class _Reached:
    """How far the line has come: each stage's frozen result, of the first repeat; None where it was not reached."""

    fitted: Fitted | None = None
    weight: Weight | None = None
    predicted: Predicted | None = None
    scored: Scored | None = None
    repeats: list[Scored] = field(default_factory=list)
    measured: Measured | None = None
    audits: tuple[Audit, ...] = ()
    phases: dict[str, float] = field(default_factory=dict)
    curve: LearningCurve = field(default_factory=LearningCurve)
    tried: Predictions | None = None
    """What the model answered to a few inputs where it was trained."""
    differing: int = 0
    """How many of these it answered differently after save and load."""
    printed_in_fit: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    """By workers that saw what is scored."""


def run(plan: Plan, sandbox: Sandbox, work: Path, root: Path, observer: Observer, lock: MachineLock) -> Outcome:
    """Carry out `plan`; a submission that fails is an outcome too.

    `work` is an empty folder for copies; `root` is the course's; `lock` is the one of this machine.

    Raises:
        InfrastructureError: the machine or the sandbox failed.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    begin = time.monotonic()
    line = _Line(plan, sandbox, work, observer, lock)
    with reported(plan.name, plan.task.name, lambda: line.phase):
        failure: SubmissionError | None = None
        try:
            line.run()
        except SubmissionError as error:
            failure = line.translated(error)
        evidence, reached = line.evidence(), line.reached
        about = Run(
            id=plan.id,
            started=started,
            seconds=time.monotonic() - begin,
            phases=reached.phases,
            seed=plan.base_seed,
            repeats=tuple(
                Repeat(seed=seed, value=scored.primary.value)
                for seed, scored in zip(plan.seeds, reached.repeats, strict=False)  # a failure cuts them short
            ),
            harness_version=__version__,
            isolation=IsolationPart(level=plan.level, detail=sandbox.isolation.detail),
            machine=describe_machine(plan.gpu),
            packages=package_versions(),
            git=describe_git(root),
            evidence_digest=None if reached.predicted is None else evidence.digest,
        )
        record = _record(plan, reached, failure, about)
        stored_form(record)
        return Outcome(record, evidence, line.told(failure))


def _record(plan: Plan, reached: _Reached, failure: SubmissionError | None, about: Run) -> Record:
    scores = mean_of([repeat.scores for repeat in reached.repeats])
    baseline = _baseline(plan, reached, scores)
    return Record(
        task=plan.task_part(),
        submission=plan.submission_part(),
        status=_status(failure, baseline),
        failure=None if failure is None else _failure(plan, failure),
        scores=scores,
        baseline=baseline,
        cost=_cost(reached),
        audits=reached.audits or audits_of(plan, reached),
        run=about,
    )


class _Line:
    """One submission on its way; each method is one stage."""

    def __init__(self, plan: Plan, sandbox: Sandbox, work: Path, observer: Observer, lock: MachineLock) -> None:
        self._plan, self._sandbox, self._work, self._observer = plan, sandbox, work, observer
        self._lock = lock
        self.reached = _Reached()
        self.phase = "plan"

    def run(self) -> None:
        """Go as far as the submission lets us; `reached` says how far that was."""
        plan, reached = self._plan, self.reached
        first, *others = plan.seeds
        check_snapshot(plan.snapshot, plan.mode, plan.task.limits)
        plan = self._plan = with_model(plan, self._sandbox, self._work)
        artifact = plan.snapshot.weights or self._work
        with self._entered(self._lock.shared()):
            if plan.mode == "trained":
                artifact = self._work / "artifact"
                reached.fitted = self._fit(first, artifact)
            with self._phase("weigh"):
                reached.weight = weigh(artifact, plan.snapshot, plan.task.limits)
            reached.predicted = self._predict(first, artifact)
            self._hold_to_memory()
            with self._phase("score"):
                reached.scored = self._score(reached.predicted.predictions)
        reached.repeats.append(reached.scored)
        with self._entered(self._lock.exclusive()) as alone, self._phase("measure"):
            measured = self._measure(first, artifact, reached.predicted.predictions)
            reached.measured = measured if alone else measured.marked_noisy()
        self._hold_to_rules(reached.predicted.operators)
        reached.audits = audits_of(plan, reached)
        hold_to(reached.audits)
        for seed in others:
            with self._entered(self._lock.shared()):
                self._repeat(seed)

    def _repeat(self, seed: int) -> None:
        """Train and score once more, with another seed."""
        with tempfile.TemporaryDirectory(dir=self._work) as name:
            Path(name).chmod(0o755)
            artifact = Path(name, "artifact")
            self._fit(seed, artifact)
            self.reached.repeats.append(self._score(self._predict(seed, artifact).predictions))

    def evidence(self) -> Evidence:
        """Return what the record rests on."""
        predicted, scored, measured = self.reached.predicted, self.reached.scored, self.reached.measured
        predictions = None if predicted is None else predicted.predictions
        return Evidence(
            outcomes=None if scored is None else scored.outcomes,
            draws=None if scored is None else scored.draws,
            predictions=None if predictions is None or isinstance(predictions.values, list) else predictions.values,
            scores=None if predictions is None else predictions.scores,
            latencies=None if measured is None else measured.latencies,
            drawn=None if measured is None else measured.drawn,
            curve=self.reached.curve.points,
        )

    def _fit(self, seed: int, artifact: Path) -> Fitted:
        plan = self._plan
        artifact.mkdir()
        artifact.chmod(0o755)
        fitting = replace(fit_session(plan, self._sandbox, self._work), on_log=self._logged)
        with self._worker(fitting, self.reached.printed_in_fit) as session:
            with self._phase("import"):
                session.setup(seed)
            cpu_before = session.process.cpu_seconds
            begin = time.monotonic()
            with self._phase("fit"):
                session.fit(plan.data.train, plan.data.validation)
            fit_seconds = time.monotonic() - begin
            cpu_seconds = session.process.cpu_seconds - cpu_before
            with self._phase("save"):
                session.save(artifact)
            if self.reached.fitted is None:
                self.reached.tried = self._try(session)
            return Fitted(
                fit_seconds=fit_seconds,
                cpu_seconds=cpu_seconds,
                peak_memory_bytes=session.process.peak_memory_bytes,
                peak_device_bytes=session.process.peak_device_bytes,
            )

    def _predict(self, seed: int, artifact: Path) -> Predicted:
        plan, inputs = self._plan, self._plan.data.scored.inputs
        predicting = self._session(plan.task.threads, Folder("artifact", artifact))
        with self._worker(predicting, self.reached.printed) as session:
            with self._phase("load"):
                if plan.mode == "trained":
                    session.setup(seed, "load_error", "load")
                else:
                    session.setup(seed)
                session.load()
            if self.reached.predicted is None and self.reached.tried is not None:
                again = self._try(session)
                self.reached.differing = 0 if again is None else moved(self.reached.tried, again)
            with self._phase("predict"), session.within("predict_seconds"):
                batches = []
                for start in range(0, len(inputs), plan.task.batch):
                    answer = session.request(inputs[start : start + plan.task.batch])()
                    batches.append(session.accept(answer))
                    self._observer.advance(min(start + plan.task.batch, len(inputs)), len(inputs))
            return Predicted(
                predictions=join_predictions(batches),
                operators=self._inspect(session, inputs[:1]),
                peak_memory_bytes=session.process.peak_memory_bytes,
                peak_device_bytes=session.process.peak_device_bytes,
            )

    def _try(self, session: Session) -> Predictions | None:
        """Return the answers to a few inputs of validation; None where there are none: the line will say why."""
        inputs = self._plan.data.validation.inputs[: min(_TRIED, self._plan.task.batch)]
        if not len(inputs):
            return None
        try:
            with session.within("predict_seconds"):
                return session.accept(session.request(inputs)())
        except ProtocolError:
            raise
        except SubmissionError:
            return None

    def _hold_to_memory(self) -> None:
        """Refuse a model that keeps nothing and answers differently where it was not trained."""
        weight = self.reached.weight
        assert weight is not None
        if self.reached.differing and not (weight.parameters or weight.attributes or weight.unread):
            raise SubmissionError(
                "save_error",
                "save",
                "fit kept nothing on self, so what it learned was lost: another process predicts, and there a network "
                "in a variable of the module is as new; make it an attribute, self.net",
            )

    def translated(self, error: SubmissionError) -> SubmissionError:
        """Return `error` in the words of who handed it in: with the cell of a notebook, say."""
        return self._plan.snapshot.explained(error, self._plan.mode)

    def told(self, failure: SubmissionError | None) -> Told:
        """Return what is told besides the record."""
        reached, weight = self.reached, self.reached.weight
        notes = list(self._plan.snapshot.notes)
        printed = reached.printed_in_fit if self._plan.data.private else reached.printed_in_fit + reached.printed
        if reached.differing and failure is None:
            notes.append(
                f"{reached.differing} of {len(reached.tried or ())} answers differ before save and after load: keep "
                "all that fit learns on self"
            )
        if reached.curve.left_out:
            left_out = f"{reached.curve.left_out:,} of the points logged were left out"
            notes.append(f"the learning curve is full: {left_out}; log less often")
        if weight is not None and not weight.verified:
            notes.append(f"parameters are not verified: {why_not_verified(weight)}")
        return Told(
            failure=None if self._plan.data.private else failure,
            attributes="" if weight is None else describe_attributes(weight),
            notes=tuple(notes),
            printed="\n".join(dict.fromkeys(text.strip() for text in printed if text.strip())),
        )

    def _inspect(self, session: Session, inputs: Any) -> Operators:
        """See what `predict` uses; a model that does not bear being watched fails only where a rule needs it seen."""
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

    def _measure(self, seed: int, artifact: Path, predictions: Predictions) -> Measured:
        plan = self._plan
        return measure_cost(
            Subject(
                sandbox=self._sandbox,
                open_session=lambda: self._session(1, Folder("artifact", artifact)),
                seed=seed,
                inputs=plan.data.scored.inputs,
                example=predictions,
                perturb=jitter_of(plan.task),
                batch=plan.task.batch,
                budget=Budget(seconds=plan.latency_seconds),
            )
        )

    def _hold_to_rules(self, operators: Operators) -> None:
        for rule in self._plan.task.rules:
            broken = rule.broken_by(operators.names)
            if broken:
                raise SubmissionError(
                    "rule_violation", "audit", f"predict uses {', '.join(broken)}; the task allows {rule.text}"
                )

    def _session(self, threads: int, *more: Folder) -> Session:
        return replace(open_session(self._plan, self._sandbox, *more), threads=threads, on_log=self._logged)

    def _logged(self, values: dict[str, float]) -> None:
        self.reached.curve.add(values)
        self._observer.logged(values)

    @contextmanager
    def _worker(self, session: Session, printed: list[str]) -> Iterator[Session]:
        """Enter `session`; what it prints is added to `printed`."""
        with self._entered(session, "start") as entered:
            try:
                yield entered
            finally:
                printed.append(entered.process.log_tail)

    @contextmanager
    def _entered(self, context: AbstractContextManager[T], phase: str = "wait") -> Iterator[T]:
        """Enter `context`, a turn on this machine or a worker; that is a phase."""
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
            yield
        finally:
            self.reached.phases[name] = self.reached.phases.get(name, 0.0) + time.monotonic() - begin


def _baseline(plan: Plan, reached: _Reached, scores: tuple[Score, ...]) -> BaselineResult:
    baseline = plan.data.source.baseline
    if reached.scored is None:
        return not_reached(plan.task, baseline)
    return compare(plan.task, baseline, scores[0].value, reached.scored)


def audits_of(plan: Plan, reached: _Reached) -> tuple[Audit, ...]:
    """Return the audits of what was reached."""
    predicted, measured = reached.predicted, reached.measured
    training = () if predicted is None or _is_secret(plan) else predicted.operators.training
    audits = []
    if predicted is not None and measured is not None:
        unaltered, altered = measured.unaltered, measured.altered
        audits.append(same_answers(predicted.predictions.take(unaltered.items), unaltered.answers, training))
        audits.append(repeats_are_computed(measured.repeated))
        audits.append(no_background_work(measured.background))
        memory = altered and not_memorised(plan.task, plan.data.scored, predicted.predictions, altered)
        audits += [memory] if memory else []
    if predicted is not None and predicted.operators.flops is not None:
        # the names are a claim, too: nothing that could carry data leaves a task whose data must not
        uncounted = "not published" if _is_secret(plan) else ", ".join(predicted.operators.uncounted) or "nothing"
        detail = f"claimed by the worker; uncounted: {uncounted}"
        audits.append(Audit(name="flops", passed=True, severity="warn", detail=detail))
    return tuple(audits)


def hold_to(audits: tuple[Audit, ...]) -> None:
    """Fail a submission that an audit of severity `fail` caught.

    Raises:
        SubmissionError: `audit_failed`.
    """
    for audit in audits:
        if not audit.passed and audit.severity == "fail":
            raise SubmissionError(
                "audit_failed",
                "audit",
                f"{audit.name}: {audit.detail}; predictions may not depend on batch, order or phase",
            )


def _status(failure: SubmissionError | None, baseline: BaselineResult) -> Status:
    if failure is not None:
        return "failed"
    return "passed" if baseline.met else "below_baseline"


def _is_restricted(plan: Plan) -> bool:
    """Tell whether the data must not leave: what was generated in place of restricted data may."""
    return plan.task.restricted and plan.data.source.kind != "embedded"


def _is_secret(plan: Plan) -> bool:
    return _is_restricted(plan) or plan.data.private


def _failure(plan: Plan, error: SubmissionError) -> Failure:
    """Describe a failure; nothing is published that could carry data of a restricted task or a private test part."""
    folder = published_folder(plan.name, plan.task.name)
    secret = _is_restricted(plan) or (plan.data.private and error.phase in _SEES_TEST_INPUTS)
    secret = secret and not isinstance(error, ScoresMissingError)  # it says nothing of the data
    return Failure(
        kind=error.kind,
        phase=error.phase,
        message=NOT_PUBLISHED if secret else encodable(error.message),
        file=None if error.file is None else encodable(f"{folder}/{error.file}"),
        line=error.line,
        log_tail="" if secret else encodable(error.log_tail),
    )


def _cost(reached: _Reached) -> Cost:
    fitted, weight, measured = reached.fitted, reached.weight, reached.measured
    stages = [stage for stage in (fitted, reached.predicted) if stage is not None]
    peaks = [stage.peak_memory_bytes for stage in stages]
    on_device = [stage.peak_device_bytes for stage in stages if stage.peak_device_bytes is not None]
    return Cost(
        parameters=None if weight is None else weight.parameters,
        parameters_verified=None if weight is None else weight.verified,
        artifact_bytes=None if weight is None else weight.artifact_bytes,
        knowledge_bytes=None if weight is None else weight.knowledge_bytes,
        flops_per_sample=None if reached.predicted is None else reached.predicted.operators.flops,
        fit_seconds=None if fitted is None else fitted.fit_seconds,
        cpu_seconds=None if fitted is None else fitted.cpu_seconds,
        peak_memory_bytes=max(peaks, default=None),
        peak_device_bytes=max(on_device, default=UNSET),
        latency=None if measured is None else measured.latency,
        throughput=None if measured is None else measured.throughput,
    )
