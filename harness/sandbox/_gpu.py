"""The NVIDIA GPUs that the management library (NVML) lists; this initialises no GPU and needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import InfrastructureError

_SHARED_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm")


@dataclass(frozen=True)
class Gpu:
    """One GPU that a worker may be given."""

    uuid: str
    """The identifier for ``CUDA_VISIBLE_DEVICES``, which does not depend on the other GPUs."""
    name: str
    number: int
    """The minor number of the device."""

    @property
    def nodes(self) -> tuple[Path, ...]:
        """The device files through which the GPU is used."""
        return tuple(map(Path, (f"/dev/nvidia{self.number}", *_SHARED_NODES)))

    def used_bytes(self) -> int:
        """Return how much of its memory all processes use, according to the driver; workers could report too little."""
        nvml = _nvml()
        return int(nvml.nvmlDeviceGetMemoryInfo(nvml.nvmlDeviceGetHandleByUUID(self.uuid)).used)


def find_gpus() -> tuple[Gpu, ...]:
    """Return the GPUs of this machine, at least one.

    Raises:
        InfrastructureError: there is no GPU, or its driver does not answer.
    """
    try:
        nvml = _nvml()
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        found = tuple(
            Gpu(nvml.nvmlDeviceGetUUID(one), nvml.nvmlDeviceGetName(one), nvml.nvmlDeviceGetMinorNumber(one))
            for one in handles
        )
    except _nvml_error() as error:
        raise InfrastructureError(
            f"no NVIDIA GPU can be used on this machine ({error}): use --device cpu; `harness doctor` says more"
        ) from error
    if not found:
        raise InfrastructureError("this machine has no NVIDIA GPU: use --device cpu")
    return found


@cache
def _nvml() -> Any:
    """Return the library, initialised once per process."""
    import pynvml

    pynvml.nvmlInit()
    return pynvml


def _nvml_error() -> type[Exception]:
    import pynvml

    return pynvml.NVMLError  # type: ignore[no-any-return] # the library has no types
