"""A submission's folder, and a worker of it in a process of its own: no sandbox around it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import harness
from harness import Limits
from harness.wire import Channel, Fit, Reply, Setup, admit_all
from tests.declared import info

HEAD = "import harness, os, sys\nimport numpy as np\n"
MAIN = Path(harness.__file__).parent / "worker" / "__main__.py"


@dataclass
class Worker:
    """The host's end of a bare worker."""

    channel: Channel[Reply]
    folder: Path

    def ask(self, request: Any, *arrays: Any) -> tuple[Any, list[Any]]:
        """Send `request` and return what comes back."""
        self.channel.send(request, *arrays)
        return self.channel.receive(admit_all)

    def setup(self, seed: int = 0, kind: str = "classification") -> Any:
        """Have the submission imported."""
        task = info(kind=kind, limits=Limits(memory_bytes=2 << 30))
        return self.ask(Setup(task, "array", seed, str(self.folder), 4096))[0]

    def fit(self) -> Any:
        """Fit on two points."""
        inputs, targets = np.zeros((2, 2), np.float32), np.arange(2)
        return self.ask(Fit(("array",) * 4), inputs, targets, inputs, targets)[0]


@pytest.fixture
def submission(tmp_path: Path) -> Callable[..., Path]:
    """Writes model.py, and files beside it, with numpy and harness imported; returns their folder."""

    def write(model: str, **beside: str) -> Path:
        folder = tmp_path / "submission"
        folder.mkdir()
        for name, text in {"model": HEAD + dedent(model), **beside}.items():
            (folder / f"{name}.py").write_text(dedent(text))
        return folder

    return write


@pytest.fixture
def worker(submission: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts a worker of a model given as text."""
    with ExitStack() as stack:

        def start(model: str, **beside: str) -> Worker:
            folder = submission(model, **beside)
            (there, requests), (replies, back) = os.pipe(), os.pipe()
            child = subprocess.Popen(
                [sys.executable, "-P", str(MAIN), str(there), str(back)],
                pass_fds=(there, back),
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
            )
            stack.callback(child.wait)
            stack.callback(child.kill)
            os.close(there), os.close(back)
            channel: Channel[Reply] = Channel(replies, requests, Reply)
            stack.callback(channel.close)
            channel.receive(admit_all)
            return Worker(channel, folder)

        yield start
