"""What a file of a submission is for follows from its name."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from harness.evaluation._roles import missing_model, role_of
from harness.notebooks import notebook_among

ROLES = {
    "source": ["model.py", "nets/a.py", "readme_tools.py", "checkpoints/a.py", "weights.py"],
    "weights": ["weights/a.pt", "weights/README.md"],
    "document": [
        "README", "README.txt", "readme.md", "docs/a.pdf", "plot.png", "a.JPG", "report.html", "old.ipynb",
        "results.csv", "results_final.csv", "results2024.csv", "result-2.json", "results.json", "LICENSE",
        "LICENSE.txt", "notes.rst",
    ],
    "trained": [
        "best.pt", "net.pth", "a/last.ckpt", "a.safetensors", "a.npz", "a.joblib", "m.pkl", "model.h5", "m.keras",
        "best_model/config.json", "checkpoints/3/state", "pytorch_model.bin", "saved_model/variables/x",
    ],
    "shipped": ["words.txt", "stopwords.csv", "table.bin", "a.npy", "requirements.txt", "config.json", "resultant.csv"],
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_the_role_of_a_file_follows_from_its_name(role: str) -> None:
    assert {name: role_of(PurePosixPath(name)) for name in ROLES[role]} == dict.fromkeys(ROLES[role], role)


@pytest.mark.parametrize(
    ("names", "notebook"),
    [
        (["model.ipynb", "b.ipynb"], "model.ipynb"),
        (["Assignment1.ipynb", "README.md"], "Assignment1.ipynb"),
        (["a.ipynb", "b.ipynb"], None),
        (["model.py", "model.ipynb"], None),
        ([".hidden.ipynb"], None),
        ([], None),
    ],
)
def test_one_notebook_is_used_in_place_of_the_model(names: list[str], notebook: str | None) -> None:
    assert notebook_among(names) == notebook


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["Model.py"], "found 'Model.py': rename it to model.py"),
        (["model (1).py"], "found 'model (1).py': rename"),
        (["model copy.py"], "rename"),
        (["model_final.py"], "rename"),
        (["model.py.txt"], "rename"),
        (["MODEL.PY"], "rename"),
        (["model2.py", "utils.py"], "found 'model2.py': rename"),
        (["src/model.py", "src/nets.py"], "found 'src/model.py': move it"),
        (["bob/usps/model.ipynb"], "found 'bob/usps/model.ipynb': move it"),
        (["model/__init__.py", "model/net.py"], "found the package model/: give that folder another name"),
        (["work.zip"], "found 'work.zip': unpack it"),
        (["work.tar.gz"], "unpack it"),
        (["a.ipynb", "b.ipynb"], "found 2 notebooks: call the one"),
        (["main.py"], "found 'main.py': call the file"),
        (["README.md"], "found 'README.md': expected model.py, or a notebook"),
        ([], "the folder is empty"),
    ],
)
def test_files_found_in_place_of_the_model_are_named(names: list[str], said: str) -> None:
    message = missing_model([PurePosixPath(name) for name in names])
    assert message.startswith("model.py is missing: ")
    assert said in message
