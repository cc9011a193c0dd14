"""A student who writes to the host's pipes gets a clear failure, and the host continues."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from harness.errors import SubmissionError
from harness.sandbox import Folder

FORGE = """
import fcntl, struct
def pipes(mode):
    # the descriptors beyond the standard ones that are open for `mode`
    for fd in range(3, 64):
        try:
            if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == mode and "pipe" in os.readlink(f"/proc/self/fd/{fd}"):
                yield fd
        except OSError:
            pass
def send(message, arrays=b"", count=0, magic=b"HRN1", length=None):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    data = memoryview(struct.pack("<4sIHxx", magic, len(body) if length is None else length, count) + body + arrays)
    (fd,) = pipes(os.O_WRONLY)
    while data:
        data = data[os.write(fd, data):]
def header(*shape, kind=b"u", size=1):
    return struct.pack("<cBBx6Q", kind, size, len(shape), *shape, *[0] * (6 - len(shape)))
RAISED = dict(type="raised", exception="E", message="m", file=None, line=None, traceback="")
"""


def test_garbage_in_every_descriptor_is_a_clear_failure(any_level):
    body = """
        for fd in range(3, 256):
            try:
                os.write(fd, os.urandom(100_000))
            except OSError:
                pass
        time.sleep(60)
    """
    with any_level.fitting(body, fit_cpu_seconds=2) as session:
        error = any_level.failure(session)
    assert error.kind == "fit_error"
    assert "did not keep to the protocol during fit" in error.message
    assert "file descriptors" in error.message


@pytest.mark.parametrize(
    "forged",
    [
        "send(b'{}')",
        "send({'type': 'nothing'})",
        "send({'type': 'done', 'more': 1})",
        "send(b'[' * 100_000)",
        'send(b\'{"type":"logged","values":{"a":1e999}}\')',
        'send(b\'{"type":"logged","values":{"a":NaN}}\')',
        "send({'type': 'done'}, magic=b'HRN0')",
        "send(b'', length=2**32 - 1)",
        "send({'type': 'done'}, count=9)",
        "send({'type': 'done'}, header(2**60), 1)",
        "send({'type': 'done'}, header(2**63, 2**63, 2**63), 1)",
        "send({'type': 'done'}, header(1, kind=b'O', size=8), 1)",
        "send({'type': 'file', 'path': 'x'}, header(1) + b'x', 1)",
        "send(RAISED | {'reason': 'passed'})",
        "send(RAISED | {'line': 1.5})",
        "send(RAISED | {'file': chr(0xd800)})",
        "send(RAISED, header(1) + b'x', 1)",
    ],
)
def test_a_forged_reply_that_is_malformed_is_a_fit_error(wall, forged):
    with wall.fitting(f"{forged}\ntime.sleep(60)", FORGE, fit_cpu_seconds=5) as session:
        error = wall.failure(session)
    assert (error.kind, error.phase) == ("fit_error", "fit")
    assert "did not keep to the protocol" in error.message


@pytest.mark.parametrize("end", ["os.close", "stop"])
def test_half_a_message_does_not_hang_the_host(wall, end):
    body = """
        (fd,) = pipes(os.O_WRONLY)
        os.write(fd, struct.pack("<4sIHxx", b"HRN1", 500, 0) + b"{")
    """ + ("    os.close(fd); time.sleep(60)" if end == "os.close" else "    time.sleep(60)")
    with wall.fitting(body, FORGE, fit_cpu_seconds=0.4) as session:
        assert wall.failure(session).kind in ("timeout", "fit_error")


def test_an_endless_stream_of_logs_ends_at_the_time_limit(wall):
    heard = []
    with wall.fitting("while True: send({'type': 'logged', 'values': {'a': 1.0}})", FORGE, fit_cpu_seconds=0.5) as s:
        s.on_log = heard.append
        assert wall.failure(s).kind == "timeout"
    assert 0 < len(heard) <= 10_000


def test_names_in_forged_logs_are_cut_before_the_host_keeps_them(wall):
    """Model.log cuts them to 64 characters, but in the worker; 10,000 long ones fill gigabytes of the host."""
    heard = []
    body = "for i in range(20): send({'type': 'logged', 'values': {f'{i}' + 'k' * 200_000: 1.0}})"
    with wall.fitting(body, FORGE, fit_cpu_seconds=2) as session:
        session.on_log = heard.append
        try:
            wall.fit(session)
        except SubmissionError:
            return  # refusing them is as good
    assert sum(len(name) for values in heard for name in values) < 100_000


def test_a_forged_failure_is_cut_to_the_limits_of_a_real_one(wall):
    """A worker cuts a message to 2,000 characters; who forges one is not cut there."""
    body = "send(RAISED | {'message': 'm' * 200_000, 'exception': 'E' * 10_000, 'traceback': 't' * 40_000})"
    with wall.fitting(f"{body}\ntime.sleep(60)", FORGE) as session:
        error = wall.failure(session)
    assert len(error.message) < 5_000
    assert len(error.log_tail) <= 65_536


@pytest.mark.parametrize(
    ("file", "line"),
    [("/etc/passwd", 1), ("../../other/model.py", 1), ("model.py", -5), ("model.py", 2**70), ("x\x1b[31m", 1)],
)
def test_a_forged_place_is_not_a_place_of_the_submission(wall, file, line):
    with wall.fitting(f"send(RAISED | {json.dumps({'file': file, 'line': line})})\ntime.sleep(60)", FORGE) as session:
        error = wall.failure(session)
    assert error.file in (None, "model.py")
    assert error.line is None or 0 < error.line < 2**31


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/tmp/x",
        "a/../../x",
        "",
        ".",
        "a\0b",
        "x" * 300,
        "é" * 200,
        "a/" * 120 + "x",
        "é" * 100 + "/" + "é" * 140,
    ],
)
def test_a_forged_file_lands_in_its_folder_or_is_the_students_failure(wall, path, tmp_path):
    target = tmp_path / "target" / "artifact"
    target.mkdir(parents=True)
    model = f"""
        {FORGE.replace(chr(10), chr(10) + " " * 8)}
        class Model(harness.Model):
            def fit(self, train, validation): pass
            def predict(self, inputs): pass
            def save(self, folder):
                send({{'type': 'file', 'path': {path!r}}}, header(4) + b"abcd", 1)
    """
    with wall.session(model, save_seconds=1) as session:
        wall.fit(session)
        try:
            session.save(target)
        except SubmissionError as error:
            assert error.phase == "save"
    outside = [found for found in (tmp_path / "target").rglob("*") if target not in (found, *found.parents)]
    assert outside == []
    assert not any(found.is_symlink() for found in target.rglob("*"))


def test_an_artifact_beyond_its_cap_is_refused_before_it_is_read(wall, tmp_path):
    target = tmp_path / "artifact"
    target.mkdir()
    model = """
        class Model(harness.Model):
            def fit(self, train, validation): pass
            def predict(self, inputs): pass
            def save(self, folder):
                (folder / "big.bin").write_bytes(bytes(3_000_000))
    """
    with wall.session(model, artifact_bytes=1_000_000) as session:
        wall.fit(session)
        error = wall.failure(session, lambda s: s.save(target))
    assert error.kind == "resource_limit"
    assert "artifact_bytes 1,000,000" in error.message
    assert list(target.iterdir()) == []


PREDICTING = """
{forge}
class Model(harness.Model):
    def fit(self, train, validation): pass
    def predict(self, inputs):
        {body}
        time.sleep(60)
