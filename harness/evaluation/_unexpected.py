"""What nobody expected is the harness's own failure: reported with all that is needed to look for it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.errors import HarnessError, InfrastructureError

_CHARACTERS = 500


@contextmanager
def reported(submission: str, task: str, phase: Callable[[], str]) -> Iterator[None]:
    """Turn what nobody expected inside into an error that names `submission`, `task` and the `phase` reached.

    Raises:
        InfrastructureError: something was neither foreseen nor the file system's.
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
    """Return `text` with what UTF-8 cannot carry, a file's name in another encoding say, made visible."""
    return text.encode("utf-8", "backslashreplace").decode()
