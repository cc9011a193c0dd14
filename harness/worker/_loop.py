"""The main loop of the worker: receive a request, handle it, send a reply."""

from __future__ import annotations

import contextlib
import copy
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from harness.artifact import (  # early, because later a student's file could shadow a module that it needs
    NotAFileError,
    Vocabulary,
    count_contents,
    count_submission,
    read_files,
)
from harness.contract import Limits, Model, Split, TaskInfo
from harness.kinds import PREDICTION_FORMS, OneArray, PredictionForm
from harness.wire import (
    MAX_LOGGED_NAME,
    MAX_LOGGED_NAMES,
    MAX_LOGGED_VALUE,
    BusyWait,
    Channel,
    ChannelClosed,
    Clock,
    Done,
    Echo,
    Extract,
    FileSent,
    Fit,
    Form,
    Inspect,
    Load,
    Logged,
    OpenArchive,
    Predict,
    Raised,
    Request,
    Save,
    Setup,
    Weigh,
    Weighed,
    admit_all,
    pack,
    unpack,
)
from harness.worker._archive import read_archive
from harness.worker._confine import confine
from harness.worker._explain import ArtifactError, ContractError, encodable, explain
from harness.worker._inspect import inspect
from harness.worker._mistake import Doing
from harness.worker._notebook_model import find_model
from harness.worker._student import make_model
from harness.worker._to_arrays import plain

Array = np.ndarray[Any, Any]
Answer = tuple[Form, tuple[Array, ...]]

_DOING: dict[type, Doing] = {
    Setup: "import", Fit: "fit", Save: "save", Load: "load", Predict: "predict", Inspect: "predict",
}  # fmt: skip
_PARSING_PROCESSES = 64
_EVERY_LOG = 2_000
_LOGS_PER_SECOND = 20  # after `_EVERY_LOG` logs have been sent


def main(reader: int, writer: int) -> None:
    """Serve requests until the host closes the channel."""
    for fd in (reader, writer):
        os.set_inheritable(fd, False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr] # text
    channel: Channel[Request] = Channel(reader, writer, Request)
    channel.send(Done())
    with contextlib.suppress(ChannelClosed):
        Worker(channel).serve()