"""


@pytest.mark.parametrize(
    "forged",
    [
        "send({'type': 'done'}, header(2, 2**40, kind=b'f', size=8), 1)",
        "send({'type': 'done'}, header(2**62, kind=b'i', size=8), 1)",
        "send({'type': 'done'}, header(2, kind=b'b', size=1) + b'xx', 1)",
        "send({'type': 'done'}, header(2, 3, kind=b'f', size=4) + struct.pack('<6f', *[float('nan')] * 6), 1)",
        "send({'type': 'done'}, header(2, kind=b'f', size=8) + struct.pack('<2d', 0.5, 1), 1)",
        "send({'type': 'done'}, header(2, kind=b'f', size=8) + struct.pack('<2d', 0, 1e300), 1)",
        "send({'type': 'done'}, header(2, kind=b'u', size=8) + struct.pack('<2Q', 0, 2**64 - 1), 1)",
        "send({'type': 'done'}, header(2, kind=b'i', size=8) + struct.pack('<2q', 0, -2**63), 1)",
        "send({'type': 'done'})",
        "send({'type': 'operators', 'names': []})",
        "send({'type': 'done', 'form': 'ragged'}, header(2) + b'xx' + header(2) + b'xx', 2)",
    ],
)
def test_forged_predictions_are_refused(wall, forged):
    with wall.session(PREDICTING.format(forge=FORGE, body=forged), predict_seconds=10) as session:
        session.setup(0)
        error = wall.failure(session, lambda s: s.accept(s.request(np.zeros((2, 2), np.float32))()))
    assert error.kind in ("bad_predictions", "predict_error")
    assert error.phase == "predict"


def test_an_answer_that_repeats_the_form_of_another_question_is_refused(wall):
    forged = """send({'type': 'done'}, header(2, kind=b'i', size=8) + bytes(16), 1)
        (fd,) = pipes(os.O_WRONLY)
        os.write(fd, b'HRN=' + bytes(16))"""
    with wall.session(PREDICTING.format(forge=FORGE, body=forged), predict_seconds=10) as session:
        session.setup(0)
        assert len(session.accept(session.request(np.zeros((2, 2), np.float32))())) == 2
        error = wall.failure(session, lambda s: s.request(np.zeros((1, 2), np.float32))())
    assert error.kind == "bad_predictions"
    assert "for 1 inputs" in error.message


def test_predictions_sent_in_halves_end_at_the_time_limit(wall):
    forged = "send({'type': 'done'}, header(2, kind=b'i', size=8) + b'1234', 1)"
    with wall.session(PREDICTING.format(forge=FORGE, body=forged), predict_seconds=1) as session:
        session.setup(0)

        def ask(session):
            with session.within("predict_seconds"):
                session.request(np.zeros((2, 2), np.float32))()

        assert wall.failure(session, ask).kind == "timeout"


def test_the_folders_given_are_read_only_in_both_workers(wall, tmp_path):
    artifact = tmp_path / "artifact"
    artifact.mkdir(mode=0o755)
    model = """
        class Model(harness.Model):
            def fit(self, train, validation): pass
            def predict(self, inputs): pass
            def load(self, folder):
                (folder / "x").write_text("mine")
    """
    session = wall.session(model)
    session.folders = (*session.folders, Folder("artifact", artifact))
    with session:
        session.setup(0)
        error = wall.failure(session, lambda s: s.load())
    assert error.kind == "load_error"
    assert "Read-only file system" in error.message
    assert list(artifact.iterdir()) == []


SLOW = """
class Model(harness.Model):
    def fit(self, train, validation):
        pass

    asleep = [1.0, 0.0] * 2

    def predict(self, inputs):
        time.sleep(float(inputs[0, 0]))
        return np.zeros(len(inputs), int)
