"""A worker has the GPU it was given, or none; what needs a real one is skipped where there is none."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.contract import Limits
from harness.errors import InfrastructureError
from harness.evaluation._evaluator import _gpu as lease
from harness.sandbox import Box, Gpu, Level, _gpu, find_gpus
from harness.sandbox._box import environment
from harness.sandbox._bubblewrap import Bubblewrap, find_bubblewraps
from harness.sandbox._landlock import Landlock
from harness.timing import machine_lock

SECOND = Gpu(uuid="GPU-b", name="a double", number=1)
LIMITS = Limits()


class Library:
    """NVML as far as it is used, with two GPUs."""

    def __init__(self, count: int = 2) -> None:
        self.count, self.used = count, {"GPU-a": 7, "GPU-b": 11}

    def nvmlDeviceGetCount(self) -> int:
        return self.count

    def __getattr__(self, name: str):
        return {
            "nvmlDeviceGetHandleByIndex": lambda index: "ab"[index],
            "nvmlDeviceGetHandleByUUID": lambda uuid: uuid[-1],
            "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}",
            "nvmlDeviceGetName": lambda handle: "a double",
            "nvmlDeviceGetMinorNumber": "ab".index,
            "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(used=self.used[f"GPU-{handle}"]),
        }[name]


def real_gpus() -> bool:
    try:
        return bool(find_gpus())
    except InfrastructureError:
        return False


def box(gpu: Gpu | None) -> Box:
    return Box(folders=(), limits=LIMITS, threads=1, gpu=gpu)


def command(sandbox, gpu: Gpu | None) -> list[str]:
    launch = sandbox.plan(box(gpu))
    for release in launch.release:
        release()
    return list(launch.argv)


def test_gpus_are_found_by_the_drivers_own_library(monkeypatch):
    library = Library()
    monkeypatch.setattr(_gpu, "_nvml", lambda: library)
    assert find_gpus() == (Gpu("GPU-a", "a double", 0), SECOND)
    assert SECOND.used_bytes() == 11
    assert Path("/dev/nvidia1") in SECOND.nodes


def test_a_machine_without_gpus_says_so(monkeypatch):
    monkeypatch.setattr(_gpu, "_nvml", lambda: Library(count=0))
    with pytest.raises(InfrastructureError, match="--device cpu"):
        find_gpus()


@pytest.mark.skipif(real_gpus(), reason="there is a GPU here")
def test_without_the_driver_the_error_gives_a_remedy():
    with pytest.raises(InfrastructureError, match="no NVIDIA GPU can be used on this machine"):
        find_gpus()


def test_a_worker_sees_its_own_gpu_alone_or_none():
    assert environment("/home", box(SECOND))["CUDA_VISIBLE_DEVICES"] == "GPU-b"
    assert not environment("/home", box(None))["CUDA_VISIBLE_DEVICES"]


@pytest.mark.worker
@pytest.mark.parametrize("gpu", [None, SECOND])
def test_bubblewrap_binds_the_nodes_of_the_gpu_before_closing_dev(gpu):
    if not find_bubblewraps():
        pytest.skip("no bubblewrap here")
    words = command(Bubblewrap(find_bubblewraps()[-1], ()), gpu)
    shown = [words[at + 1] for at, word in enumerate(words) if word == "--dev-bind"]
    assert shown == ([] if gpu is None else ["/dev/nvidia1", "/dev/nvidiactl", "/dev/nvidia-uvm"])
    closed = next(at for at, word in enumerate(words) if word == "--remount-ro" and words[at + 1] == "/dev")
    assert all(at < closed for at, word in enumerate(words) if word == "--dev-bind")


@pytest.mark.parametrize("gpu", [None, SECOND])
def test_landlock_allows_the_device_nodes_of_the_gpu_alone(gpu):
    text = " ".join(command(Landlock(()), gpu))
    assert ("/dev/nvidia1" in text, "/dev/nvidia0" in text) == (gpu is not None, False)


def test_two_jobs_get_one_gpu_each(monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path))
    monkeypatch.setattr(_gpu, "_nvml", Library)
    lock = machine_lock()
    with lease("cuda", lock) as one, lease("cuda", lock) as other, lease("cpu", lock) as none:
        assert (one.uuid, other, none) == ("GPU-a", SECOND, None)


def test_of_two_jobs_for_one_gpu_the_second_waits_for_the_first(monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path))
    monkeypatch.setattr(_gpu, "_nvml", lambda: Library(count=1))
    order: list[str] = []

    def second() -> None:
        with lease("cuda", machine_lock()) as gpu:
            order.append(f"second has {gpu.uuid}")

    with lease("cuda", machine_lock()) as gpu:
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.1)
        order.append(f"first has {gpu.uuid}")
    waiting.join()
    assert order == ["first has GPU-a", "second has GPU-a"]


SECRET = 0x5EC2E7
LEAVES = f"""
    import torch
    free, _ = torch.cuda.mem_get_info()
    kept = torch.full((int(free * 0.8) // 4,), {SECRET}, dtype=torch.int32, device="cuda")
    torch.cuda.synchronize()
    assert kept.numel() > 1 << 20
"""
LOOKS = f"""
    import torch
    free, _ = torch.cuda.mem_get_info()
    found = 0
    for _ in range(3):  # pages that were given back may come in another order
        seen = torch.empty(int(free * 0.8) // 4, dtype=torch.int32, device="cuda")
        found += int((seen == {SECRET}).sum())
        del seen
        torch.cuda.empty_cache()
    return found
"""
needs_torch_on_gpu = pytest.mark.skipif(
    not real_gpus() or importlib.util.find_spec("torch") is None,
    reason="no GPU, or no torch, here: not tried",
)


@pytest.mark.worker
@needs_torch_on_gpu
@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_memory_of_an_earlier_job_cannot_be_read_by_the_next(any_level, how):
    first = any_level.fitting(LEAVES, import_seconds=120, memory_bytes=16 << 30)
    first.gpu = find_gpus()[0]
    with first:
        any_level.fit(first)
        if how == "is killed":
            first.process.kill()
    assert any_level.ask(LOOKS, gpu=find_gpus()[0], import_seconds=120, memory_bytes=16 << 30) == 0


@pytest.mark.worker
@needs_torch_on_gpu
def test_a_worker_cannot_use_another_gpu_than_its_own(any_level):
    found = find_gpus()
    if len(found) < 2:
        pytest.skip("one GPU here: there is no other")
    reaches = f"""
        import torch
        os.environ["CUDA_VISIBLE_DEVICES"] = "{found[1].uuid}"
        nodes = [os.access("/dev/nvidia{found[1].number}", os.R_OK), os.access("/dev/nvidia{found[0].number}", os.R_OK)]
        try:
            return [*nodes, torch.cuda.device_count(), bool(torch.ones(1, device="cuda"))]
        except RuntimeError:
            return [*nodes, 0, False]
    """
    told = any_level.ask(reaches, gpu=found[0], import_seconds=120, memory_bytes=16 << 30)
    if any_level.sandbox.isolation.level >= Level.LANDLOCK:
        assert told == [False, True, 0, False]


NETWORK = """
import numpy as np
import torch

import harness


class Model(harness.Model):
    def __init__(self):
        self.net = torch.nn.Linear(2, 3)

    def fit(self, train, validation):
        self.net.cuda()
        inputs, targets = torch.tensor(train.inputs).cuda(), torch.tensor(train.targets).cuda()
        optimiser = torch.optim.Adam(self.net.parameters(), lr=0.1)
        for _ in range(200):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(self.net(inputs), targets).backward()
            optimiser.step()

    def predict(self, inputs):
        with torch.no_grad():
            return self.net.cuda()(torch.tensor(np.asarray(inputs)).cuda()).cpu().numpy()
"""


@pytest.mark.line
@needs_torch_on_gpu
def test_a_network_is_trained_and_timed_on_a_gpu(course):
    course.add_task(limits="import_seconds=120, memory_bytes=16 << 30")
    course.submit(NETWORK)
    done = course.harness("evaluate", "submissions/bob", "--device", "cuda", "--latency-seconds", "0.3")
    assert done.returncode == 0, done.stdout + done.stderr
    record = course.record()
    assert record["run"]["machine"]["gpu"] == find_gpus()[0].name
    assert record["cost"]["peak_device_bytes"] > 0
    assert record["cost"]["latency"]["p50_seconds"] > 0


@pytest.mark.worker
@needs_torch_on_gpu
def test_a_worker_computes_on_its_gpu_alone_and_its_memory_is_counted(any_level):
    body = """
        import torch
        kept = torch.ones(64 << 20, device="cuda")
        torch.cuda.synchronize()
        time.sleep(1)
        assert torch.cuda.device_count() == 1
    """
    session = any_level.fitting(body, import_seconds=120, memory_bytes=16 << 30)
    session.gpu = find_gpus()[0]
    with session:
        any_level.fit(session)
        assert session.process.peak_device_bytes >= 256 << 20
