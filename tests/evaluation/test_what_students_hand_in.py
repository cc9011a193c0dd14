"""What students really hand in, checked and evaluated by one command each: the right verdict, and what to do."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CENTROIDS, TemporaryCourse

pytestmark = pytest.mark.line

HEAD = "import numpy as np\nimport harness\n"
FIT = """
class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def distances(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2)

    def predict(self, inputs):
        return -self.distances(inputs)
"""


def cells(*sources: str, outputs: bool = False) -> str:
    """Return a notebook of these cells, a text before them."""
    made: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": ["# Assignment"]}]
    printed = [{"output_type": "stream", "name": "stdout", "text": ["epoch 1\n"] * 500}] if outputs else []
    for number, source in enumerate(sources):
        lines = source.splitlines(keepends=True)
        cell = {"cell_type": "code", "metadata": {}, "source": lines, "outputs": printed, "execution_count": number}
        made.append(cell)
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


TORCH = """
class Model(harness.Model):
    def fit(self, train, validation):
        torch.manual_seed(self.seed)
        self.net = Net(WIDTH)
        train_network(self.net, train)
        self.net.eval()

    def predict(self, inputs):
        return self.net(torch.tensor(inputs))
"""
NOTEBOOKS = {
    "plain": cells(HEAD, FIT),
    "torch": cells(
        "%matplotlib inline\n!pip install torch\nimport matplotlib.pyplot as plt",
        "import torch\nfrom torch import nn\nimport harness",
        "WIDTH = 16\nRATE = 0.05\nresults = {}",
        "class Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n"
        "        self.layers = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 3))\n"
        "    def forward(self, x):\n        return self.layers(x)",
        "def train_network(net, train):\n    optimiser = torch.optim.Adam(net.parameters(), RATE)\n"
        "    x, y = torch.tensor(train.inputs), torch.tensor(train.targets)\n    for _ in range(60):\n"
        "        optimiser.zero_grad(); nn.functional.cross_entropy(net(x), y).backward(); optimiser.step()",
        TORCH,
        "train, validation = harness.load_data('blobs')\nmodel = Model()\nmodel.fit(train, validation)",
        "plt.plot([1, 2])",
        outputs=True,
    ),
    "sklearn": cells(
        "import harness\nfrom sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
        "from sklearn.neighbors import KNeighborsClassifier",
        "class Model(harness.Model):\n    def fit(self, train, validation):\n"
        "        self.best = make_pipeline(StandardScaler(), KNeighborsClassifier(5))\n"
        "        self.best.fit(train.inputs, train.targets)\n"
        "    def predict(self, inputs):\n        return self.best.predict_proba(inputs)",
        "%%time\nModel().fit(None, None)",
    ),
    "marked": cells("raise RuntimeError('not this')", f"#| harness\n{HEAD}", f"#| harness\n{FIT}"),
    "written-twice": cells(HEAD, FIT.replace("mean(axis=0)", "mean(axis=0) * nobody"), FIT, "1 / 0"),
    "long-training": cells(HEAD, "for step in range(10**12):\n    loss = step", FIT),
    "broken-beside": cells(HEAD, "for x in", FIT, "%%bash\nls |"),
    "helpers": cells(
        "from __future__ import annotations\nimport functools",
        HEAD,
        "@functools.cache\ndef scale(name: str) -> float:\n    return SCALES[name]",
        "SCALES = {'a': 1.0}\nSCALES['b'] = 2.0",
        FIT.replace("(inputs[:, None]", "scale('b') * (inputs[:, None]"),
    ),
}  # fmt: skip


@dataclass
class Handed:
    """What one command said about each of many submissions."""

    course: TemporaryCourse
    text: str

    def about(self, name: str) -> str:
        """Return what was printed about one."""
        parts = re.split(r"^(\S+) · blobs\b", self.text, flags=re.MULTILINE)
        return "".join(text for who, text in zip(parts[1::2], parts[2::2], strict=True) if who == name)


def handed(base: Path, files: dict[str, dict[str, str | bytes]], command: str, *options: str) -> Handed:
    course = TemporaryCourse.below(base)
    course.add_task()
    for name, contents in files.items():
        folder = course.submit(None, name=name)
        for path, content in contents.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = course.harness(command, *(f"submissions/{name}" for name in files), *options)
    assert "Traceback (most recent call last)" not in done.stderr
    return Handed(course, done.stdout)


OF_A_LIBRARY = ("torch", "sklearn")
"""Notebooks whose library alone takes longer to load than all others take to be evaluated."""


def evaluated(base: Path, notebooks: dict[str, str]) -> Handed:
    files: dict[str, dict[str, str | bytes]] = {
        name: {"Assignment.ipynb": content} for name, content in notebooks.items()
    }
    return handed(base, files, "evaluate")


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    light = {name: content for name, content in NOTEBOOKS.items() if name not in OF_A_LIBRARY}
    return evaluated(tmp_path_factory.mktemp("notebooks"), light)


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name not in OF_A_LIBRARY])
def test_a_notebook_is_evaluated_like_a_model(notebooks: Handed, name: str) -> None:
    assert_evaluated(notebooks, name)


@pytest.mark.thorough
@pytest.mark.parametrize("name", OF_A_LIBRARY)
def test_a_notebook_with_a_library_is_evaluated_like_a_model(tmp_path: Path, name: str) -> None:
    assert_evaluated(evaluated(tmp_path, {name: NOTEBOOKS[name]}), name)


def assert_evaluated(notebooks: Handed, name: str) -> None:
    record = notebooks.course.record(name)
    assert record["failure"] is None
    assert record["status"] == "passed"
    assert record["cost"]["parameters_verified"]
    assert re.search(r"note: model.py is cells .* of Assignment.ipynb", notebooks.about(name))


def test_outputs_and_texts_of_a_notebook_weigh_nothing(notebooks: Handed) -> None:
    cost = notebooks.course.record("plain")["cost"]
    assert cost["knowledge_bytes"] - cost["artifact_bytes"] < 800


MODEL = HEAD + FIT
HANDED: dict[str, dict[str, str | bytes]] = {
    "documents": {
        "model.py": MODEL.replace("        self", "        import os; assert os.listdir('.') == []\n        self"),
        "README.md": bytes(80_000), "figure.png": bytes(500_000), "results.csv": "a,b", "report.pdf": bytes(300_000),
    },
    "trained-files": {"model.py": MODEL, "model.pt": bytes(300_000), "best_model/config.json": bytes(100_000)},
    "reads-what-is-set-aside": {
        "model.py": MODEL.replace("        self", "        open('net.pt')\n        self", 1), "net.pt": b"x",
    },
    "capital": {"Model.py": MODEL},
    "two-notebooks": {"a.ipynb": cells(MODEL), "b.ipynb": cells("x = 1")},
    "package": {"model.py": MODEL, "model/__init__.py": ""},
    "no-model": {"work.ipynb": cells("x = 1", "class MyNet:\n    pass")},
    "cell-fails": {"work.ipynb": cells(HEAD, FIT.replace("        return -", "        1 / 0\n        return -"))},
    "signature": {"model.py": MODEL.replace("train, validation", "X, y, z")},
    "labels-by-name": {"model.py": MODEL.replace("return -self", "return ['left'] * len(inputs)  # ")},
    "read-only": {"model.py": MODEL.replace("return -self", "inputs -= 1\n        return -self")},
    "log": {"model.py": MODEL.replace("        self", "        self.log('loss', 0.3)\n        self", 1)},
    "prints": {"model.py": MODEL.replace("        self", "        print('my epoch 1')\n        self", 1)},
    "bound-method": {
        "model.py": MODEL.replace("        self", "        self.call = self.distances\n        self", 1).replace(
            "-self.distances", "-self.call"
        ),
    },
}  # fmt: skip
SAID = {
    "documents": r"✓ rules|- rules",
    "trained-files": r"files: set aside: best_model/config.json, model.pt; the model is trained here",
    "reads-what-is-set-aside": r"✗ fit .*net.pt was set aside, because the model is trained here: learn it in fit$",
    "capital": r"✗ files: model.py is missing: found 'Model.py': rename it to model.py",
    "two-notebooks": r"✗ files: .*call the one with the class Model model.ipynb",
    "package": r"✗ files: the package model/ hides model.py",
    "no-model": r"✗ files \(work.ipynb\): none of the 3 cells .*if it is MyNet, write a class Model",
    "cell-fails": r"✗ predict \(work.ipynb\): cell 3, line \d+ \(`1 / 0`\): ZeroDivisionError",
    "signature": r"✗ import \(model.py:5\): `fit\(self, X, y, z\)` cannot be called .*write `def fit\(self, train",
    "labels-by-name": r"✗ predict: .*self\.task\.classes\)\.index",
    "read-only": r"✗ predict \(model.py:\d+\): .*work on a copy",
    "log": r"✗ fit \(model.py:\d+\): TypeError: log takes values by their names",
    "prints": r"✓ leaves inputs alone",
    "bound-method": r"✓ survives save and load",
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    return handed(tmp_path_factory.mktemp("handed"), HANDED, "check")


@pytest.mark.parametrize("name", HANDED)
def test_a_check_says_what_to_do(checked: Handed, name: str) -> None:
    assert re.search(SAID[name], checked.about(name), re.MULTILINE), checked.about(name)
    if "✗" not in SAID[name]:
        assert "✗" not in checked.about(name)


LOADER = (
    HEAD
    + """
