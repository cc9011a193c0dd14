"""Report unexpected exceptions as failures of the harness, with the details needed to find the cause."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.errors import HarnessError, InfrastructureError

_CHARACTERS = 500


@contextmanager
def reported(submission: str, task: str, phase: Callable[[], str]) -> Iterator[None]:
    """Turn an unexpected exception in the body into an error that names `submission`, `task` and the current `phase`.

    Raises:
        InfrastructureError: the exception was neither a `HarnessError` nor an `OSError`.
    """
    try:
        yield
    except (HarnessError, OSError):
        raise
    except Exception as error:
        step = traceback.extract_tb(error.__traceback__)[-1]
        raise InfrastructureError(
            f"the harness itself failed with {submission} on task {task}, phase {phase()}: "
            f"{type(error).__name__}: {encodable(str(error))[:_CHARACTERS]} ({step.filename}:{step.lineno}); "
            "no record was written and the submission is not to blame: please report this line"
        ) from error


def encodable(text: str) -> str:
    """Return `text` with escapes for what UTF-8 cannot encode, such as a file name in another encoding."""
    return text.encode("utf-8", "backslashreplace").decode()
