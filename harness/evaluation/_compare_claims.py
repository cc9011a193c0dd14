"""Compare a claimed score with the scores of the shipped weights and of a model trained here; it decides nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from harness.claims import ClaimFile, claim_files, find_claims
from harness.contract import Task
from harness.course import Submission
from harness.errors import HarnessError, SubmissionError
from harness.evaluation._evaluation_result import EvaluationResult
from harness.evaluation._folder import Opened, open_folder
from harness.evaluation._identity import seeds_for
from harness.evaluation._observe import Observer
from harness.evaluation._plan import Plan
from harness.evaluation._publish import publishable_claims
from harness.evaluation._score import Scored
from harness.evaluation._settings import Settings
from harness.evaluation._shared_resources import SharedResources
from harness.evaluation._snapshot import Contents, take_snapshot
from harness.evaluation._stages import Stages
from harness.evaluation._unexpected import encodable, reported
from harness.record import Claims, Compared, Mode, Record
from harness.release import is_ladder
from harness.statistics import paired_p_value

_log = logging.getLogger(__name__)
_CHARACTERS = 500
_CHANGED = "the submission was changed while it was evaluated: evaluate it again to compare its weights"
_WAYS: dict[Mode, str] = {"loaded": "with the shipped weights", "trained": "retrained"}


def wants_claims(task: Task, settings: Settings) -> bool:
    """Return whether claims are to be compared."""
    return settings.claims == "compare" or (settings.claims == "declared" and task.claims)


def lacks_comparison(record: Record, contents: Contents) -> bool:
    """Return whether weights were shipped and have not been scored in comparison with a trained model."""
    return record.claims is None and contents.brings_weights and not is_ladder(record)


def with_claimed(record: Record, folder: Path, task: Task) -> Record:
    """Return `record` with what the submission in `folder` claims now; nothing is evaluated."""
    claims = record.claims or _of_record(record, task)
    found = find_claims(_read(folder), task.primary)
    return msgspec.structs.replace(
        record, claims=msgspec.structs.replace(claims, claimed=found.claimed, unread=found.unread)
    )


def _of_record(record: Record, task: Task) -> Claims:
    """Return the figure of `record` itself: the model was either trained or loaded."""
    claims, trained = Claims(metric=task.primary.name), record.submission.mode == "trained"
    return msgspec.structs.replace(claims, **{"retrained" if trained else "shipped": record.primary})


def _read(folder: Path) -> Iterator[tuple[ClaimFile, bytes | None]]:
    """Yield the files that may contain a claim, up to one byte beyond the limit of each; links are not followed."""
    try:
        with open_folder(folder) as opened:
            for file in claim_files(opened.names()):
                yield file, _content(opened, file)
    except OSError as error:  # the folder itself, about which the evaluation reports more
        _log.warning("What is claimed in %s cannot be read: %s.", folder, error)


def _content(opened: Opened, file: ClaimFile) -> bytes | None:
    try:
        return opened.read(file.name, file.most_bytes + 1)
    except OSError:  # a link, or a folder of that name
        return None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Scores a submission in the other mode: if it was trained, its weights are loaded, and the other way round."""

    plan: Plan
    """The plan that was carried out."""
    submission: Submission
    brings_weights: bool
    shared: SharedResources
    work: Path
    """A folder that does not exist yet."""
    observer: Observer

    def added_to(self, result: EvaluationResult) -> EvaluationResult:
        """Return `result` with the comparison in its record, or with a note if no comparison could be made."""
        claims = _of_record(result.record, self.plan.task)
        if self.brings_weights:
            try:
                evidence = result.evidence
                first = Compared(evidence.outcomes, evidence.draws, groups=evidence.groups)
                claims = self._compared(claims, first)
            except (HarnessError, OSError) as error:  # the machine's failure: the comparison is made another time
                note = f"the claims were not compared, because something other than the submission failed: {error}"
                _log.warning("%s: %s", self.submission, note)
                return replace(result, remarks=replace(result.remarks, notes=(*result.remarks.notes, note)))
        return replace(result, record=msgspec.structs.replace(result.record, claims=claims))

    def _compared(self, claims: Claims, first: Compared) -> Claims:
        mode: Mode = "loaded" if self.plan.mode == "trained" else "trained"
        try:
            scored = self._scored(mode)
        except SubmissionError as error:
            what = f"{error.kind} in {error.phase}"
            if not self.plan.is_secret:
                what += f": {encodable(' '.join(error.message.split()))[:_CHARACTERS]}"
            return msgspec.structs.replace(claims, problem=f"no score {_WAYS[mode]}: {what}")
        p_value = paired_p_value(first, Compared(scored.outcomes, scored.draws, groups=first.groups))
        field = "shipped" if mode == "loaded" else "retrained"
        return publishable_claims(
            self.plan, msgspec.structs.replace(claims, p_value=p_value, **{field: scored.primary})
        )

    def _scored(self, mode: Mode) -> Scored:
        """Score a fresh copy of the submission in `mode`, in workers of its own."""
        plan, folders = self.plan, [self.work, self.work / "inside"]
        for folder in folders:
            folder.mkdir()
            folder.chmod(0o711)  # a worker with its own user id must pass through
        snapshot = take_snapshot(
            self.submission.folder, self.work / "submission", plan.task.limits, self.submission.shared
        )
        if snapshot.digest != plan.identity.submission_digest:
            raise SubmissionError("invalid_submission", "import", _CHANGED)
        # neither altered items nor rules matter here, because no result depends on it
        task = replace(plan.task, perturb=None, perturb_cost=None, rules=()).named(plan.task.name)
        seeds = seeds_for(plan.identity.base_seed, task.name, mode, 1)
        other = replace(
            plan,
            identity=replace(plan.identity, mode=mode, seeds=seeds),
            task=task,
            snapshot=snapshot.with_any_weights().in_mode(mode, task),
        )
        stages = Stages(other, self.shared, self.work / "inside", self.observer)
        with reported(plan.name, task.name, lambda: f"{stages.phase} of the comparison of claims"):
            try:
                stages.score_only()
            except SubmissionError as error:
                raise stages.translated(error) from error
            assert stages.reached.scored is not None
            return stages.reached.scored
