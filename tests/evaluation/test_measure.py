"""How a model and the yardstick are set up before the clock runs, in real workers."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.contract import Limits, Predictions, TaskInfo
from harness.errors import InfrastructureError, SubmissionError
from harness.evaluation import _measure
from harness.evaluation._measure import _WORKER_BUSY_WAIT, Measured, TimedModel, TimedWorkers
from harness.evaluation._session import Session, _one_number
from harness.evaluation._yardstick import Yardstick
from harness.kinds import KINDS
from harness.sandbox import Allowance, Folder, Sandbox, find_sandbox
from harness.timing import FEWEST_ROUNDS, MAX_CORES, Budget, Turns, _cores, first_requests
from harness.timing._cores import Cores, IdleCores
from harness.wire import ArrayHeader, WireError
from tests.declared import info

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
several = pytest.mark.skipif(len(CORES) < 2, reason="one core, or no choice of cores")
needs_choice = pytest.mark.skipif(not CORES, reason="no choice of cores")
MODEL = """
import gc, os, time
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def load(self, folder):
        pass

    def predict(self, inputs):
"""
TELLING = f"""{MODEL}
        pipes = next(one for one in gc.get_objects() if type(one).__name__ == "PolledPipes")
        core = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        return [[pipes._busy_wait[1] if pipes._busy_wait else 0.0, core]] * len(inputs)
"""
"""Answers how long its worker looks, and on which core it is."""
SLOW = f"""{MODEL}
        time.sleep({{}})
        return [[0.0, 0.0]] * len(inputs)
