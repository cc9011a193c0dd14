"""Carry out a plan: run its stages and make the record."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from harness._version import __version__
from harness.errors import SubmissionError
from harness.evaluation._evaluation_result import EvaluationResult
from harness.evaluation._host import describe_git, describe_machine, package_versions
from harness.evaluation._make_record import make_record
from harness.evaluation._observe import Observer
from harness.evaluation._plan import Plan
from harness.evaluation._publish import publishable
from harness.evaluation._shared_resources import SharedResources
from harness.evaluation._stages import Stages
from harness.evaluation._unexpected import reported
from harness.record import IsolationPart, Repeat, Run, stored_form


def run(plan: Plan, shared: SharedResources, work: Path, root: Path, observer: Observer) -> EvaluationResult:
    """Carry out `plan`. A submission that fails has a result as well.

    `work` is an empty folder for copies, and `root` the course's folder.

    Raises:
        InfrastructureError: the machine or the sandbox failed.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    begin = time.monotonic()
    stages = Stages(plan, shared, work, observer)
    isolation = shared.sandbox.isolation
    with reported(plan.name, plan.task.name, lambda: stages.phase):
        failure: SubmissionError | None = None
        try:
            stages.run()
        except SubmissionError as error:
            failure = stages.translated(error)
        evidence, reached = stages.evidence(), stages.reached
        about = Run(
            id=plan.identity.id,
            started=started,
            seconds=time.monotonic() - begin,
            phases=reached.phases,
            seed=plan.identity.base_seed,
            repeats=tuple(
                Repeat(seed=seed, value=scored.primary.value)
                for seed, scored in zip(plan.seeds, reached.repeats, strict=False)  # a failure ends the repeats early
            ),
            harness_version=__version__,
            isolation=IsolationPart(level=plan.identity.level, detail=isolation.detail),
            machine=describe_machine(plan.gpu),
            packages=package_versions(),
            git=describe_git(root),
            evidence_digest=None if reached.predicted is None else evidence.digest,
        )
        record = publishable(plan, make_record(plan, reached, failure, about))
        stored_form(record)
        return EvaluationResult(record, evidence, stages.remarks(failure))
