"""Weigh a model in a separate sandboxed process that runs no code of the submission."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.contract import Limits
from harness.evaluation._open import task_info
from harness.evaluation._plan import Plan
from harness.evaluation._session import Session
from harness.evaluation._weigh import Weight, weigh
from harness.sandbox import Folder, Sandbox

WEIGH_SECONDS = 60.0
"""The CPU time that counting may take, even for the largest artifact."""
WEIGH_PATIENCE_SECONDS = 600.0
"""The wall time that counting may take; on a machine that is busy with other work it exceeds the CPU time."""
WEIGH_MEMORY_BYTES = 1 << 30
"""The memory that counting may use."""
_NOTHING = "nothing"


def weigh_model(plan: Plan, sandbox: Sandbox, work: Path, artifact: Path) -> Weight:
    """Weigh the model in `artifact` together with the submission's files.

    Raises:
        SubmissionError: it exceeds a limit, or cannot be counted within the limits of counting.
    """
    given = (plan.data.train, plan.data.validation)
    texts = [text for part in given if isinstance(part.inputs, list) for text in part.inputs]
    with _counting(plan, sandbox, work, artifact) as session:
        counted = session.weigh((), WEIGH_SECONDS, WEIGH_PATIENCE_SECONDS)
        weight = weigh(counted.contents, counted.submission, plan.snapshot.shipped_bytes)
        if texts and not weight.verified:  # words of the training texts do not count as knowledge
            counted = session.weigh(texts, WEIGH_SECONDS, WEIGH_PATIENCE_SECONDS)
            weight = weigh(counted.contents, counted.submission, plan.snapshot.shipped_bytes)
    if not weight.verified_if_single or weight.verified:  # otherwise the caller enforces them after verifying
        weight.enforce(plan.task.limits)
    return weight


def _counting(plan: Plan, sandbox: Sandbox, work: Path, artifact: Path) -> Session:
    """Return a session, not started yet, whose worker sees the files to count but runs no code of the submission."""
    empty = work / _NOTHING
    empty.mkdir(exist_ok=True)
    empty.chmod(0o755)
    limits = Limits(memory_bytes=WEIGH_MEMORY_BYTES)
    return Session(
        sandbox=sandbox,
        kind=plan.task.kind_definition,
        task=replace(task_info(plan), limits=limits),
        folders=(Folder("submission", empty), Folder("artifact", artifact), Folder("files", plan.snapshot.files)),
        threads=1,
    )
