"""A worker has the GPU it was given, or none; what needs a real one is skipped where there is none."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.contract import Limits
from harness.errors import InfrastructureError
from harness.evaluation._evaluator import _gpu as lease
from harness.sandbox import Box, Gpu, _gpu, find_gpus
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


needs_gpu = pytest.mark.skipif(not real_gpus(), reason="no GPU here")


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
def test_without_the_driver_the_error_names_what_to_do():
    with pytest.raises(InfrastructureError, match="no NVIDIA GPU can be used on this machine"):
        find_gpus()


def test_a_worker_is_told_of_its_gpu_alone_and_of_none_without():
    assert environment("/home", box(SECOND))["CUDA_VISIBLE_DEVICES"] == "GPU-b"
    assert not environment("/home", box(None))["CUDA_VISIBLE_DEVICES"]


@pytest.mark.worker
@pytest.mark.parametrize("gpu", [None, SECOND])
def test_bubblewrap_shows_the_nodes_of_that_gpu_before_dev_is_closed(gpu):
    if not find_bubblewraps():
        pytest.skip("no bubblewrap here")
    words = command(Bubblewrap(find_bubblewraps()[-1], ()), gpu)
    shown = [words[at + 1] for at, word in enumerate(words) if word == "--dev-bind"]
    assert shown == ([] if gpu is None else ["/dev/nvidia1", "/dev/nvidiactl", "/dev/nvidia-uvm"])
    closed = next(at for at, word in enumerate(words) if word == "--remount-ro" and words[at + 1] == "/dev")
    assert all(at < closed for at, word in enumerate(words) if word == "--dev-bind")


@pytest.mark.parametrize("gpu", [None, SECOND])
def test_landlock_opens_the_nodes_of_that_gpu_alone(gpu):
    text = " ".join(command(Landlock(()), gpu))
    assert ("/dev/nvidia1" in text, "/dev/nvidia0" in text) == (gpu is not None, False)


def test_two_at_once_get_one_each(monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path))
    monkeypatch.setattr(_gpu, "_nvml", Library)
    lock = machine_lock()
    with lease("cuda", lock) as one, lease("cuda", lock) as other, lease("cpu", lock) as none:
        assert (one.uuid, other, none) == ("GPU-a", SECOND, None)


@needs_gpu
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="no torch here")
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
