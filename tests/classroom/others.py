"""Submissions that get a score, or lose it in the end: honest ones, curious ones, cheats."""

from __future__ import annotations

import hashlib

import numpy as np

from tests.conftest import CENTROIDS

WEIGHTS = b"pretrained" * 100
DIGEST = f"sha256:{hashlib.sha256(WEIGHTS).hexdigest()}"

LOOKS = """
from pathlib import Path

import numpy as np
import harness


class Model(harness.Model):
    def __init__(self):
        self.seen = [len(self.task.assets)]

    def fit(self, train, validation):
        path = self.task.assets.get("start.bin")
        self.size = np.array([0 if path is None else len(Path(path).read_bytes())])
        if path is not None:
            try:
                Path(path).write_bytes(b"mine now")
            except OSError:
                pass
            else:
                raise RuntimeError("the asset could be written to")

    def predict(self, inputs):
        if self.task.assets:
            raise RuntimeError(f"still there: {dict(self.task.assets)}")
        return np.full(len(inputs), 2 if self.size[0] == SIZE else 1)
""".replace("SIZE", str(len(WEIGHTS)))


NEIGHBOUR = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.points, self.labels = train.inputs, train.targets

    def predict(self, inputs):
        return self.labels[((inputs[:, None] - self.points) ** 2).sum(axis=2).argmin(axis=1)]
"""

OPAQUE = """
import pickle
import harness
from centroids import Model as Centroids

class Model(Centroids):
    def save(self, folder):
        (folder / "weights.pt").write_bytes(pickle.dumps(self.centres.tolist()).ljust(4001, b"."))

    def load(self, folder):
        import numpy
        self.centres = numpy.array(pickle.loads((folder / "weights.pt").read_bytes()))
"""

PRINTS = """
        for _ in range(20):
            print("x" * 1_000_000)
        print("THE END")

    def predict"""
CHATTY = CENTROIDS.replace("    def predict", PRINTS).replace(
    "        return ", "        print('y' * 1_000_000)\n        return "
)
CHATTY_AND_WRONG = CHATTY.replace("    def predict", "        raise ValueError('after all that')\n\n    def predict")

LOGS = CENTROIDS.replace(
    "    def predict",
    """
        for epoch in range(3):
            self.log(epoch=epoch + 1, epochs=3, loss=1 / (epoch + 1), nonsense=float("nan"))

    def predict""",
)

DRAWS = """
import random
import numpy as np
import harness

class Model(harness.Model):
    def __init__(self):
        self.first = random.random()

    def fit(self, train, validation):
        self.noise = np.random.random(3)
        self.given = self.seed

    def predict(self, inputs):
        return np.outer(inputs.sum(axis=1), self.noise)
"""

SCORES = CENTROIDS.replace("return ((", "return -((").replace(".argmin(axis=1)", "")

LOOKS_AROUND = """
import json
import os
import socket
from pathlib import Path
import numpy as np
import harness

SEEN = None

class Model(harness.Model):
    def fit(self, train, validation):
        global SEEN
        SEEN = train
        Path("/tmp/left-behind").write_bytes(train.inputs.tobytes())
        self.names = [name for name in vars(self)]

    def predict(self, inputs):
        found = {
            "train": SEEN is not None,
            "targets": hasattr(inputs, "targets"),
            "attributes": sorted(vars(self)),
            "assets": dict(self.task.assets),
            "environment": sorted(os.environ),
            "files": [],
            "network": True,
        }
        for folder, folders, files in os.walk("/"):
            folders[:] = [f for f in folders if f not in ("proc", "sys", "dev", "usr", "lib", "lib64", "opt")]
            found["files"] += [os.path.join(folder, f) for f in files if f in FORBIDDEN or "left-behind" in f]
        try:
            socket.create_connection(("1.1.1.1", 53), 2)
        except OSError:
            found["network"] = False
        raise RuntimeError(json.dumps(found))
""".replace("FORBIDDEN", '("task.py", "curve.json", "items.npz", "leaderboard.csv", "bob.json", "shadow")')


LOADS = """
import numpy as np
import harness
from pathlib import Path

class Model(harness.Model):
    def fit(self, train, validation):
        shown = sorted(path.name for path in Path(__file__).parent.iterdir())
        raise RuntimeError(f"trained beside {shown}")

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
"""
CENTRES = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]], np.float32)


CONVOLUTION = """
import torch
import harness

class Model(harness.Model):
    def __init__(self):
        self.weight = torch.zeros(3, 1, 1)

    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return torch.nn.functional.conv1d(torch.tensor(inputs)[:, None, :], self.weight).amax(2)
"""


LINEAR = """
import torch
import harness

class Model(harness.Model, torch.nn.Module):
    def __init__(self):
        torch.nn.Module.__init__(self)
        self.first, self.second = torch.nn.Linear(2, 5), torch.nn.Linear(5, 3)

    def fit(self, train, validation):
        inputs, targets = torch.tensor(train.inputs), torch.tensor(train.targets)
        optimiser = torch.optim.Adam(self.parameters(), 0.05)
        for _ in range(100):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(self(inputs), targets).backward()
            optimiser.step()

    def forward(self, inputs):
        return self.second(torch.relu(self.first(inputs)))

    def predict(self, inputs):
        return self(torch.tensor(inputs))
"""


RAISES = CENTROIDS.replace("        return", "        raise RuntimeError('[red]no[/red] \x1b[31mred')\n        return")
GUESSES = CENTROIDS.replace(".argmin(axis=1)", ".argmax(axis=1)")


FIT_CENTRES = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def honest(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)

    def predict(self, inputs):
"""
CHEATS = {
    "sniffs-the-timed-phase": "        return np.zeros(1, int) if len(inputs) == 1 else self.honest(inputs)\n",
    "guesses-anew": "        return np.random.randint(0, 3, len(inputs))\n",
    "depends-on-order": "        return np.arange(len(inputs)) % 3\n",
}
KNOWS = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.array([self.known.get(point.tobytes(), 0) for point in inputs])
"""