class Worker:
    """The state of one worker: the folder of the submission, its task and, after `Setup`, its model."""

    def __init__(self, channel: Channel[Request]) -> None:
        self._channel = channel
        self._lock = threading.Lock()  # a student may log from threads
        self._logs, self._last_log = 0, 0.0
        self._folder = Path()
        self._artifact: Path | None = None
        self._task: TaskInfo
        self._form: PredictionForm
        self._model: Model

    def serve(self) -> None:
        """Answer requests one at a time; an exception of student code is also an answer."""
        while True:
            request, arrays = self._channel.receive(admit_all)
            try:
                reply, results = self._handle(request, arrays)
            except ChannelClosed:
                raise
            except BaseException as error:  # student code may raise SystemExit and KeyboardInterrupt as well
                reply, results = self._explain(error, _DOING.get(type(request), "other"), _items(request, arrays)), ()
            self._send(reply, *results)
            match request:
                case Predict("array"):
                    self._repeat(self._predict)
                case Clock("array"):
                    self._repeat(self._clock)
                case Echo():
                    self._repeat(partial(_echo, request))

    def _repeat(self, answer: Callable[[Array], Answer]) -> None:
        """Answer requests like the last one with as little overhead as possible, because the host may time them."""
        channel, lock = self._channel, self._lock
        _switch_gradient_off()
        finish = _synchroniser()
        while (inputs := channel.receive_compact()) is not None:
            try:
                form, results = answer(inputs)
                finish()
            except BaseException as error:
                self._send(self._explain(error, "predict", len(inputs)))
                continue
            with lock:
                sent = len(results) == 1 and channel.send_compact(results[0])
            if not sent:
                self._send(Done(form), *results)

    def _send(self, reply: msgspec.Struct, *results: Array) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # the student may have closed or replaced it
                stream.flush()
        with self._lock:
            self._channel.send(reply, *results)

    def _explain(self, error: BaseException, doing: Doing, items: int) -> msgspec.Struct:
        try:
            return explain(error, self._folder, doing, items, self._artifact)
        except BaseException:  # a class of student code may do anything, but the host needs an answer
            return Raised("Exception", "(the exception cannot be shown)", None, None, "")

    def _handle(self, request: Request, arrays: list[Array]) -> tuple[msgspec.Struct, tuple[Array, ...]]:
        match request:
            case Predict(form):
                _switch_gradient_off()
                form, results = self._predict(unpack(form, arrays))
                return Done(form), results
            case Clock(form):
                form, results = self._clock(unpack(form, arrays))
                return Done(form), results
            case Echo():
                form, results = _echo(request, arrays)
                return Done(form), results
            case Inspect(form):
                inputs = unpack(form, arrays)
                _switch_gradient_off()
                before = copy.deepcopy(inputs)
                seen = inspect(lambda: self._predict(inputs))
                return msgspec.structs.replace(seen, inputs_changed=not np.array_equal(before, inputs)), ()
            case Extract():
                confine(Limits(), _PARSING_PROCESSES)
                return find_model(unpack("texts", arrays)), ()
            case Weigh(artifact, files, memory_bytes):
                confine(Limits(memory_bytes=memory_bytes), _PARSING_PROCESSES)
                vocabulary = Vocabulary(unpack("texts", arrays)) if arrays else None
                return Weighed(count_contents(Path(artifact), vocabulary), count_submission(Path(files))), ()
        self._do(request, arrays)
        return Done(), ()

    def _do(self, request: Request, arrays: list[Array]) -> None:
        """Handle a request whose answer is `Done` without content."""
        match request:
            case BusyWait(seconds):
                self._channel.busy_wait(seconds)
            case Setup():
                self._setup(request)
            case Fit():
                self._fit(request, arrays)
            case Save():
                self._save()
            case Load(folder):
                self._load(Path(folder))
            case OpenArchive(files, nbytes):
                confine(Limits(), _PARSING_PROCESSES)
                for path, content in read_archive(arrays[0].tobytes(), files, nbytes):
                    with self._lock:
                        self._channel.send(FileSent(path), content)

    def _setup(self, request: Setup) -> None:
        self._folder = Path(request.submission)
        self._task, self._form = request.task, PREDICTION_FORMS[request.predictions]
        sys.argv = ["model.py"]  # the worker's own arguments are not those of the student's program
        confine(request.task.limits, request.processes)
        self._model = make_model(self._folder, request.task, request.seed, self)

    def _fit(self, request: Fit, arrays: list[Array]) -> None:
        remaining = iter(arrays)
        parts = [unpack(form, [next(remaining) for _ in range(1 if form == "array" else 2)]) for form in request.forms]
        for part in parts:
            if isinstance(part, np.ndarray):
                part.setflags(write=False)
        self._model.fit(Split(parts[0], parts[1]), Split(parts[2], parts[3]))

    def _save(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="artifact-"))
        self._model.save(folder)
        try:
            for path, content in read_files(folder):
                with self._lock:
                    self._channel.send(FileSent(path), content)
        except NotAFileError as error:
            raise ArtifactError(str(error)) from error

    def _load(self, folder: Path) -> None:
        self._artifact = folder
        # student code may return anything
        loaded: object = self._model.load(folder)  # type: ignore[func-returns-value]
        if isinstance(loaded, Model) and loaded is not self._model:
            raise ContractError(
                "load returned a model, which is not used: set the attributes of self, and return nothing",
                file="model.py",
            )

    def _predict(self, inputs: Any) -> Answer:
        if isinstance(inputs, np.ndarray):
            inputs.flags.writeable = False
        return plain(self._model.predict(inputs), self._form)

    def _clock(self, inputs: Any) -> Answer:
        result = self._model.predict(inputs)
        start = time.perf_counter()
        self._model.predict(inputs)
        seconds = time.perf_counter() - start
        plain(result, self._form)  # so that converting the result costs as much as for a prediction
        return pack(np.array([seconds]))

    def report(self, values: dict[str, float]) -> None:
        """Send the values given to `Model.log` that can be drawn; if a model logs very often, only some are sent."""
        now = time.monotonic()
        with self._lock:
            if self._logs >= _EVERY_LOG and now - self._last_log < 1 / _LOGS_PER_SECOND:
                return
            self._logs, self._last_log = self._logs + 1, now
            self._channel.send(Logged(_drawable(values)))


def _drawable(values: dict[str, float]) -> dict[str, float]:
    """Return the `values` that a learning curve can show, within the bounds of a reply."""
    drawn = {
        encodable(name)[:MAX_LOGGED_NAME]: value for name, value in values.items() if abs(value) <= MAX_LOGGED_VALUE
    }
    return dict(islice(drawn.items(), MAX_LOGGED_NAMES))


def _items(request: Request, arrays: list[Array]) -> int:
    """Return the number of inputs that predict was given."""
    return len(arrays[0]) if isinstance(request, Predict) and request.form == "array" and arrays else 0


def _echo(request: Echo, _: object) -> Answer:
    """Do the same as for a prediction, except call the model."""
    return plain(np.zeros(request.shape, request.dtype), OneArray())


def _synchroniser() -> Callable[[], object]:
    """Return a function that waits for the GPU, if one is used, so that one answer does not delay the next."""
    cuda: Any = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda.synchronize if cuda is not None and cuda.is_initialized() else lambda: None


def _switch_gradient_off() -> None:
    """Disable gradients permanently if torch is loaded; entering ``torch.no_grad()`` each time would be timed."""
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "is_grad_enabled") and torch.is_grad_enabled():
        torch.set_grad_enabled(False)
