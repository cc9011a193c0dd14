"""Receive the files of an artifact from a worker that may send anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.artifact import ArtifactTooLargeError, BadFileNameError, Receiver
from harness.errors import SubmissionError
from harness.wire import ArrayHeader, FileSent, WireError

Array = np.ndarray[Any, Any]


class ArtifactTaker:
    """Checks the files of an artifact as a worker sends them, and writes them to a folder."""

    def __init__(self, folder: Path, cap: int) -> None:
        self._receiver = Receiver(folder, cap)

    def admit(self, message: object, headers: Sequence[ArrayHeader]) -> None:
        """Accept or refuse a message by its array headers, before the content of a file is read.

        Raises:
            SubmissionError: the artifact is too large.
            WireError: the message is not a file.
        """
        if not isinstance(message, FileSent):
            if headers:
                raise WireError(f"{len(headers)} arrays came where none were expected")
            return
        if len(headers) != 1 or headers[0].dtype != np.uint8 or len(headers[0].shape) != 1:
            raise WireError("a file must come as one row of bytes")
        try:
            self._receiver.announce(headers[0].nbytes)
        except ArtifactTooLargeError as error:
            raise SubmissionError("resource_limit", "save", str(error)) from error

    def take(self, file: FileSent, content: Array) -> None:
        """Write a file that was admitted.

        Raises:
            SubmissionError: the artifact has too many folders.
            WireError: the file cannot have this name.
        """
        try:
            self._receiver.write(file.path, content.tobytes())
        except BadFileNameError as error:
            raise WireError(str(error)) from error
        except ArtifactTooLargeError as error:
            raise SubmissionError("resource_limit", "save", str(error)) from error
