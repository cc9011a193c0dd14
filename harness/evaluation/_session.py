"""The host's side of a worker: typed calls, each with a limit and a named kind of failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from harness.contract import WALL_CLOCK_FACTOR, Limits, Predictions, Split, TaskInfo
from harness.errors import FailureKind, HarnessError, InfrastructureError, Phase, SubmissionError
from harness.evaluation._exchange import Answer, Exchange, Stage
from harness.evaluation._predictions import accept, admit_predictions
from harness.evaluation._take_artifact import ArtifactTaker
from harness.evaluation._worker_failures import failure_of_end, failure_of_exception, failure_of_protocol, plausible
from harness.kinds import Kind
from harness.sandbox import Allowance, Box, Folder, Gpu, Process, Sandbox
from harness.wire import (
    Admit,
    ArrayHeader,
    BusyWait,
    Channel,
    ChannelClosed,
    Clock,
    Done,
    Echo,
    Extract,
    Extracted,
    FileSent,
    Fit,
    Frame,
    Inspect,
    Load,
    Logged,
    Operators,
    Predict,
    Raised,
    Reply,
    Save,
    Setup,
    Weigh,
    Weighed,
    WireError,
    admit_all,
    pack,
)

Array = np.ndarray[Any, Any]

ASSETS = "assets"
_START_SECONDS = 60.0
_MAX_LOGGED = 10_000


def _one_number(_: object, headers: Sequence[ArrayHeader]) -> None:
    if [tuple(header) for header in headers] != [(np.dtype(np.float64), (1,))]:
        raise WireError("expected one number")


def _no_arrays(_: object, headers: Sequence[ArrayHeader]) -> None:
    if headers:
        raise WireError(f"{len(headers)} arrays came where none were expected")


@dataclass(kw_only=True)
class Session:
    """One worker, from its start to its end; use it as a context manager."""

    sandbox: Sandbox
    kind: Kind
    """The task's kind, which checks the predictions in the host's process."""
    task: TaskInfo
    folders: tuple[Folder, ...]
    threads: int
    gpu: Gpu | None = None
    hidden: tuple[Path, ...] = ()
    """Data of installed packages that the task hides."""
    assets: tuple[str, ...] = ()
    """Files in the folder ``assets`` whose paths the model gets."""
    on_log: Callable[[dict[str, float]], None] = field(default=lambda _: None)
    _logged: int = field(default=0, init=False)
    _refused: SubmissionError | None = field(default=None, init=False)
    """Why an answer was not read to its end; a later answer could not be distinguished from the rest of it."""

    def __enter__(self) -> Session:
        box = Box(folders=self.folders, limits=self.limits, threads=self.threads, gpu=self.gpu, hidden=self.hidden)
        self.process = Process(self.sandbox, box)
        try:
            with self.process.allow(Allowance(limit="start", seconds=_START_SECONDS)):
                self.channel.receive(_no_arrays)
        except (ChannelClosed, WireError) as error:
            how = self.process.exit_description()
            tail = self.process.log_tail.strip()[-500:]
            self.process.close()
            raise InfrastructureError(
                f"task {self.task.name}: the worker {how} before any student code ran ({tail or error!r}): "
                "run `harness doctor`"
            ) from error
        except BaseException:
            self.process.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close()

    @property
    def channel(self) -> Channel[Reply]:
        """The channel that requests and replies go through."""
        return self.process.channel

    @property
    def limits(self) -> Limits:
        """The task's limits."""
        return self.task.limits

    def within(self, limit: str, *, timed: bool = False) -> AbstractContextManager[None]:
        """Apply the limit of this name to the time of everything in the context."""
        return self.process.allow(Allowance(limit=limit, seconds=getattr(self.limits, limit), timed=timed))

    def _limited(self, limit: str) -> AbstractContextManager[None]:
        """Apply the limit of this name to the CPU time of what is in the context, and a multiple to the wall time."""
        seconds = getattr(self.limits, limit)
        allowance = Allowance(
            limit=limit, seconds=seconds, times=WALL_CLOCK_FACTOR, cpu_limit=limit, cpu_seconds=seconds
        )
        return self.process.allow(allowance)

    def setup(self, seed: int, kind: FailureKind = "invalid_submission", phase: Phase = "import") -> None:
        """Import the submission and create its model."""
        place = self.process.place(ASSETS) if self.assets else ""
        task = replace(self.task, assets={name: f"{place}/{name}" for name in self.assets})
        request = Setup(task, self.kind.form, seed, self.process.place("submission"), self.process.processes)
        with self._limited("import_seconds"):
            self._call(Stage(phase, kind), self._frame(request))

    def extract(self, cells: Sequence[str]) -> Extracted:
        """Return which lines of a notebook's cells define its model, without running any of them."""
        stage = Stage("import", "invalid_submission")
        with self._limited("import_seconds"):
            reply, _ = self._call(stage, self._frame(Extract(), *pack(list(cells))[1]))
        if not isinstance(reply, Extracted):
            raise self.broke_protocol(stage, f"a {type(reply).__name__} reply to Extract")
        return reply

    def weigh(self, texts: Sequence[str], seconds: float, patience: float) -> Weighed:
        """Return how much the folders ``artifact`` and ``files`` can contain, apart from words of `texts`.

        Counting may take `seconds` of CPU time and `patience` seconds of wall time, because the machine may be busy
        with other work.
        """
        stage = Stage("weigh", "resource_limit")
        places = self.process.place("artifact"), self.process.place("files")
        frame = self._frame(Weigh(*places, self.limits.memory_bytes), *(pack(list(texts))[1] if texts else ()))
        allowance = Allowance(limit="weigh_seconds", seconds=patience, cpu_limit="weigh_seconds", cpu_seconds=seconds)
        with self.process.allow(allowance):
            reply, _ = self._call(stage, frame)
        if not isinstance(reply, Weighed):
            raise self.broke_protocol(stage, f"a {type(reply).__name__} reply to Weigh")
        return reply

    def fit(self, train: Split, validation: Split) -> None:
        """Fit the model."""
        packed = [pack(part) for part in (train.inputs, train.targets, validation.inputs, validation.targets)]
        forms = (packed[0][0], packed[1][0], packed[2][0], packed[3][0])
        arrays = [array for _, group in packed for array in group]
        allowance = Allowance(
            limit="fit_seconds",
            seconds=self.limits.fit_seconds,
            cpu_limit="fit_cpu_seconds",
            cpu_seconds=self.limits.fit_cpu_seconds,
        )
        with self.process.allow(allowance):
            self._call(Stage("fit", "fit_error"), self._frame(Fit(forms), *arrays))

    def save(self, to: Path) -> None:
        """Let the model save itself, and write the files it sends to the folder `to`."""
        taker = ArtifactTaker(to, self.limits.artifact_bytes)
        with self._limited("save_seconds"):
            self._call(Stage("save", "save_error"), self._frame(Save()), taker.admit, taker.take)

    def load(self) -> None:
        """Load the artifact."""
        with self._limited("load_seconds"):
            self._call(Stage("load", "load_error"), self._frame(Load(self.process.place("artifact"))))

    def echo(self, inputs: Any, answer: Array) -> Exchange:
        """Prepare a request that the worker answers without the model, to time the channel alone."""
        _, arrays = pack(inputs)
        frame = self._frame(Echo(answer.shape, str(answer.dtype)), *arrays)
        return Exchange(self, Stage("measure", "predict_error"), frame, admit_all)

    def clock(self, inputs: Any) -> Exchange:
        """Prepare a request to predict one batch twice; the answer is the second duration by the worker's clock."""
        form, arrays = pack(inputs)
        return Exchange(self, Stage("measure", "predict_error"), self._frame(Clock(form), *arrays), _one_number)

    def busy_wait(self, here: float, there: float) -> None:
        """Make the host busy-wait `here` seconds for an answer, and the worker `there` seconds for a request."""
        self.channel.busy_wait(here)
        with self.within("measure_seconds"):
            self._call(Stage("measure", "predict_error"), self._frame(BusyWait(there)))

    def request(self, inputs: Any, phase: Phase = "predict") -> Exchange:
        """Prepare a request to predict one batch."""
        form, arrays = pack(inputs)
        n, shape = len(inputs), inputs.shape[1:] if isinstance(inputs, np.ndarray) else ()
        admit = admit_predictions(self.kind, self.task, n, shape, phase)
        return Exchange(self, Stage(phase, "predict_error"), self._frame(Predict(form), *arrays), admit)

    def accept(self, answer: Answer, phase: Phase = "predict") -> Predictions:
        """Check an answer item by item."""
        stage = Stage(phase, "predict_error")
        if not isinstance(answer.reply, Done):
            raise self.broke_protocol(stage, f"a {type(answer.reply).__name__} reply to Predict")
        try:
            return accept(self.kind, self.task, answer.arrays, phase)
        except (WireError, ValueError) as error:
            raise self.broke_protocol(stage, str(error)) from error

    def inspect(self, inputs: Any) -> Operators:
        """Return the operators that predicting `inputs` dispatches, and the number of floating-point operations."""
        form, arrays = pack(inputs)
        with self.within("predict_seconds"):
            reply, _ = self._call(Stage("audit", "predict_error"), self._frame(Inspect(form), *arrays))
        return reply if isinstance(reply, Operators) else Operators()

    def _frame(self, message: msgspec.Struct, *arrays: Array) -> Frame:
        if self._refused is not None:
            raise self._refused
        return self.channel.frame(message, *arrays)

    def _call(
        self,
        stage: Stage,
        frame: Frame,
        admit: Admit = _no_arrays,
        take: Callable[[FileSent, Array], None] | None = None,
    ) -> tuple[Reply, list[Array]]:
        """Send `frame` and return the final reply."""
        try:
            self.channel.transmit(frame)
        except ChannelClosed:
            raise self.ended(stage) from None
        return self.follow(stage, admit, take)

    def follow(
        self, stage: Stage, admit: Admit, take: Callable[[FileSent, Array], None] | None = None
    ) -> tuple[Reply, list[Array]]:
        """Handle the messages before the final reply, and return that reply."""

        def remembering(message: object, headers: Sequence[ArrayHeader]) -> None:
            try:
                admit(message, headers)
            except SubmissionError as error:
                self._refused = error
                raise

        try:
            while True:
                reply, answer = self.channel.receive(remembering)
                match reply:
                    case Logged(values):
                        self._log(values)
                    case FileSent() if take is not None:
                        take(reply, answer[0])
                    case Raised():
                        raise self.raised(stage, reply)
                    case _:
                        return reply, answer
        except ChannelClosed:
            raise self.ended(stage) from None
        except WireError as error:
            raise self.broke_protocol(stage, str(error)) from error

    def _log(self, values: dict[str, float]) -> None:
        self._logged += 1
        if self._logged <= _MAX_LOGGED:
            self.on_log(values)

    def raised(self, stage: Stage, raised: Raised) -> HarnessError:
        """Return the error for an exception that the worker reported."""
        return failure_of_exception(stage, plausible(raised, self.folders), self.process, self.limits)

    def ended(self, stage: Stage) -> HarnessError:
        """Return the error that says why the worker has ended."""
        return failure_of_end(stage, self.process)

    def broke_protocol(self, stage: Stage, problem: str) -> HarnessError:
        """End a worker that sent something that is not a reply, and return the error that says so."""
        self.process.kill()
        return failure_of_protocol(stage, problem, self.process)