"""


def test_a_timed_worker_predicts_twice_and_reports_the_second_time(wall):
    with wall.session(SLOW, predict_seconds=10) as session:
        session.setup(0)
        for asleep in (0.02, 0.05, 0.01):  # the first is sent whole, the others as short frames
            request = session.clock(np.full((1, 2), asleep, np.float32))
            start = time.perf_counter()
            request.send()
            around = time.perf_counter() - start
            (seconds,) = request.take().arrays[0]
            assert asleep <= seconds <= around - asleep


def test_the_reported_time_is_not_that_of_the_first_prediction(wall):
    with wall.session(SLOW.replace("inputs[0, 0]", "self.asleep.pop(0)"), predict_seconds=10) as session:
        session.setup(0)
        request = session.clock(np.zeros((1, 2), np.float32))
        for _ in range(2):
            start = time.perf_counter()
            request.send()
            around = time.perf_counter() - start
            (seconds,) = request.take().arrays[0]
            assert seconds <= around - 1.0  # the first time sleeps for a second; what others take is in both


def test_both_ends_answer_while_busy_waiting_and_after_sleeping(wall):
    with wall.session(SLOW, predict_seconds=10) as session:
        session.setup(0)
        session.busy_wait(0.01, 0.01)
        for asleep in (0.0, 0.0, 0.05, 0.0):
            assert len(session.accept(session.request(np.full((2, 2), asleep, np.float32))())) == 2
            time.sleep(asleep)
