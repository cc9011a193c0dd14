"""A record and its evidence, kept side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.record._evidence import Evidence, EvidenceStore
from harness.record._store import Store, stored_form
from harness.record._types import Record


@dataclass(frozen=True)
class Stores:
    """Where records are kept, and the evidence behind them."""

    records: Store
    evidence: EvidenceStore

    @classmethod
    def of(cls, published: Path, private: Path) -> Stores:
        """Return the stores with records in the folder `published`, and evidence and locks in `private`."""
        return cls(Store(published / "records", private / "records.lock"), EvidenceStore(private / "evidence"))

    def keep(self, record: Record, evidence: Evidence) -> Path | None:
        """Make `record` the newest of its submission; return where a former one went that could not be read.

        Raises:
            UnstorableError: the record could not be read back; what was there is there still.
            OSError: the disk is full; likewise.
        """
        stored_form(record)
        self.evidence.write(record.task.name, record.submission.name, evidence)
        return self.records.write(record)
