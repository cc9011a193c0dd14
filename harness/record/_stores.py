"""Store a record together with its evidence."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from harness.record._evidence import Evidence, EvidenceStore
from harness.record._store import Store, stored_form
from harness.record._types import Record

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stores:
    """The stores of records and of the evidence behind them."""

    records: Store
    evidence: EvidenceStore

    @classmethod
    def of(cls, published: Path, private: Path) -> Stores:
        """Return the stores with records in the folder `published`, and evidence and locks in `private`."""
        return cls(Store(published / "records", private / "records.lock"), EvidenceStore(private / "evidence"))

    def keep(self, record: Record, evidence: Evidence) -> Path | None:
        """Make `record` the newest of its submission; return the path to which an unreadable former record was moved.

        Raises:
            UnstorableError: the record could not be read again; nothing was changed.
            OSError: the disk is full; nothing was changed.
        """
        stored_form(record)
        self.evidence.write(record.task.name, record.submission.name, evidence)
        _log.info(
            "The record is %s, and the evidence behind it in %s.",
            self.records.path(record.task.name, record.submission.name),
            self.evidence.folder(record.task.name, record.submission.name),
        )
        return self.records.write(record)

    def withdraw(self, task: str, submission: str, to: Path) -> bool:
        """Move the record of a submission, its history and its evidence into `to`; return whether there was a record.

        Moved records are no longer published, and can be moved back.
        """
        record = self.records.path(task, submission)
        found = [*record.parent.glob(f"{record.stem}.json*"), record.with_suffix(".history.jsonl")]
        there = [path for path in found if path.exists()]
        place = to / task / submission
        for path in [*there, *filter(Path.exists, [self.evidence.folder(task, submission)])]:
            place.mkdir(parents=True, exist_ok=True)
            path.rename(place / path.name)
        return bool(there)
