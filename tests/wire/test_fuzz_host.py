"""Whatever comes down the pipe, the host's side answers with a result or a failure of the submission, and nothing else.

The worker here is a double: a script of replies and of noise, in the pipe before the host asks its first question.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import harness
from harness.contract import Limits, Predictions, Split
from harness.errors import InfrastructureError, SubmissionError
from harness.evaluation._score import score
from harness.evaluation._session import Session
from harness.evaluation._yardstick import YardstickSession
from harness.sandbox import Folder
from harness.wire import Channel, Done, FileSent, Logged, Operators, Raised, Reply, Request
from tests.declared import info
from tests.declared import task as declared
from tests.kinds.test_kinds import EXAMPLES, OFFERED

N = 2
"""Inputs in a question."""
FORMS: dict[str, dict[str, Any]] = {
    name: {
        "input_shape": example.inputs.shape[1:],
        "classes": example.declares.get("classes", ()),
        "horizon": example.declares.get("horizon"),
    }
    for name, example in EXAMPLES.items()
}
FITTING = [(N,), (N, 2), (N, 3), (N, 8, 8), (0, 6), (1, 6), (5, 6)]
"""Shapes that one of the kinds may return."""
SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class ScriptedProcess:
    """What a session needs of its process; nothing is started, and to kill it does nothing."""

    processes, exceeded, log_tail = 64, None, "what it printed"

    def __init__(self, channel: Channel[Reply]) -> None:
        self.channel = channel

    @contextmanager
    def allow(self, _: object) -> Iterator[None]:
        yield

    def place(self, name: str) -> str:
        return f"/job/{name}"

    def kill(self) -> None:
        pass

    def exit_description(self) -> str:
        return "ended with exit code 0"


Line = bytes | tuple[msgspec.Struct, Sequence[np.ndarray[Any, Any]]]
"""Raw bytes, or a reply and its arrays."""


@contextmanager
def hearing(
    script: Sequence[Line], kind: str, folder: Path, *, hang_up: bool = True, session: type[Session] = Session
) -> Iterator[Session]:
    """Yield a session that hears `script`, and then that nobody is there any more."""
    down, up = os.pipe(), os.pipe()
    worker: Channel[Request] = Channel(down[0], up[1], Request)
    usual = {"classes": (), "n_train": N, "n_validation": N, "limits": Limits(artifact_bytes=10_000)}
    task = info(kind=kind, **(usual | FORMS[kind]))
    folders = (Folder("submission", folder),)
    talk = session(sandbox=None, kind=OFFERED[kind], task=task, folders=folders, threads=1)  # type: ignore[arg-type]
    talk.process = ScriptedProcess(Channel(up[0], down[1], Reply, stoppable=True))  # type: ignore[assignment]
    ends = [down[0], up[1]]  # each is closed once: another thread may have been given its number meanwhile
    try:
        for line in script:
            os.write(up[1], line) if isinstance(line, bytes) else worker.send(line[0], *line[1])
        if hang_up:
            os.close(ends.pop())
        yield talk
    finally:
        talk.process.channel.close()
        for fd in ends:
            os.close(fd)


def ask_thrice(session: Session) -> list[Predictions]:
    """Ask the same question again and again: an answer like the last one comes in a shorter form."""
    inputs = np.zeros((N, *session.task.input_shape), np.float32)  # type: ignore[misc]
    request = session.request(inputs)
    return [session.accept(request()) for _ in range(3)]


def calls_on(folder: Path) -> dict[str, Callable[[Session], object]]:
    """Return everything that the host asks of a worker."""
    split = Split(np.zeros((N, 2), np.float32), np.zeros(N, np.int64))
    artifact = folder / "artifact"
    artifact.mkdir(exist_ok=True)
    return {
        "setup": lambda session: session.setup(0),
        "fit": lambda session: session.fit(split, split),
        "save": lambda session: session.save(artifact),
        "load": lambda session: session.load(),
        "predict": ask_thrice,
        "inspect": lambda session: session.inspect(np.zeros((N, 2), np.float32)),
        "echo": lambda session: session.echo(np.zeros((1, 2), np.float32), np.zeros(1))(),
        "clock": lambda session: session.clock(np.zeros((1, 2), np.float32))(),
        "busy wait": lambda session: session.busy_wait(0.001, 0.001),
    }


CALLS = ("setup", "fit", "save", "load", "predict", "inspect", "echo", "clock", "busy wait")

texts = st.one_of(
    st.text(max_size=20), st.sampled_from(["../x", "/x", "a/b", "a", "", ".", "x" * 300, "a\0", "\x1b[31m"])
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
messages = st.one_of(
    st.builds(Done, st.sampled_from(["array", "texts", "ragged"])),
    st.builds(Logged, st.dictionaries(texts, numbers | st.sampled_from([1e100, 1.7e308, 5e-324]), max_size=3)),
    st.builds(FileSent, texts),
    st.builds(
        Operators,
        st.lists(texts, max_size=3).map(tuple),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.lists(texts, max_size=2).map(tuple),
        st.booleans(),
    ),
    st.builds(
        Raised, texts, texts, st.none() | texts, st.none() | st.integers(-(2**63), 2**63 - 1), texts,
        st.sampled_from(["error", "contract", "memory", "processes", "scratch", "predictions"]),
    ),
)  # fmt: skip
dtypes = st.sampled_from(["?", "i1", "i8", "u1", "u8", "f2", "f4", "f8"])
shapes = st.sampled_from(FITTING) | hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
arrays = dtypes.flatmap(lambda dtype: hnp.arrays(dtype, shapes))
replies = st.tuples(messages, st.lists(arrays, max_size=2))
answers = st.tuples(st.builds(Done, st.sampled_from(["array", "ragged"])), st.lists(arrays, min_size=1, max_size=2))
marks = st.sampled_from([b"HRN=", b"HRN1", b"HRN1" + bytes(8)])
noise = st.one_of(st.binary(max_size=40), st.builds(lambda mark, rest: mark + rest, marks, st.binary(max_size=40)))
figures = st.one_of(
    st.integers(),
    st.sampled_from([10**30, -(10**30), 2**63, 2**64, 1.5, 1.7e308, -1.7e308, 5e-324, -0.0, True, None, "1", [], {}]),
    st.floats(allow_nan=True, allow_infinity=True),
)
claims = st.one_of(
    st.fixed_dictionaries({"type": st.just("operators"), "flops": figures}),
    st.fixed_dictionaries({"type": st.just("operators"), "names": st.lists(texts, max_size=3) | figures}),
    st.fixed_dictionaries({"type": st.just("logged"), "values": st.dictionaries(texts, figures, max_size=40)}),
    st.fixed_dictionaries(
        {
            "type": st.just("raised"),
            "exception": texts,
            "message": st.text(max_size=3_000),
            "file": st.just("model.py") | texts,
            "line": figures,
            "traceback": texts,
        }
    ),
)
"""What a worker that goes round the library may write: JSON by type, and out of every bound."""


def framed(claim: object) -> bytes:
    """Return a frame of this JSON and no arrays; Python writes NaN and Infinity, which are none."""
    body = json.dumps(claim).encode()
    return b"HRN1" + struct.pack("<IHxx", len(body), 0) + body


scripts = st.lists(st.one_of(replies, answers, noise, claims.map(framed)), max_size=4)


@SETTINGS
@given(script=scripts, kind=st.sampled_from(list(FORMS)), call=st.sampled_from(CALLS))
@example(script=[], kind="classification", call="predict")
@example(script=[b"HRN=" + bytes(16)], kind="classification", call="predict")
@example(script=[(Done(), [np.zeros(N)]), b"HRN=", b"x"], kind="classification", call="predict")
@example(script=[framed({"type": "operators", "flops": 10**30})], kind="classification", call="inspect")
def test_every_call_returns_or_blames_the_submission(script, kind, call, tmp_path):
    with hearing(script, kind, tmp_path) as session, suppress(SubmissionError):
        calls_on(tmp_path)[call](session)
    outside = [path for path in tmp_path.rglob("*") if tmp_path / "artifact" not in (path, *path.parents)]
    assert outside == []
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


@SETTINGS
@given(script=scripts, call=st.sampled_from(CALLS))
def test_every_received_result_can_be_stored(script, call, tmp_path):
    """Texts are bounded, a place is in one of the submission's files, logged values can be summed and squared."""
    curve: list[dict[str, float]] = []
    with hearing(script, "classification", tmp_path) as session:
        session.on_log = curve.append
        try:
            operators = calls_on(tmp_path)[call](session)
        except SubmissionError as error:
            assert len(error.message) < 5_000
            assert error.file is None or (tmp_path / error.file).is_file()
            assert error.line is None or 0 < error.line < 2**31
            msgspec.json.encode([error.message, error.file, error.log_tail])
        else:
            msgspec.json.encode(operators if isinstance(operators, Operators) else None)
    assert all(math.isfinite(math.fsum(value**2 for value in values.values())) for values in curve)


