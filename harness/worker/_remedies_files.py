"""Advice about files and the network."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from pathlib import Path

from harness.worker._mistake import Mistake

_OFFLINE = frozenset(
    {
        "URLError", "gaierror", "ConnectionError", "ConnectTimeout", "ConnectionRefusedError", "NewConnectionError",
        "MaxRetryError", "NameResolutionError", "LocalEntryNotFoundError", "OfflineModeIsEnabled", "ProxyError",
    }
)  # fmt: skip
_OFFLINE_TEXTS = (
    "name resolution", "Network is unreachable", "Max retries exceeded", "couldn't connect to",
    "no internet connection",
)  # fmt: skip
_DOCUMENTS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".html", ".md", ".ipynb", ".tif", ".bmp"})
_SHOWN_FILES = 3
_DEFAULT_SAVE = frozenset({"structure.pkl", "arrays.safetensors"})
_NO_FILE = re.compile(r"No such file or directory: '?([^':]+)'?")
_LFS = b"version https://git-lfs.github.com/spec/"
_OF_SAMPLE_DATA = ("/sklearn/datasets/", "/statsmodels/datasets/", "/skimage/data/", "/mpl-data/", "/matplotlib/cbook")


def sample_data(mistake: Mistake) -> str | None:
    """Say that the sample data of a package is missing."""
    missing = isinstance(mistake.error, ImportError | OSError)
    if missing and mistake.passes_through(*_OF_SAMPLE_DATA):
        return "sample data of installed packages is hidden from models: learn from `train`, and keep results on self"
    return None


def read_only(mistake: Mistake) -> str | None:
    if mistake.mentions("is read-only", "array is read only", "buffer source array is read-only"):
        return "inputs and targets are read-only: work on a copy, such as `x = x.copy()` or `x = x - mean`"
    if isinstance(mistake.error, OSError) and mistake.error.errno == errno.EROFS:
        return (
            "only the current folder can be written to, and it is empty again in the next process: "
            "write to a plain name such as open('log.txt', 'w'), and keep what predict needs on self"
        )
    return None


def no_network(mistake: Mistake) -> str | None:
    if mistake.names() & _OFFLINE or mistake.mentions(*_OFFLINE_TEXTS):
        return (
            "there is no network here: start without pretrained weights (weights=None), or use those that the task "
            "declares, whose paths are in self.task.assets while fit runs"
        )
    return None


def no_file(mistake: Mistake) -> str | None:
    path = _missing_file(mistake)
    if path is None:
        return None
    if mistake.doing == "load" and (advice := _not_among_saved(mistake, path)):
        return advice
    name = path.name
    if Path(name).suffix.lower() in _DOCUMENTS:
        return "pictures, PDF, HTML and README files are documents, which no model can read: hand in numbers as .npy"
    if name and _exists(mistake.folder, name):
        return f'it is next to model.py: open Path(__file__).parent / "{name}" (from pathlib import Path)'
    if mistake.doing in ("predict", "load"):
        return (
            "prediction runs in a new process and an empty folder, so files that fit wrote are gone: "
            "keep what predict needs on self"
        )
    return (
        "there are no files here except those of your submission: the data is in the arguments `train` and "
        '`validation` of fit, and a file next to model.py is Path(__file__).parent / "name"'
    )


def _missing_file(mistake: Mistake) -> Path | None:
    """Return the file that could not be found, as the program named it; None if the student wrote the message."""
    error = mistake.error
    if not isinstance(error, FileNotFoundError):
        return None
    if error.filename is not None:
        return Path(str(error.filename))
    named = _NO_FILE.search(mistake.text)  # a library that is not written in Python says it in words only
    return Path(named[1]) if named else None


def _not_among_saved(mistake: Mistake, path: Path) -> str | None:
    """Say what the folder that `load` gets contains, if `load` opens another file."""
    if not path.is_absolute():
        return f'save and load get a folder for their files: write and read folder / "{path.name}"'
    if mistake.artifact is None or not path.is_relative_to(mistake.artifact):
        return None
    found = sorted(one.relative_to(mistake.artifact).as_posix() for one in _data_files(mistake.artifact))
    if not found:
        return "the folder that load gets is empty: write the file in save"
    if _DEFAULT_SAVE.issuperset(found):
        return "the default save does not write it: write `def save(self, folder):` for it, or delete your load"
    more = f" and {len(found) - _SHOWN_FILES} more" if len(found) > _SHOWN_FILES else ""
    return f'the folder that load gets contains {", ".join(found[:_SHOWN_FILES])}{more}: open folder / "{found[0]}"'


def _exists(folder: Path, name: str) -> bool:
    try:
        return (folder / name).exists()
    except (OSError, ValueError):
        return False


def other_contents(mistake: Mistake) -> str | None:
    """Name a file that is empty, a web page or a Git LFS pointer, if something could not be read."""
    unread = not isinstance(mistake.error, SyntaxError | NameError | FileNotFoundError)
    if mistake.doing not in ("import", "load") or not unread:
        return None
    for path in _data_files(mistake.folder, mistake.artifact):
        if begins_with(path, _LFS):
            return f"{path.name} is a pointer of Git LFS, not the file itself: run `git lfs pull` and hand in the file"
        if begins_with(path, b"<!doctype") or begins_with(path, b"<html"):
            return f"{path.name} is a web page, not the file itself: download the file again, and look at it"
        if mistake.doing == "load" and _is_empty(path):
            return f"{path.name} is empty: hand in the file itself"
    if mistake.mentions("PytorchStreamReader failed reading zip archive"):
        return "the file is damaged or incomplete: save or copy it again"
    return None


def _data_files(*folders: Path | None) -> Iterator[Path]:
    for folder in folders:
        if folder is None:
            continue
        try:
            yield from (path for path in folder.rglob("*") if path.suffix != ".py" and path.is_file())
        except OSError:
            continue


def begins_with(path: Path, start: bytes) -> bool:
    """Return whether the file at `path` begins with `start`, in letters of any case."""
    try:
        with path.open("rb") as file:
            return file.read(len(start)).lower() == start
    except OSError:
        return False


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def paths_as_texts(mistake: Mistake) -> str | None:
    added = re.search(r"for \+: '\w*Path' and 'str'|concatenate str \(not \"\w*Path\"\)", mistake.text)
    if isinstance(mistake.error, TypeError) and added:
        return 'the folder is a pathlib.Path: write folder / "net.pt"'
    return None


def saving(mistake: Mistake) -> str | None:
    directory = isinstance(mistake.error, IsADirectoryError) or mistake.mentions("Is a directory")
    if directory and mistake.doing in ("save", "load"):
        return (
            f"{mistake.doing} gets a folder: name a file in it, as in "
            'torch.save(self.net.state_dict(), folder / "net.pt")'
        )
    return None
