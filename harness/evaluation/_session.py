"""A worker as the host sees it: typed calls, each held to its limit, each failure with a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np

from harness.artifact import ArtifactTooLargeError, BadFileNameError, Receiver
from harness.contract import Limits, Predictions, Split, TaskInfo
from harness.errors import FailureKind, HarnessError, InfrastructureError, Phase, SubmissionError
from harness.evaluation._predictions import accept, admit_predictions
from harness.sandbox import Allowance, Box, Exceeded, Folder, Gpu, Process, Sandbox
from harness.wire import (
    Admit,
    ArrayHeader,
    BusyWait,
    ChannelClosed,
    Clock,
    Done,
    Echo,
    Extract,
    Extracted,
    File,
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
    WireError,
    anything,
    pack,
)

Array = np.ndarray[Any, Any]

ASSETS = "assets"
_START_SECONDS = 60.0
_MAX_LOGGED = 10_000
_LOG_TAIL_CHARACTERS = 64 * 1024
_DONE = Done()


def _one_number(_: object, headers: Sequence[ArrayHeader]) -> None:
    if [tuple(header) for header in headers] != [(np.dtype(np.float64), (1,))]:
        raise WireError("one number was expected")


def _no_arrays(_: object, headers: Sequence[ArrayHeader]) -> None:
    if headers:
        raise WireError(f"{len(headers)} arrays came where none were expected")


@dataclass(frozen=True)
class Stage:
    """One call: in which phase it is, and what its failure is called."""

    phase: Phase
    kind: FailureKind


@dataclass(frozen=True)
class Answer:
    """What came back for a batch, not yet checked item by item."""

    reply: Reply
    arrays: list[Array]


class ProtocolError(SubmissionError):
    """The worker sent what is no reply: the harness in it was tampered with, or its descriptors were written to."""


class Exchange:
    """A request made ready: `send` returns when the answer is there, `take` returns it."""

    def __init__(self, session: Session, stage: Stage, frame: Frame, admit: Admit) -> None:
        self._session, self._stage, self._frame, self._admit = session, stage, frame, admit
        self._channel = session.process.channel
        self._reply: tuple[Reply, list[Array]] | None = None

    def send(self) -> None:
        """Send the request and wait for the whole answer, in few steps where both are like the last ones.

        Raises:
            SubmissionError: the worker raised, ended, or did not keep to the protocol.
        """
        self._reply = None
        try:
            if self._channel.exchange_again(self._frame):
                return
        except ChannelClosed:
            raise self._session.ended(self._stage) from None
        self._reply = self._session.follow(self._stage, self._admit)

    def take(self) -> Answer:
        """Return the answer; only once, and before the next request is sent."""
        # a short answer repeats the form of one to the same question, and that was admitted
        return Answer(*(self._reply or (_DONE, [self._channel.take_again()])))

    def __call__(self) -> Answer:
        """Send the request and return the answer."""
        self.send()
        return self.take()


@dataclass(kw_only=True)
class Session:
    """One worker, from its start to its end; use it as a context."""

    sandbox: Sandbox
    task: TaskInfo
    folders: tuple[Folder, ...]
    threads: int
    gpu: Gpu | None = None
    assets: tuple[str, ...] = ()
    """Files in the folder ``assets`` that the model is told of."""
    on_log: Callable[[dict[str, float]], None] = field(default=lambda _: None)
    _logged: int = field(default=0, init=False)

    def __enter__(self) -> Session:
        box = Box(folders=self.folders, limits=self.limits, threads=self.threads, gpu=self.gpu)
        self.process = Process(self.sandbox, box)
        try:
            with self.process.allow(Allowance(limit="start", seconds=_START_SECONDS)):
                self.process.channel.receive(_no_arrays)
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
    def limits(self) -> Limits:
        """The task's limits."""
        return self.task.limits

    def within(self, limit: str, *, timed: bool = False) -> AbstractContextManager[None]:
        """Hold all that happens in the context to the limit of this name."""
        return self.process.allow(Allowance(limit=limit, seconds=getattr(self.limits, limit), timed=timed))

    def setup(self, seed: int, kind: FailureKind = "invalid_submission", phase: Phase = "import") -> None:
        """Import the submission and make its model."""
        place = self.process.place(ASSETS) if self.assets else ""
        task = replace(self.task, assets={name: f"{place}/{name}" for name in self.assets})
        request = Setup(task, seed, self.process.place("submission"), self.process.processes)
        with self.within("import_seconds"):
            self._call(Stage(phase, kind), self._frame(request))

    def extract(self, cells: Sequence[str]) -> Extracted:
        """Return which lines of a notebook's cells make its model; nothing of them is run."""
        stage = Stage("import", "invalid_submission")
        with self.within("import_seconds"):
            reply, _ = self._call(stage, self._frame(Extract(), *pack(list(cells))[1]))
        if not isinstance(reply, Extracted):
            raise self.no_protocol(stage, f"a {type(reply).__name__} reply to Extract")
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
        """Have the model saved and write what comes to the folder `to`."""
        taker = _ArtifactTaker(to, self.limits.artifact_bytes)
        with self.within("save_seconds"):
            self._call(Stage("save", "save_error"), self._frame(Save()), taker.admit, taker.take)

    def load(self) -> None:
        """Load the artifact."""
        with self.within("load_seconds"):
            self._call(Stage("load", "load_error"), self._frame(Load(self.process.place("artifact"))))

    def echo(self, inputs: Any, answer: Array) -> Exchange:
        """Make ready an exchange like a request's, answered without a model: the channel alone."""
        _, arrays = pack(inputs)
        frame = self._frame(Echo(answer.shape, str(answer.dtype)), *arrays)
        return Exchange(self, Stage("measure", "predict_error"), frame, anything)

    def clock(self, inputs: Any) -> Exchange:
        """Make ready a request to predict one batch and answer with what a second time took, by the worker's clock."""
        form, arrays = pack(inputs)
        return Exchange(self, Stage("measure", "predict_error"), self._frame(Clock(form), *arrays), _one_number)

    def busy_wait(self, here: float, there: float) -> None:
        """Have the host busy-wait `here` seconds for an answer, and the worker `there` for a request."""
        self.process.channel.busy_wait(here)
        with self.within("load_seconds"):
            self._call(Stage("load", "load_error"), self._frame(BusyWait(there)))

    def request(self, inputs: Any, phase: Phase = "predict") -> Exchange:
        """Make ready a request to predict one batch."""
        form, arrays = pack(inputs)
        n, shape = len(inputs), inputs.shape[1:] if isinstance(inputs, np.ndarray) else ()
        admit = admit_predictions(self.task, n, shape, phase)
        return Exchange(self, Stage(phase, "predict_error"), self._frame(Predict(form), *arrays), admit)

    def accept(self, answer: Answer, phase: Phase = "predict") -> Predictions:
        """Check an answer item by item."""
        stage = Stage(phase, "predict_error")
        if not isinstance(answer.reply, Done):
            raise self.no_protocol(stage, f"a {type(answer.reply).__name__} reply to Predict")
        try:
            return accept(self.task, answer.arrays, phase)
        except (WireError, ValueError) as error:
            raise self.no_protocol(stage, str(error)) from error

    def inspect(self, inputs: Any) -> Operators:
        """Return which operators predicting `inputs` dispatches, and how many operations they are."""
        form, arrays = pack(inputs)
        with self.within("predict_seconds"):
            reply, _ = self._call(Stage("audit", "predict_error"), self._frame(Inspect(form), *arrays))
        return reply if isinstance(reply, Operators) else Operators()

    def _frame(self, message: msgspec.Struct, *arrays: Array) -> Frame:
        return self.process.channel.frame(message, *arrays)

    def _call(
        self,
        stage: Stage,
        frame: Frame,
        admit: Admit = _no_arrays,
        take: Callable[[File, Array], None] | None = None,
    ) -> tuple[Reply, list[Array]]:
        """Send `frame` and return the reply proper."""
        try:
            self.process.channel.transmit(frame)
        except ChannelClosed:
            raise self.ended(stage) from None
        return self.follow(stage, admit, take)

    def follow(
        self, stage: Stage, admit: Admit, take: Callable[[File, Array], None] | None = None
    ) -> tuple[Reply, list[Array]]:
        """Take what comes before the reply proper, return that."""
        try:
            while True:
                reply, answer = self.process.channel.receive(admit)
                match reply:
                    case Logged(values):
                        self._log(values)
                    case File() if take is not None:
                        take(reply, answer[0])
                    case Raised():
                        raise self.raised(stage, reply)
                    case _:
                        return reply, answer
        except ChannelClosed:
            raise self.ended(stage) from None
        except WireError as error:
            raise self.no_protocol(stage, str(error)) from error

    def _log(self, values: dict[str, float]) -> None:
        self._logged += 1
        if self._logged <= _MAX_LOGGED:
            self.on_log(values)

    def raised(self, stage: Stage, raised: Raised) -> HarnessError:
        raised = self._plausible(raised)
        exceeded = self.process.exceeded
        if exceeded is not None and exceeded.kind == "out_of_memory":  # a child was killed, its parent lives to tell
            return SubmissionError(
                "out_of_memory", stage.phase, _over(exceeded, stage.phase), log_tail=raised.traceback
            )
        said = f"{raised.exception}: {raised.message}" if raised.exception else raised.message
        kind, message = stage.kind, said
        match raised.reason:
            case "predictions":
                kind = "bad_predictions"
            case "memory":
                kind = "out_of_memory"
                message = f"out of memory ({said}); limit memory_bytes {self.limits.memory_bytes:,}"
            case "processes":
                kind = "resource_limit"
                message = f"no more processes or threads ({said}); limit processes {self.limits.processes}"
            case "scratch":
                kind = "resource_limit"
                message = f"no more disk ({said}); limit scratch_bytes {self.limits.scratch_bytes:,}"
        return SubmissionError(
            kind,
            stage.phase,
            message,
            file=raised.file,
            line=raised.line,
            log_tail=f"{self.process.log_tail}\n{raised.traceback}".strip()[-_LOG_TAIL_CHARACTERS:],
        )

    def _plausible(self, raised: Raised) -> Raised:
        """Keep of a worker's claim what may be true: a line of a file that was submitted."""
        submission = next(folder.source for folder in self.folders if folder.name == "submission")
        path = PurePosixPath(raised.file or "..")
        known = ".." not in path.parts and not path.is_absolute() and _is_file(submission / path)
        return msgspec.structs.replace(
            raised,
            file=str(path) if known else None,
            line=raised.line if known and raised.line else None,
        )

    def ended(self, stage: Stage) -> HarnessError:
        """Say why the worker is gone: over a limit, or by its own doing."""
        how = self.process.exit_description()
        exceeded, tail = self.process.exceeded, self.process.log_tail
        if exceeded is None:
            return SubmissionError(
                stage.kind,
                stage.phase,
                f"the process {how} during {stage.phase}: let it return",
                log_tail=tail,
            )
        return SubmissionError(exceeded.kind, stage.phase, _over(exceeded, stage.phase), log_tail=tail)

    def no_protocol(self, stage: Stage, problem: str) -> HarnessError:
        self.process.kill()
        return ProtocolError(
            stage.kind,
            stage.phase,
            f"the worker did not keep to the protocol during {stage.phase} ({problem}): "
            "leave the harness's own file descriptors alone",
            log_tail=self.process.log_tail,
        )