@SETTINGS
@given(kind=st.sampled_from(list(FORMS)), script=st.lists(answers, min_size=1, max_size=3))
def test_predictions_that_are_accepted_are_what_the_task_declares(kind, script, tmp_path):
    with hearing(script, kind, tmp_path) as session:
        try:
            (accepted, *_) = ask_thrice(session)
        except SubmissionError:
            return
    assert len(accepted.values) == N
    for values in accepted.values if kind == "detection" else [accepted.values]:
        assert np.isfinite(values.astype(np.float64) ** 2).all()
        assert kind != "classification" or (values.dtype == np.int64 and set(values.tolist()) <= {0, 1, 2})


extreme = st.sampled_from([0.0, 1.0, -1.0, 1e-320, 6e4, 3e38, -3e38, 1.7e308, -1.7e308]) | numbers
score_rows = hnp.arrays(np.float64, (N, 3), elements=extreme)


@settings(SETTINGS, max_examples=15)  # each resamples a thousand times
@given(rows=score_rows, dtype=st.sampled_from(["f2", "f4", "f8"]))
def test_scores_of_any_size_give_figures_that_can_be_stored(rows, dtype, tmp_path):
    """JSON has no NaN; a record must not either."""
    with np.errstate(over="ignore"):
        answer = rows.astype(dtype)
    with hearing([(Done(), [answer])] * 3, "classification", tmp_path) as session:
        try:
            accepted = ask_thrice(session)[0]
        except SubmissionError:
            assert not np.isfinite(answer).all()
            return
    with np.errstate(over="ignore"):  # a softmax of numbers this far apart is 0 and 1, whatever overflows on the way
        scored = score(TASK, Split(np.zeros((N, 2), np.float32), np.array([0, 2])), accepted)
    for figure in scored.scores:
        assert all(math.isfinite(value) for value in (figure.value, figure.low, figure.high)), figure


