"""The worker of the yardstick; one worker serves all measurements of a process."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import harness.timing.yardstick
from harness.contract import Limits, TaskInfo
from harness.errors import HarnessError, InfrastructureError
from harness.evaluation._exchange import Stage
from harness.evaluation._session import Session
from harness.kinds import Classification
from harness.sandbox import Folder, Sandbox
from harness.wire import Raised

YARDSTICK_WIDTH = 256
_YARDSTICK = TaskInfo(
    name="yardstick",
    kind="classification",
    input_shape=(YARDSTICK_WIDTH,),
    input_dtype="float32",
    classes=tuple("0123456789"),
    n_train=0,
    n_validation=0,
    limits=Limits(),
)


class YardstickSession(Session):
    """The session of the yardstick, a model that is part of the harness.

    All its failures are failures of the infrastructure, including a timeout.
    """

    def ended(self, stage: Stage) -> HarnessError:
        """Return the error that says why the worker has ended."""
        return _as_infrastructure(super().ended(stage))

    def raised(self, stage: Stage, raised: Raised) -> HarnessError:
        """Return the error for an exception of the yardstick."""
        return _as_infrastructure(super().raised(stage, raised))

    def broke_protocol(self, stage: Stage, problem: str) -> HarnessError:
        """Return the error for a message that is not a reply."""
        return _as_infrastructure(super().broke_protocol(stage, problem))


def _as_infrastructure(error: HarnessError) -> InfrastructureError:
    return InfrastructureError(f"the yardstick failed next to the model ({error}): run the same command again")


def yardstick_session(sandbox: Sandbox, *more: Folder) -> Session:
    """Return a session of the yardstick, not started yet, whose worker sees its code and the folders `more`."""
    folders = (Folder("submission", Path(harness.timing.yardstick.__file__).parent), *more)
    return YardstickSession(sandbox=sandbox, kind=Classification(), task=_YARDSTICK, folders=folders, threads=1)


class Yardstick:
    """The yardstick's worker, started when it is first needed, and again once it has ended or been discarded."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._held = ExitStack()
        self._session: Session | None = None

    def session(self) -> Session:
        """Return the session of a worker that is ready to predict.

        Raises:
            InfrastructureError: it cannot be started.
        """
        if self._session is None or self._session.process.has_exited:
            self.close()
            with ExitStack() as undo:
                session = undo.enter_context(yardstick_session(self._sandbox))
                session.setup(0)
                self._held = undo.pop_all()
            self._session = session
        return self._session

    def close(self) -> None:
        """End the worker; the next measurement starts another one."""
        self._session = None
        self._held.close()