def _over(exceeded: Exceeded, phase: Phase) -> str:
    unit, remedy = ("bytes", "use less") if exceeded.limit.endswith("_bytes") else ("s", "make it faster")
    if exceeded.limit == "import_seconds":
        remedy = (
            "model.py is still busy at its top level: training belongs into fit; from a script made of a notebook "
            "delete the cells that train, or hand in the notebook itself"
        )
    return (
        f"{phase} went over the limit {exceeded.limit}: {exceeded.observed:,.1f} {unit} observed, "
        f"{exceeded.value:,.10g} {unit} allowed; {remedy}"
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that cannot be one
        return False


class _ArtifactTaker:
    """Receives an artifact's files from a worker that may send anything."""

    def __init__(self, folder: Path, cap: int) -> None:
        self._receiver = Receiver(folder, cap)

    def admit(self, message: object, headers: Sequence[ArrayHeader]) -> None:
        if not isinstance(message, File):
            return _no_arrays(message, headers)
        if len(headers) != 1 or headers[0].dtype != np.uint8 or len(headers[0].shape) != 1:
            raise WireError("a file must come as one row of bytes")
        try:
            self._receiver.announce(headers[0].nbytes)
        except ArtifactTooLargeError as error:
            raise SubmissionError("resource_limit", "save", str(error)) from error
        return None

    def take(self, file: File, content: Array) -> None:
        try:
            self._receiver.write(file.path, content.tobytes())
        except BadFileNameError as error:
            raise WireError(str(error)) from error