TASK = declared("points", classes=("a", "b", "c"), metrics=(harness.metrics.accuracy, harness.metrics.macro_f1))


@pytest.mark.parametrize(
    "script", [[], [b"x" * 40], [(Raised("ValueError", "no idea", None, None, ""), [])], [(Done(), [np.zeros(3)])]]
)
def test_a_yardstick_that_fails_is_not_the_submissions_fault(script, tmp_path):
    with (
        hearing(script, "classification", tmp_path, session=YardstickSession) as session,
        pytest.raises(InfrastructureError, match="the yardstick failed"),
    ):
        session.clock(np.zeros((1, 2), np.float32))()


def test_a_worker_that_answers_without_reading_does_not_stop_the_host(tmp_path):
    """It has answered all questions ahead; the pipe that carries them fills up, for nobody reads."""
    ahead = [(Done(), [np.zeros(N, np.int64)])] * 100
    with hearing(ahead, "classification", tmp_path, hang_up=False) as session:
        request = session.request(np.zeros((N, 2), np.float32))
        request()
        fill(session.process.channel._pipes._writer)  # type: ignore[attr-defined] # as on Linux
        # the host may only wait here, until its watch, which the double has not, ends the worker
        session.process.channel.stop()
        with pytest.raises(SubmissionError):
            for _ in range(100):
                request()


def fill(fd: int) -> None:
    """Write until the pipe takes no more."""
    with suppress(BlockingIOError):
        while True:
            os.write(fd, bytes(1 << 16))


def test_the_test_double_follows_the_protocol(tmp_path):
    """Else the tests above would test nothing."""
    answer = (Done(), [np.array([1, 2])])
    with hearing([(Logged({"loss": 1.0}), []), answer, answer, answer], "classification", tmp_path) as session:
        assert [predictions.values.tolist() for predictions in ask_thrice(session)] == [[1, 2]] * 3
    raised = Raised("ValueError", "no idea", None, None, "")
    with (
        hearing([(raised, [])], "classification", tmp_path) as session,
        pytest.raises(SubmissionError, match="no idea"),
    ):
        calls_on(tmp_path)["fit"](session)