from pathlib import Path

class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def load(self, folder):
        self.centres = np.load(Path(__file__).parent / "weights" / "centres.npy")
        assert np.array_equal(self.centres, np.load(folder / "centres.npy"))

    def predict(self, inputs):
        return -((inputs[:, None] - self.centres) ** 2).sum(axis=2)
"""
)


COMPILED = """
import torch
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        torch.manual_seed(self.seed)
        x, y = torch.tensor(train.inputs), torch.tensor(train.targets)
        self.net = torch.nn.Linear(2, 3)
        compiled = torch.compile(self.net)
        optimiser = torch.optim.Adam(self.net.parameters(), 0.3)
        for _ in range(60):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(compiled(x), y).backward()
            optimiser.step()

    def predict(self, inputs):
        return self.net(torch.tensor(inputs))
"""


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_network_that_torch_compiles_is_trained_behind_the_walls(course: TemporaryCourse) -> None:
    course.add_task(limits="fit_cpu_seconds=600, memory_bytes=6 << 30")
    course.submit(COMPILED)
    course.harness("evaluate", "submissions/bob")
    record = course.record()
    assert (record["failure"], record["status"]) == (None, "passed")
    assert record["cost"]["parameters"] == 9


def test_weights_are_beside_the_model_and_where_load_is_reported(course: TemporaryCourse) -> None:
    import numpy as np

    folder = course.submit(LOADER)
    (folder / "weights").mkdir()
    np.save(folder / "weights" / "centres.npy", np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]]))
    course.harness("evaluate", "submissions/bob")
    record = course.record()
    assert (record["failure"], record["submission"]["mode"]) == (None, "loaded")
    assert record["cost"]["parameters"] == 6


def test_weights_under_another_name_are_reported_with_what_load_needs(course: TemporaryCourse) -> None:
    folder = course.submit(CENTROIDS)
    (folder / "weights").mkdir()
    (folder / "weights" / "best_model.pth").write_bytes(b"x")
    course.harness("evaluate", "submissions/bob")
    message = course.record()["failure"]["message"]
    assert "found best_model.pth: write `def load(self, folder):`" in message
    assert "folder / 'best_model.pth'" in message


def test_what_a_model_prints_is_kept_and_shown(course: TemporaryCourse) -> None:
    course.submit(MODEL.replace("        self", "        print('my epoch 1')\n        self", 1))
    done = course.harness("evaluate", "submissions/bob")
    assert "│ my epoch 1" in done.stdout
    kept = course.root / ".harness" / "output" / "blobs" / "bob.txt"
    assert kept.read_text() == "my epoch 1"
    course.submit(CENTROIDS)
    course.harness("evaluate", "submissions/bob")
    assert not kept.exists()


def test_a_network_in_a_global_is_reported_and_not_scored(course: TemporaryCourse) -> None:
    model = HEAD + "KEPT = {}\n" + FIT.replace("self.centres", "KEPT['centres']")
    course.submit(model.replace("return -self", "if not KEPT: return np.zeros((len(inputs), 3))\n        return -self"))
    course.harness("evaluate", "submissions/bob")
    record = course.record()
    assert record["failure"]["kind"] == "save_error"
    assert "kept nothing on self" in record["failure"]["message"]
    assert record["scores"] == []
