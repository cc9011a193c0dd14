"""The requests that a host sends and the replies that a worker sends.

A host does not trust replies: each of their fields has a bound in its annotation, which is checked when a reply is
decoded.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from harness.artifact import ArtifactContents, SubmissionContents
from harness.contract import TaskInfo
from harness.wire._codec import Form

MAX_COUNT = 1 << 53
"""The largest number of operations that a worker may report; every reader of JSON represents it exactly."""
MAX_LOGGED_VALUE = 1e100
"""The largest magnitude of a logged value: sums, squares and cubes of such numbers are finite."""
MAX_LOGGED_NAMES, MAX_LOGGED_NAME = 32, 64
MAX_NAMES, MAX_NAME = 1_024, 200
MAX_PATH = 255
MAX_LINE = (1 << 31) - 1
MAX_PIECES = 10_000
MAX_MESSAGE, MAX_TRACEBACK = 2_000, 8_000

Name = Annotated[str, Meta(max_length=MAX_NAME)]
Names = Annotated[tuple[Name, ...], Meta(max_length=MAX_NAMES)]
Position = Annotated[int, Meta(ge=1, le=MAX_LINE)]
Column = Annotated[int, Meta(ge=0, le=MAX_LINE)]
LoggedName = Annotated[str, Meta(max_length=MAX_LOGGED_NAME)]
LoggedValue = Annotated[float, Meta(ge=-MAX_LOGGED_VALUE, le=MAX_LOGGED_VALUE)]

Reason = Literal["error", "contract", "memory", "processes", "scratch", "predictions"]


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class Echo(_Message, frozen=True, tag="echo"):
    """Answer `Done` with zeros of this form. It is used to time the channel, in a process without student code."""

    shape: tuple[int, ...]
    dtype: str


class Clock(_Message, frozen=True, tag="clock"):
    """Predict the inputs that follow twice; `Done` carries the seconds that the second prediction took.

    It is only sent to the yardstick, because a student's worker could report any time.
    """

    form: Form = "array"


class BusyWait(_Message, frozen=True, tag="busy_wait"):
    """From now on, busy-wait up to `seconds` for the next request before sleeping."""

    seconds: float


class Setup(_Message, frozen=True, tag="setup"):
    """Import ``model.py`` from `submission` and create ``Model()`` under the limits of the task."""

    task: TaskInfo
    predictions: str
    """The form of predictions, one of `harness.kinds.PREDICTION_FORMS`."""
    seed: int
    submission: str
    processes: int


class Fit(_Message, frozen=True, tag="fit"):
    """Fit on the arrays that follow: train inputs and targets, validation inputs and targets."""

    forms: tuple[Form, Form, Form, Form]


class Save(_Message, frozen=True, tag="save"):
    """Save the model, and send the files that it wrote as `FileSent` replies before `Done`."""


class Load(_Message, frozen=True, tag="load"):
    """Load the artifact at `folder`."""

    folder: str


class Predict(_Message, frozen=True, tag="predict"):
    """Predict the inputs that follow; `Done` carries the predictions."""

    form: Form = "array"


class Inspect(_Message, frozen=True, tag="inspect"):
    """Predict the inputs that follow; the answer is `Operators`."""

    form: Form = "array"


class Extract(_Message, frozen=True, tag="extract"):
    """Find the lines of a notebook that define its model; the texts of its cells follow, and no cell is run."""


class OpenArchive(_Message, frozen=True, tag="open_archive"):
    """Unpack the archive whose bytes follow, and send its files as `FileSent` replies before `Done`."""

    files: Annotated[int, Meta(ge=1)]
    """The largest number of files that it may contain."""
    nbytes: Annotated[int, Meta(ge=1)]
    """The largest number of bytes that they may contain together."""


class Weigh(_Message, frozen=True, tag="weigh"):
    """Count what the artifact and the files of the submission can contain; the training texts follow, if there are any.

    The worker that does so runs no code of a submission.
    """

    artifact: str
    files: str
    memory_bytes: int


Request = Weigh | OpenArchive | Extract | Echo | Clock | BusyWait | Setup | Fit | Save | Load | Predict | Inspect


class Done(_Message, frozen=True, tag="done"):
    """The request is done; predictions, if any, follow."""

    form: Form = "array"


class Logged(_Message, frozen=True, tag="logged"):
    """``Model.log`` was called; any number of these messages may precede the reply to a request."""

    values: Annotated[dict[LoggedName, LoggedValue], Meta(max_length=MAX_LOGGED_NAMES)]


class FileSent(_Message, frozen=True, tag="file"):
    """One file; its bytes follow as a uint8 array, and `path` is relative and has slashes."""

    path: Annotated[str, Meta(max_length=MAX_PATH)]


class Operators(_Message, frozen=True, tag="operators"):
    """The answer to `Inspect`, which is not reliable; it is empty if torch was never loaded."""

    names: Names = ()
    """The operators and modules that were used."""
    flops: Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None = None
    """The number of floating-point operations."""
    uncounted: Names = ()
    """Operators that compute but are not counted in `flops`."""
    inputs_changed: bool = False
    """Whether `predict` changed its inputs."""
    training: Names = ()
    """Modules that behave differently in training mode and were called in it."""


class Extracted(_Message, frozen=True, tag="extracted"):
    """The lines of a notebook that define its model; lines and cells are counted from 1.

    It is not reliable, so it contains only ranges and no text.
    """

    pieces: Annotated[tuple[tuple[Position, Position, Position], ...], Meta(max_length=MAX_PIECES)] = ()
    """Cell, first line, last line."""
    blanked: Annotated[tuple[tuple[Position, Position], ...], Meta(max_length=MAX_PIECES)] = ()
    """Cell and line of lines that only a notebook understands, such as magics, inside a piece."""
    partial: Annotated[tuple[tuple[Position, Position, Column, Column], ...], Meta(max_length=MAX_PIECES)] = ()
    """Cell, line, first column and end column of a statement that shares its line with other statements."""
    future: Names = ()
    """Features of ``from __future__``."""
    missing: Names = ()
    """Names that the model uses and that no extractable statement defines."""
    set_again: Names = ()
    """Names that the model uses and whose value is changed by a statement that is left out, such as a loop."""


class Raised(_Message, frozen=True, tag="raised"):
    """An exception of student code and its position in the student's files.

    It is not reliable, and is only used for the message about the failure.
    """

    exception: Name
    message: Annotated[str, Meta(max_length=MAX_MESSAGE)]
    file: Annotated[str, Meta(max_length=MAX_PATH)] | None
    line: Annotated[int, Meta(ge=0, le=MAX_LINE)] | None
    traceback: Annotated[str, Meta(max_length=MAX_TRACEBACK)]
    reason: Reason = "error"


class Weighed(_Message, frozen=True, tag="weighed"):
    """How much knowledge the artifact and the files of the submission can contain."""

    contents: ArtifactContents
    submission: SubmissionContents


Reply = Weighed | Done | Extracted | Logged | FileSent | Operators | Raised
