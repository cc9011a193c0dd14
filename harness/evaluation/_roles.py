"""Classify the files of a submission by their names: source, weights, notebook, document or data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

Role = Literal["source", "weights", "notebook", "document", "trained", "shipped"]

WEIGHTS = "weights"
_DOCUMENTS = frozenset(
    ".md .rst .pdf .html .htm .ipynb .png .jpg .jpeg .gif .svg .webp .bmp .tif .tiff .docx .odt .pptx".split()  # noqa: SIM905 - a table
)
_RESULTS = re.compile(
    r"(readme|licen[cs]e|results?)\b.*|results?[_-].*\.(csv|json|txt)|results\w*\.(csv|json|txt)", re.IGNORECASE
)
_TRAINED = frozenset(
    ".pt .pth .ckpt .safetensors .npz .joblib .pkl .pickle .h5 .hdf5 .keras .onnx .tflite .pb".split()  # noqa: SIM905 - likewise
)
_TRAINED_FOLDERS = frozenset(
    {"best_model", "saved_model", "checkpoint", "checkpoints", "lightning_logs", "runs", "wandb", "mlruns"}
)
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar")
_COPY = re.compile(r"model\W?( ?\(\d+\)|.?copy.*|.?final.*|[_-]?v?\d+)?\.py(\.txt)?", re.IGNORECASE)

CONTRACT = (
    "a model may read the source and data files next to it; documents (README, .md, .pdf, .html, pictures, notebooks, "
    "results) are for people and hidden from models"
)
"""One sentence that says which files a model may read."""


def role_of(path: PurePosixPath) -> Role:
    """Return the role of the file at `path`, except ``notebook``, which depends on the other files."""
    name = path.name.lower()
    if path.parts[0] == WEIGHTS:
        return "weights"
    if path.suffix == ".py":
        return "source"
    if path.suffix.lower() in _DOCUMENTS or _RESULTS.fullmatch(name):
        return "document"
    if path.suffix.lower() in _TRAINED or name == "pytorch_model.bin" or _TRAINED_FOLDERS & set(path.parts[:-1]):
        return "trained"
    return "shipped"


def missing_model(paths: Sequence[PurePosixPath]) -> str:
    """Return a message which says that ``model.py`` is missing and what was found instead."""
    return f"model.py is missing: {_found(paths)}"


def _found(paths: Sequence[PurePosixPath]) -> str:
    top = [path.name for path in paths if len(path.parts) == 1]
    copies = [name for name in top if _COPY.fullmatch(name)]
    if copies:
        return f"found {copies[0]!r}: rename it to model.py"
    if PurePosixPath("model/__init__.py") in paths:
        return "found the package model/: give that folder another name, and import from it in a file model.py"
    deeper = [path for path in paths if path.name in ("model.py", "model.ipynb") and len(path.parts) > 1]
    if deeper:
        return f"found {str(deeper[0])!r}: move it, and what it needs, up into the folder of the task"
    archives = [name for name in top if name.lower().endswith(_ARCHIVES)]
    if archives:
        return f"found {archives[0]!r}: unpack it and hand in the files"
    notebooks = [name for name in top if name.endswith(".ipynb")]
    if len(notebooks) > 1:
        return f"found {len(notebooks)} notebooks: call the one with the class Model model.ipynb"
    sources = [name for name in top if name.endswith(".py")]
    if sources:
        return f"found {sources[0]!r}: call the file with the class `Model` model.py"
    if top:
        return f"found {', '.join(map(repr, top[:3]))}: expected model.py, or a notebook, with a class `Model`"
    return "the folder is empty; expected model.py, or a notebook, with a class `Model`"
