"""Fit a submission again on other data, and predict in a fresh worker, as an evaluation does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contract import Predictions, Task
from harness.data import FitParts, TaskData
from harness.evaluation._identity import Identity
from harness.evaluation._open import fit_session, open_session, with_model
from harness.evaluation._plan import Plan
from harness.evaluation._predictions import join_predictions
from harness.evaluation._secret_order import SecretOrder
from harness.evaluation._settings import seed_for
from harness.evaluation._snapshot import check_snapshot
from harness.evaluation._weighing import weigh_model
from harness.sandbox import Folder, Sandbox
from harness.timing import MachineLock


class Refitter:
    """Fits the submission of a plan any number of times; no fit leaves anything for the next."""

    def __init__(self, plan: Plan, sandbox: Sandbox, work: Path, lock: MachineLock) -> None:
        check_snapshot(plan.snapshot, plan.mode, plan.task.limits)
        self._plan, self._sandbox, self._work, self._lock = with_model(plan, sandbox, work), sandbox, work, lock
        self._knowledge_bytes: int | None = None

    @property
    def identity(self) -> Identity:
        """The identity of the result that an evaluation of the submission would have."""
        return self._plan.identity

    @property
    def task(self) -> Task:
        """The task that the submission is for."""
        return self._plan.task

    @property
    def data(self) -> TaskData:
        """The task's unchanged data."""
        return self._plan.data

    @property
    def has_assets(self) -> bool:
        """Whether `fit` may read pretrained weights."""
        return bool(self._plan.assets)

    def refit(self, parts: FitParts, inputs: Any, repeat: int = 0) -> tuple[Predictions, int]:
        """Fit on `parts` with the seed of this repeat, and predict `inputs` in a fresh worker.

        Returns
        -------
        tuple of Predictions and int
            The predictions, and how many bytes of knowledge the model has that was fitted first, on unchanged data.

        Raises
        ------
        SubmissionError
            The submission failed.
        """
        plan = self._plan
        seed = seed_for(plan.identity.base_seed, plan.task.name, repeat)
        with self._lock.shared() as share, self._folder() as artifact:
            with fit_session(plan, self._sandbox, self._work) as session:
                session.setup(seed)
                with share.pausing_for_measurements(session.process):
                    session.fit(*parts)
                session.save(artifact)
            if self._knowledge_bytes is None:  # the first fit gets the unchanged data
                self._knowledge_bytes = weigh_model(plan, self._sandbox, self._work, artifact).knowledge_bytes
            with open_session(plan, self._sandbox, Folder("artifact", artifact)) as session:
                session.setup(seed, "load_error", "load")
                session.load()
                asked = SecretOrder.of(inputs, plan.task.batch)
                with session.within("predict_seconds"):
                    batches = [session.accept(session.request(batch)()) for batch in asked.batches()]
        return asked.in_original_order(join_predictions(batches)), self._knowledge_bytes

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self._work) as name:
            Path(name).chmod(0o755)
            artifact = Path(name, "artifact")
            artifact.mkdir()
            artifact.chmod(0o755)
            yield artifact
