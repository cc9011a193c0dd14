"""What went wrong in the code of a submission."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Doing = Literal["import", "fit", "save", "load", "predict", "other"]


@dataclass(frozen=True)
class Mistake:
    """An exception that the code of a submission raised, and what the submission was doing."""

    error: BaseException
    text: str
    doing: Doing
    items: int
    """The number of inputs, if it was predicting."""
    folder: Path
    """The folder of the submission."""
    artifact: Path | None = None
    """The folder that `load` got, if it was called."""

    def mentions(self, *texts: str) -> bool:
        """Return whether the error's text contains one of `texts`."""
        return any(text in self.text for text in texts)

    def names(self) -> set[str]:
        """Return the names of the error's classes."""
        return {cls.__name__ for cls in type(self.error).__mro__}

    def passes_through(self, *parts: str) -> bool:
        """Return whether the traceback contains a file with one of `parts` in its path."""
        frames = traceback.extract_tb(self.error.__traceback__)
        return any(part in frame.filename for frame in frames for part in parts)
