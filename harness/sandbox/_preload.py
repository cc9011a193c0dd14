"""Guess which slow libraries a submission will import, from its source text and without parsing it.

The text comes from a student, so it is only searched for names. Only names on a fixed list are ever imported, and a
wrong guess costs time but changes no result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<package>[\w.]+)[ \t]+import[ \t]+(?P<names>[^#\n]+)|import[ \t]+(?P<modules>[^#\n]+))",
    re.MULTILINE,
)
_NAME = re.compile(rb"[\w.]+")
_TEXT_BYTES = 1 << 20
_FILES = 200
_NAMES = 500
"""The largest number of names per file. This and the bounds below are larger than in real code."""
_NAME_PARTS, _NAME_CHARACTERS = 6, 100
_KNOWN = {
    "torch": ("torch", "torch.utils.flop_counter"),
    "torchvision": ("torchvision",),
    "scipy": ("scipy",),
    "sklearn": ("sklearn",),
} | {
    name: (name,)
    for name in (
        "pandas",
        *(f"scipy.{part}" for part in ("fft", "interpolate", "linalg", "ndimage", "optimize")),
        *(f"scipy.{part}" for part in ("signal", "sparse", "spatial", "special", "stats")),
        *(f"sklearn.{part}" for part in ("cluster", "decomposition", "discriminant_analysis", "ensemble")),
        *(f"sklearn.{part}" for part in ("feature_extraction", "feature_selection", "gaussian_process", "impute")),
        *(f"sklearn.{part}" for part in ("kernel_approximation", "linear_model", "manifold", "metrics")),
        *(f"sklearn.{part}" for part in ("model_selection", "multiclass", "naive_bayes", "neighbors")),
        *(f"sklearn.{part}" for part in ("neural_network", "pipeline", "preprocessing", "svm", "tree", "utils")),
        *(f"sklearn.feature_extraction.{part}" for part in ("image", "text")),
    )
}
_ON_A_WORD = {b"optim": ("torch", "torch._dynamo")}
"""Words in the text that cause another import: the first optimiser imports the compiler, which takes longer than torch
itself."""


def modules_for(folder: Path) -> frozenset[str]:
    """Return the known libraries that are named in imports of ``model.py`` and of the files that it imports."""
    found: set[str] = set()
    for text in _texts(folder):
        for name in _names(text):
            found.update(_known(name))
        for word, (library, more) in _ON_A_WORD.items():
            if library in found and word in text:
                found.add(more)
    return frozenset(found)


def _texts(folder: Path) -> Iterator[bytes]:
    """Yield the text of ``model.py`` and of every file that one of the texts names in an import."""
    waiting, seen = [folder / "model.py"], set[Path]()
    while waiting and len(seen) < _FILES:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        with path.open("rb") as file:
            text = file.read(_TEXT_BYTES)
        yield text
        for name in _names(text):
            start = path.parent if name.startswith(".") else folder
            parts = [part for part in name.split(".") if part][:_NAME_PARTS]
            places = [start.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
            waiting += [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]


def top_level(modules: Iterable[str]) -> frozenset[str]:
    """Return the packages that `modules` belong to."""
    return frozenset(name.partition(".")[0] for name in modules)


def own_modules(folder: Path) -> frozenset[str]:
    """Return the module names under which the files of `folder` can be imported."""
    return frozenset(path.name.partition(".")[0] for path in folder.iterdir())


def _names(text: bytes) -> Iterator[str]:
    """Yield the first dotted names in lines that look like an import."""
    yield from islice((name for name in _all_names(text) if len(name) <= _NAME_CHARACTERS), _NAMES)


def _all_names(text: bytes) -> Iterator[str]:
    for match in _IMPORT.finditer(text):
        package, names, modules = match.group("package", "names", "modules")
        if modules is not None:
            yield from (_first(part) for part in modules.split(b","))
        else:
            yield package.decode("ascii", "replace")
            yield from (f"{package.decode('ascii', 'replace')}.{_first(part)}" for part in names.split(b","))


def _first(text: bytes) -> str:
    match = _NAME.search(text)
    return "" if match is None else match.group().decode("ascii", "replace")


def _known(name: str) -> Iterator[str]:
    """Yield the modules on the list that contain `name` or are `name`."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        yield from _KNOWN.get(".".join(parts[:end]), ())
