"""What the attacks share, copied next to each `model.py`: the targets, and how a success is reported."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import harness

TARGETS = json.loads(Path(__file__).with_name("targets.json").read_text())


class Looter(harness.Model):
    """Attacks in the worker that fits and in the one that predicts, and reports what it got in both."""

    def loot(self) -> Iterator[object]:
        """Yield whatever the attack got."""
        raise NotImplementedError

    def fit(self, train, validation):
        self.found = [str(thing) for thing in self.loot()]

    def predict(self, inputs):
        report([*self.found, *self.loot()])


def report(found):
    """Raise an error that contains `found`, or one that says that the attack was contained."""
    raise RuntimeError(f"ESCAPED with {found}" if found else "contained")


def read(path):
    """Return what the file at `path` holds, as text; nothing if it cannot be had."""
    try:
        return Path(path).read_bytes().decode("latin-1")
    except OSError:
        return ""


def listed(folder):
    """Return the names in `folder`; none if they cannot be had."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def centroids(train):
    """Return the honest model: the middle of each class."""
    import numpy as np

    return np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])


def nearest(inputs, centres):
    """Return which of `centres` each input is nearest to."""
    return ((inputs[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)


def send(message, arrays=b"", count=0, length=None):
    """Write a frame of the harness's own protocol into the pipe that leads to the host."""
    import fcntl
    import struct

    for fd in range(3, 64):
        try:
            pipe = "pipe" in os.readlink(f"/proc/self/fd/{fd}")
            if pipe and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
                break
        except OSError:
            continue
    body = json.dumps(message).encode()
    os.write(fd, struct.pack("<4sIHxx", b"HRN1", len(body) if length is None else length, count) + body + arrays)


def header(*shape, kind=b"i", size=8):
    """Return the protocol's description of an array."""
    import struct

    return struct.pack("<cBBx6Q", kind, size, len(shape), *shape, *[0] * (6 - len(shape)))
