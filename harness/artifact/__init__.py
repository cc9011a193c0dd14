"""The saved form of a model: written and read in a worker, received and counted by the host."""

from harness.artifact._count import ArtifactContents, Attribute, count_contents
from harness.artifact._open_npz import open_npz
from harness.artifact._read_back import NotAFileError, read_files
from harness.artifact._receive import ArtifactTooLargeError, BadFileNameError, Receiver
from harness.artifact._saved_form import ARRAYS, STRUCTURE
from harness.artifact._state import load_state, save_state
from harness.artifact._structure import Vocabulary
from harness.artifact._submission_contents import PROSE_BYTES, SubmissionContents, count_submission

__all__ = [
    "ARRAYS",
    "PROSE_BYTES",
    "STRUCTURE",
    "ArtifactContents",
    "ArtifactTooLargeError",
    "Attribute",
    "BadFileNameError",
    "NotAFileError",
    "Receiver",
    "SubmissionContents",
    "Vocabulary",
    "count_contents",
    "count_submission",
    "load_state",
    "open_npz",
    "read_files",
    "save_state",
]
