"""The requests a host makes and the replies a worker gives.

A reply is a claim: the annotation of each of its fields is the bound that it is held to when it is decoded.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from harness.artifact import ArtifactContents, SubmissionContents
from harness.contract import TaskInfo
from harness.wire._codec import Form

MAX_COUNT = 1 << 53
"""Largest number of operations that a worker may claim: up to here every reader of JSON keeps a whole number exact."""
MAX_LOGGED_VALUE = 1e100
"""Largest magnitude of a logged value: sums, squares and cubes of such numbers are finite."""
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
    """Answer `Done` with zeros of this form; the channel is timed with it, in a process without student code."""

    shape: tuple[int, ...]
    dtype: str


class Clock(_Message, frozen=True, tag="clock"):
    """Predict the inputs that follow twice; `Done` carries the seconds that the second time took.

    Only the yardstick is asked: a student's worker would judge its own speed.
    """

    form: Form = "array"


class BusyWait(_Message, frozen=True, tag="busy_wait"):
    """Busy-wait up to `seconds` for the next request before sleeping, from now on."""

    seconds: float


class Setup(_Message, frozen=True, tag="setup"):
    """Import ``model.py`` from `submission` and make ``Model()`` under the limits given."""

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
    """Save, and send back what was written as `FileSent` replies before `Done`."""


class Load(_Message, frozen=True, tag="load"):
    """Load the artifact at `folder`."""

    folder: str


class Predict(_Message, frozen=True, tag="predict"):
    """Predict the inputs that follow; `Done` carries the predictions."""

    form: Form = "array"


class Inspect(_Message, frozen=True, tag="inspect"):
    """Predict the inputs that follow and name the operators that were dispatched."""

    form: Form = "array"


class Extract(_Message, frozen=True, tag="extract"):
    """Find the lines of a notebook that define its model; the texts of its cells follow, and none is run."""


class OpenArchive(_Message, frozen=True, tag="open_archive"):
    """Send back the files in the archive whose bytes follow, as `FileSent` replies before `Done`."""

    files: Annotated[int, Meta(ge=1)]
    """The most files that it may hold."""
    nbytes: Annotated[int, Meta(ge=1)]
    """The most bytes that they may hold together."""


class Weigh(_Message, frozen=True, tag="weigh"):
    """Count what the artifact and the files of the submission can contain; the training texts follow, if there are any.

    The worker that does so runs nothing of a submission.
    """

    artifact: str
    files: str
    memory_bytes: int


Request = Weigh | OpenArchive | Extract | Echo | Clock | BusyWait | Setup | Fit | Save | Load | Predict | Inspect


class Done(_Message, frozen=True, tag="done"):
    """The request is done; predictions, if any, follow."""

    form: Form = "array"


class Logged(_Message, frozen=True, tag="logged"):
    """``Model.log`` was called; any number come before the reply proper."""

    values: Annotated[dict[LoggedName, LoggedValue], Meta(max_length=MAX_LOGGED_NAMES)]


class FileSent(_Message, frozen=True, tag="file"):
    """One file of the artifact, its bytes as a uint8 array; `path` is relative, with slashes."""

    path: Annotated[str, Meta(max_length=MAX_PATH)]


class Operators(_Message, frozen=True, tag="operators"):
    """The findings of `Inspect`; none, and no count, if torch was never loaded. A claim."""

    names: Names = ()
    flops: Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None = None
    uncounted: Names = ()
    """Operators that calculate but are not in `flops`."""
    inputs_changed: bool = False
    training: Names = ()
    """Modules that act differently while training, and were called in training mode."""


class Extracted(_Message, frozen=True, tag="extracted"):
    """The lines of a notebook that make its model, counted from 1, as are the cells. A claim: ranges, no text."""

    pieces: Annotated[tuple[tuple[Position, Position, Position], ...], Meta(max_length=MAX_PIECES)] = ()
    """Cell, first line, last line."""
    blanked: Annotated[tuple[tuple[Position, Position], ...], Meta(max_length=MAX_PIECES)] = ()
    """Cell and line of what only a notebook understands, such as a magic, inside of a piece."""
    partial: Annotated[tuple[tuple[Position, Position, Column, Column], ...], Meta(max_length=MAX_PIECES)] = ()
    """Cell, line, and the first and the last column but one of what is meant of a line with other statements on it."""
    future: Names = ()
    """Features of ``from __future__``."""
    missing: Names = ()
    """Names that the model uses and that no statement which can be extracted defines."""
    set_again: Names = ()
    """Names that the model uses with an extracted value, which a loop or another statement that is left out changes."""


class Raised(_Message, frozen=True, tag="raised"):
    """The exception of student code, and its place in the student's own files. A claim, used only to explain."""

    exception: Name
    message: Annotated[str, Meta(max_length=MAX_MESSAGE)]
    file: Annotated[str, Meta(max_length=MAX_PATH)] | None
    line: Annotated[int, Meta(ge=0, le=MAX_LINE)] | None
    traceback: Annotated[str, Meta(max_length=MAX_TRACEBACK)]
    reason: Reason = "error"


class Weighed(_Message, frozen=True, tag="weighed"):
    """What there is to be known."""

    contents: ArtifactContents
    submission: SubmissionContents


Reply = Weighed | Done | Extracted | Logged | FileSent | Operators | Raised