"""
TASK = info(kind="forecasting", input_shape=(1000,), classes=(), horizon=2)


def seen(folder: Path, monkeypatch: pytest.MonkeyPatch, cores: Cores) -> dict[str, Any]:
    """What was set up when the clock would have begun to run."""
    found: dict[str, Any] = {}

    def look(bench: Any, disturbance: Any, _: Any) -> None:
        told = bench.model.accept(bench.model.request(bench._subject.inputs[:1], "measure")())
        pipes = [session.process.channel._pipes for session in (bench.model, bench.yardstick)]
        found.update(
            host=os.sched_getaffinity(0),
            host_busy_wait=[one._busy_wait and one._busy_wait[1] for one in pipes],
            worker_busy_wait=told.values[0, 0],
            worker_core=told.values[0, 1],
            echoes=[len(exchange._frame.compact) for exchange in (bench.echo, bench.yardstick_echo)],
            disturbance=disturbance(),
            ready=len(bench._ready),
        )

    monkeypatch.setattr(IdleCores, "quickest", lambda *_, **__: cores)
    monkeypatch.setattr(_measure._Bench, "measure", look)
    with (
        closing(find_sandbox(())) as sandbox,
        closing(Yardstick(sandbox)) as yardstick,
        TimedWorkers(subject_of(folder, sandbox, yardstick)) as workers,
    ):
        workers.measure(alone=True)
    return found


def subject_of(
    folder: Path, sandbox: Sandbox, yardstick: Yardstick, model: str = TELLING, task: TaskInfo = TASK
) -> TimedModel:
    """A model to be timed, which tells what it sees."""
    folders = tuple(Folder(name, folder / name) for name in ("submission", "artifact"))
    for one in folders:
        one.source.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "submission" / "model.py").write_text(model)
    return TimedModel(
        yardstick=yardstick,
        open_session=lambda: Session(sandbox=sandbox, kind=KINDS[task.kind], task=task, folders=folders, threads=1),
        seed=0,
        inputs=np.zeros((300, 1000), np.float32),
        example=Predictions(np.zeros((1, 2)), None),
        perturb=None,
        batch=1,
        budget=Budget(seconds=0.01),
    )


@pytest.mark.worker
@several
def test_host_and_worker_have_a_core_each_and_busy_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen(tmp_path, monkeypatch, Cores(CORES[0], CORES[1]))
    assert (found["worker_core"], found["host"]) == (CORES[0], {CORES[1]})
    assert found["worker_busy_wait"] == pytest.approx(_WORKER_BUSY_WAIT)
    assert found["host_busy_wait"] == [_measure._HOST_BUSY_WAIT] * 2
    assert found["ready"] == first_requests(1.0, 10_000) + 24  # before the machine's lock is asked for
    assert sorted(os.sched_getaffinity(0)) == CORES


@pytest.mark.worker
@needs_choice
def test_on_one_core_nobody_busy_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen(tmp_path, monkeypatch, Cores(CORES[0], CORES[0]))
    assert (found["worker_core"], found["host"]) == (CORES[0], {CORES[0]})
    assert found["worker_busy_wait"] == 0
    assert found["host_busy_wait"] == [None, None]


@pytest.mark.worker
def test_each_model_is_timed_beside_an_echo_of_its_input_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models, yardsticks = seen(tmp_path, monkeypatch, Cores(None, None))["echoes"]
    assert 4000 < models < 4100
    assert 1024 < yardsticks < 1100


@pytest.mark.worker
def test_cores_are_not_inspected_under_the_machine_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        closing(find_sandbox(())) as sandbox,
        closing(Yardstick(sandbox)) as yardstick,
        TimedWorkers(subject_of(tmp_path, sandbox, yardstick)) as workers,
    ):
        monkeypatch.setattr(_cores, "_idle_shares", lambda: pytest.fail("looked while others wait"))
        workers.measure(alone=True)
        assert len(workers.measured().latencies) >= 64


@pytest.mark.thorough
@pytest.mark.worker
def test_further_requests_of_an_audit_in_doubt_do_not_count_as_latency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turns, "needs_more", True)
    monkeypatch.setattr(_measure, "_DOUBT_SECONDS", 10_000)
    with closing(find_sandbox(())) as sandbox, closing(Yardstick(sandbox)) as yardstick:
        patient = replace(TASK, limits=Limits(measure_seconds=3600))
        subject = subject_of(tmp_path, sandbox, yardstick, task=patient)
        subject = replace(subject, perturb=lambda one, _: one + 1)
        with TimedWorkers(subject) as workers:
            workers.measure(alone=True)
            measured = workers.measured()
    turns = measured.turns
    assert len(turns.untouched) + len(turns.altered) > len(measured.latencies)
    assert len(measured.unaltered.items) >= len(turns.untouched)  # their answers are checked like all others
    assert measured.altered is not None
    assert len(measured.altered.items) >= len(turns.altered)


@pytest.mark.worker
@pytest.mark.thorough
def test_one_yardstick_serves_all_measurements_until_it_ends(tmp_path: Path) -> None:
    with closing(find_sandbox(())) as sandbox, closing(Yardstick(sandbox)) as yardstick:
        subject = subject_of(tmp_path, sandbox, yardstick)
        with TimedWorkers(subject) as workers:
            workers.measure(alone=True)
        first = yardstick.session()
        with TimedWorkers(subject) as workers:
            workers.measure(alone=True)
        assert yardstick.session() is first
        first.process.kill()
        with TimedWorkers(subject) as workers:
            workers.measure(alone=True)
        assert yardstick.session() is not first


@pytest.mark.worker
def test_after_a_failure_the_next_measurement_has_a_new_yardstick(tmp_path: Path) -> None:
    with closing(find_sandbox(())) as sandbox, closing(Yardstick(sandbox)) as yardstick:
        first = yardstick.session()
        with pytest.raises(ZeroDivisionError), TimedWorkers(subject_of(tmp_path, sandbox, yardstick)):
            raise ZeroDivisionError
        assert first.process.has_exited
        assert yardstick.session() is not first


def measured_of(folder: Path, seconds: float, **limits: float) -> Measured:
    """A model that takes so many seconds an answer, measured under these limits."""
    task, model = replace(TASK, limits=Limits(**limits)), SLOW.format(seconds)
    with closing(find_sandbox(())) as sandbox, closing(Yardstick(sandbox)) as yardstick:
        subject = replace(subject_of(folder, sandbox, yardstick, model, task), batch_seconds=1000.0)
        with TimedWorkers(subject) as workers:
            workers.measure(alone=True)
            return workers.measured()


@pytest.mark.worker
def test_a_slow_model_is_measured_as_often_as_the_limit_allows(tmp_path: Path) -> None:
    measured = measured_of(tmp_path, 0.05, measure_seconds=4.0)
    assert (measured.latency.stopped, measured.latency.noisy) == ("limit", True)
    assert FEWEST_ROUNDS <= measured.latency.n < 64
    assert (measured.throughput, measured.together) == (None, None)


@pytest.mark.worker
@pytest.mark.thorough
def test_a_model_that_answers_fewer_than_five_inputs_in_the_limit_fails(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError) as caught:
        measured_of(tmp_path, 2.0, measure_seconds=3.0)
    assert (caught.value.kind, caught.value.phase) == ("timeout", "measure")
    for part in ("limit measure_seconds", "3 s allowed", "answered one at a time", "at least 5 must be"):
        assert part in caught.value.message


def test_a_model_without_a_first_answer_is_told_of_torch_compile() -> None:
    bench = object.__new__(_measure._Bench)
    bench._answers, bench._request_seconds = {}, 0.0
    error = bench.too_slow(SubmissionError("timeout", "measure", "measure went over the limit"))
    assert "(0 inputs were answered one at a time; at least 5 must be); what is prepared" in error.message
    assert error.message.endswith("keep the uncompiled module on self")


@pytest.mark.worker
def test_a_yardstick_that_is_too_slow_is_an_infrastructure_error() -> None:
    with closing(find_sandbox(())) as sandbox, closing(Yardstick(sandbox)) as yardstick:
        session = yardstick.session()
        os.kill(session.process.pids[-1], signal.SIGSTOP)
        late = session.process.allow(Allowance(limit="measure_seconds", seconds=0.1))
        with late, pytest.raises(InfrastructureError, match="the yardstick failed"):
            session.clock(np.zeros((1, 256), np.float32)).send()


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [ArrayHeader(np.dtype("f8"), (2,))],
        [ArrayHeader(np.dtype("f4"), (1,))],
        [ArrayHeader(np.dtype("f8"), (1, 1))],
        [ArrayHeader(np.dtype("f8"), (1,))] * 2,
    ],
)
def test_the_answer_of_a_clock_is_exactly_one_number(headers: list[ArrayHeader]) -> None:
    with pytest.raises(WireError, match="one number"):
        _one_number(None, headers)
    _one_number(None, [ArrayHeader(np.dtype("f8"), (1,))])


@pytest.mark.worker
@pytest.mark.parametrize("cores", [1, 2])
def test_batches_that_are_predicted_on_two_cores_have_no_throughput(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    with (
        closing(find_sandbox(())) as sandbox,
        closing(Yardstick(sandbox)) as yardstick,
        TimedWorkers(subject_of(tmp_path, sandbox, yardstick, SLOW.format(0.05))) as workers,
    ):
        process = type(workers._model.process)
        monkeypatch.setattr(process, "cpu_seconds", property(lambda _: cores * time.perf_counter()))
        workers.measure(alone=True)
        found = workers.measured()
    assert (found.throughput is None) == (cores == 2)
    assert (found.cores > MAX_CORES) == (cores == 2)
