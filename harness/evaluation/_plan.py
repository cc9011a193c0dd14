"""The plan of one evaluation, decided before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contract import Task
from harness.data import Asset, TaskData
from harness.evaluation._identity import Identity
from harness.evaluation._snapshot import Snapshot
from harness.record import Mode, SubmissionPart, TaskPart
from harness.sandbox import Gpu


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One evaluation: the identity of its result, and the objects that it is made from."""

    identity: Identity
    task: Task
    data: TaskData
    snapshot: Snapshot
    """The copy of the submission as workers in this mode see it."""
    assets: tuple[Asset, ...] = ()
    """Pretrained weights that `fit` may read."""
    gpu: Gpu | None = None
    """The GPU that is reserved for the models of this evaluation; None if they compute on the CPU."""

    @property
    def name(self) -> str:
        """The submission's name, as it is published."""
        return self.identity.name

    @property
    def mode(self) -> Mode:
        """``trained`` if the model is trained here, ``loaded`` if its weights were shipped."""
        return self.identity.mode

    @property
    def seeds(self) -> tuple[int, ...]:
        """The model's seed in each repeat."""
        return self.identity.seeds

    @property
    def is_restricted(self) -> bool:
        """Whether the data must not be published; data generated in place of restricted data may be."""
        return self.task.restricted and self.data.source.kind != "embedded"

    @property
    def is_secret(self) -> bool:
        """Whether the model's output about the scored part must not be published."""
        return self.is_restricted or self.data.private

    def task_part(self) -> TaskPart:
        """Return the record's `task`."""
        identity, data = self.identity, self.data
        shown = data.for_fit if self.mode == "trained" else None
        return TaskPart(
            name=identity.task,
            digest=identity.task_digest,
            source=data.source.kind,
            data_digest=identity.data_digest,
            scored_on=identity.scored_on,
            test_labels="private" if data.private else "public",
            n_train=len(data.train),
            n_validation=len(data.validation),
            n_test=0 if data.test is None else len(data.test),
            n_fit_train=None if shown is None else len(shown.train),
            n_fit_validation=None if shown is None else len(shown.validation),
            public_scores=self.task.public_score if data.private else "every",
            n_groups=None if data.scored.groups is None else len(set(data.scored.groups.tolist())),
        )

    def submission_part(self) -> SubmissionPart:
        """Return the record's `submission`."""
        return SubmissionPart(name=self.name, digest=self.identity.submission_digest, mode=self.mode)
