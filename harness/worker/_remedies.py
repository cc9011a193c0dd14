"""One sentence of advice for each of the most common mistakes."""

from __future__ import annotations

import errno
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from harness.contract import TaskInfo
from harness.packages import USUAL, installed
from harness.sourcetext import unreadable_source

Doing = Literal["import", "fit", "save", "load", "predict", "other"]

_CONVENTIONS = {
    "np": "import numpy as np", "pd": "import pandas as pd", "plt": "import matplotlib.pyplot as plt",
    "nn": "from torch import nn", "F": "from torch.nn import functional as F", "torch": "import torch",
    "harness": "import harness", "Path": "from pathlib import Path", "tqdm": "from tqdm import tqdm",
    "DataLoader": "from torch.utils.data import DataLoader", "os": "import os", "random": "import random",
}  # fmt: skip
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
_PYTHON_2 = {
    "xrange": "range", "unicode": "str", "basestring": "str", "raw_input": "input", "unichr": "chr", "long": "int",
    "reduce": "functools.reduce",
}  # fmt: skip
_DOCUMENTS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".html", ".md", ".ipynb", ".tif", ".bmp"})
_OTHER_TYPES = (
    "expected scalar type", "must have the same dtype", "expected target dtype", "and bias type (", "and weight type (",
)  # fmt: skip
_SHOWN_FILES = 3
_DEFAULT_SAVE = frozenset({"structure.pkl", "arrays.safetensors"})
_NO_FILE = re.compile(r"No such file or directory: '?([^':]+)'?")
_NOT_PYTHON = {
    ("<<<<<<<", "=======", ">>>>>>>"): (
        "git could not combine two versions here: keep one of them, and delete the lines of <, = and >"
    ),
    ("```",): "delete the lines with ```, which are not Python",
    (">>> ", "In ["): "delete what the prompt has put before each line, such as >>>",
    ("<!DOCTYPE", "<!doctype", "<html", "<HTML"): "the file is a web page: download the file itself, and hand that in",
}
"""What is found in place of Python if somebody copied more than the code, by how the line begins."""
_TYPES_OF_3_12 = re.compile(r"\s*(type\s+\w+.*=|(async\s+)?def\s+\w+\[|class\s+\w+\[)")
_NO_GPU = (
    "No CUDA GPUs are available", "not compiled with CUDA", "Found no NVIDIA driver", "support for mps devices",
    "MPS backend",
)  # fmt: skip
_PRINTED = ("invalid non-printable character", "invalid character")
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True)
class Mistake:
    """An exception that the code of a submission raised, and what the submission was doing."""

    error: BaseException
    text: str
    doing: Doing
    items: int
    """The number of inputs, if it was predicting."""
    folder: Path
    """The folder of the submission."""
    artifact: Path | None = None
    """The folder that `load` got, if it was called."""

    def mentions(self, *texts: str) -> bool:
        """Return whether the error's text contains one of `texts`."""
        return any(text in self.text for text in texts)

    def names(self) -> set[str]:
        """Return the names of the error's classes."""
        return {cls.__name__ for cls in type(self.error).__mro__}

    def passes_through(self, *parts: str) -> bool:
        """Return whether the traceback contains a file with one of `parts` in its path."""
        frames = traceback.extract_tb(self.error.__traceback__)
        return any(part in frame.filename for frame in frames for part in parts)


def remedy(mistake: Mistake) -> str:
    """Return what to do about `mistake`, or an empty string if that is unknown."""
    return next((found for rule in _RULES if (found := rule(mistake))), "")


def _for_notebooks(mistake: Mistake) -> str | None:
    """Explain that functions for notebooks do not exist while a model is trained or predicts."""
    if calls_for_notebooks(mistake):
        return (
            "harness.load_data, check and evaluate work in your notebook only: delete the call; what the model needs "
            "of the data is computed in fit, from its arguments `train` and `validation`"
        )
    return None


def calls_for_notebooks(mistake: Mistake) -> bool:
    """Return whether a function for notebooks was called, whose own message is about something else."""
    return "UsageError" in mistake.names() and mistake.passes_through("/harness/interactive/")


def _hidden_package(mistake: Mistake) -> str | None:
    """Name a file next to model.py that shadows a package of the same name."""
    if not isinstance(mistake.error, ImportError | AttributeError | NameError):
        return None
    for path in _importable(mistake.folder):
        name = path.stem
        known = name in USUAL or name in sys.stdlib_module_names
        module = sys.modules.get(name)
        loaded = str(getattr(module, "__file__", None) or "").startswith(f"{mistake.folder}/")
        if known and loaded and re.search(rf"\b{re.escape(name)}\b", mistake.text):
            return f"{path.name} next to model.py hides the package {name}: give the file another name"
    return None


def _importable(folder: Path) -> list[Path]:
    """Return the modules and packages next to model.py."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() or path.suffix == ".py")
    except OSError:
        return []


_OF_SAMPLE_DATA = ("/sklearn/datasets/", "/statsmodels/datasets/", "/skimage/data/", "/mpl-data/", "/matplotlib/cbook")


def _sample_data(mistake: Mistake) -> str | None:
    """Say that the sample data of a package is missing."""
    missing = isinstance(mistake.error, ImportError | OSError)
    if missing and mistake.passes_through(*_OF_SAMPLE_DATA):
        return "sample data of installed packages is hidden from models: learn from `train`, and keep results on self"
    return None


def _imports(mistake: Mistake) -> str | None:
    error = mistake.error
    if mistake.mentions("attempted relative import"):
        return "files next to model.py are imported by their plain names: write `from net import Net`, without the dot"
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    name = error.name.partition(".")[0]
    if name == "google":
        return "google.colab exists in Colab only: delete the import; the data is in `train` and `validation`"
    if name in USUAL:
        return (
            f"the package {USUAL[name]} is not installed here (available: {', '.join(installed())}): "
            "do not use it, or ask your instructor to add it"
        )
    return (
        f"there is neither a package nor a file {name}.py here: hand in {name}.py next to model.py if it is your file; "
        f"otherwise do not use it (available: {', '.join(installed())}), or ask your instructor to add it"
    )


def _undefined(mistake: Mistake) -> str | None:
    if not isinstance(mistake.error, NameError) or isinstance(mistake.error, UnboundLocalError):
        return None
    name = getattr(mistake.error, "name", None) or ""
    if name == "get_ipython":
        return "get_ipython exists in notebooks only: delete this line, or hand in the notebook itself"
    if name == "Model":
        return "write `import harness` at the top and `class Model(harness.Model):`"
    if name in _CONVENTIONS:
        return f"write `{_CONVENTIONS[name]}` at the top of model.py"
    if name == "display":
        return "display exists in notebooks only: delete this line"
    return None


def _names_from_elsewhere(mistake: Mistake) -> str | None:
    """Explain a name that Python 2 had, that JSON has, or that is a variable of `fit`."""
    if not isinstance(mistake.error, NameError) or isinstance(mistake.error, UnboundLocalError):
        return None
    name = mistake.error.name or ""
    if name in _PYTHON_2:
        return f"Python 3 runs here: write {_PYTHON_2[name]}"
    if name in ("null", "true", "false") and _begins_with(mistake.folder / "model.py", b"{"):
        return "model.py contains a notebook: call the file model.ipynb"
    if name and name in _variables_of_fit(mistake):
        return f"{name} is a variable of fit, which only fit has: write self.{name} in fit and here"
    return None


def _variables_of_fit(mistake: Mistake) -> tuple[str, ...]:
    """Return the names of the local variables of `fit`, if another method raised the error."""
    if mistake.doing not in ("predict", "save", "load"):
        return ()
    for frame, _ in traceback.walk_tb(mistake.error.__traceback__):
        fit: Any = getattr(type(frame.f_locals.get("self")), "fit", None)
        if Path(frame.f_code.co_filename).is_relative_to(mistake.folder) and hasattr(fit, "__code__"):
            names: tuple[str, ...] = fit.__code__.co_varnames
            return names
    return ()


def _encoding(mistake: Mistake) -> str | None:
    """Name the file that is not text in UTF-8 or in the encoding that it declares."""
    unreadable = unreadable_source(mistake.error, mistake.text, mistake.folder)
    return None if unreadable is None else " ".join(unreadable)


def _notebook_syntax(mistake: Mistake) -> str | None:
    if not isinstance(mistake.error, SyntaxError):
        return None
    line = (mistake.error.text or "").lstrip()
    if line.startswith(("%", "!")) or line.rstrip().endswith("?"):
        return "lines that begin with % or ! work in notebooks only: delete them, or hand in the notebook itself"
    if isinstance(mistake.error, TabError) or mistake.mentions("unindent does not match"):
        return "indent every line with spaces only: editors have a command that converts tabs to spaces"
    if mistake.mentions(*_PRINTED) and re.search(r"U\+00[01][0-9A-F]\b", mistake.text):
        return "the line contains a control character, which editors do not show: delete the line and type it again"
    if mistake.mentions(*_PRINTED):
        return "the line contains a character that was copied from a document, such as a curly quote: type it again"
    return None


def _other_languages(mistake: Mistake) -> str | None:
    """Explain lines that are no Python, or Python of another version."""
    if not isinstance(mistake.error, SyntaxError):
        return None
    line = (mistake.error.text or "").lstrip()
    for beginnings, advice in _NOT_PYTHON.items():
        if line.startswith(beginnings):
            return advice
    if mistake.mentions("multiple exception types must be parenthesized"):
        return "write `except (ValueError, TypeError):` for several, or `except ValueError as error:` for a name"
    return _newer_syntax(mistake, line)


def _newer_syntax(mistake: Mistake, line: str) -> str | None:
    """Explain syntax of Python 3.12 to an older one."""
    if sys.version_info >= (3, 12):
        return None
    runs = f"Python {sys.version_info.major}.{sys.version_info.minor} runs here"
    if mistake.mentions("f-string"):
        return f"{runs}: within the braces of an f-string, write neither the quotes around it nor a backslash"
    if _TYPES_OF_3_12.match(line):
        return f"{runs}, and type parameters need Python 3.12: leave them out"
    return None


def _read_only(mistake: Mistake) -> str | None:
    if mistake.mentions("is read-only", "array is read only", "buffer source array is read-only"):
        return "inputs and targets are read-only: work on a copy, such as `x = x.copy()` or `x = x - mean`"
    if isinstance(mistake.error, OSError) and mistake.error.errno == errno.EROFS:
        return (
            "only the current folder can be written to, and it is empty again in the next process: "
            "write to a plain name such as open('log.txt', 'w'), and keep what predict needs on self"
        )
    return None


def _no_network(mistake: Mistake) -> str | None:
    if mistake.names() & _OFFLINE or mistake.mentions(*_OFFLINE_TEXTS):
        return (
            "there is no network here: start without pretrained weights (weights=None), or use those that the task "
            "declares, whose paths are in self.task.assets while fit runs"
        )
    return None


def _no_file(mistake: Mistake) -> str | None:
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


def _other_contents(mistake: Mistake) -> str | None:
    """Name a file that is empty, a web page or a Git LFS pointer, if something could not be read."""
    unread = not isinstance(mistake.error, SyntaxError | NameError | FileNotFoundError)
    if mistake.doing not in ("import", "load") or not unread:
        return None
    for path in _data_files(mistake.folder, mistake.artifact):
        if _begins_with(path, _LFS):
            return f"{path.name} is a pointer of Git LFS, not the file itself: run `git lfs pull` and hand in the file"
        if _begins_with(path, b"<!doctype") or _begins_with(path, b"<html"):
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


def _begins_with(path: Path, start: bytes) -> bool:
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


def _torch(mistake: Mistake) -> str | None:
    if mistake.mentions("deserialize object on a CUDA device"):
        return 'load it for the CPU: torch.load(path, map_location="cpu")'
    if mistake.mentions(*_NO_GPU):
        return 'there is no GPU here: write device = "cuda" if torch.cuda.is_available() else "cpu" and .to(device)'
    if mistake.mentions("Weights only load failed", "on <module '__main__'"):
        return (
            "the file contains a whole model, which can be loaded only if its class is in the same module: save the "
            "numbers instead, torch.save(net.state_dict(), path), and load them with "
            "net.load_state_dict(torch.load(path))"
        )
    if mistake.mentions(*_OTHER_TYPES):
        return (
            "tensors have different types: write torch.as_tensor(inputs, dtype=torch.float32) for the input of a "
            "layer, and .long() for labels"
        )
    if mistake.mentions("Expected more than 1 value per channel when training"):
        return "a module is in training mode: call self.net.eval() at the end of fit"
    if mistake.mentions("No working C++ compiler", "No C++ compiler"):
        return "torch.compile needs a C++ compiler, which this machine does not have: use the module itself instead"
    if mistake.mentions("support the deepcopy protocol", "parametrized modules is only supported"):
        return (
            "layers under weight_norm and other parametrisations cannot be copied or saved whole: call "
            'torch.nn.utils.parametrize.remove_parametrizations(layer, "weight") at the end of fit'
        )
    return None


def _layers(mistake: Mistake) -> str | None:
    """Explain what a layer or a loss of torch expects."""
    if mistake.mentions("before Module.__init__() call"):
        return "write super().__init__() in the first line of that class's __init__"
    if mistake.mentions("must be Tensor, not ", "got (numpy.ndarray", "got (list"):
        return "arrays and lists are no tensors: write torch.as_tensor(inputs)"
    shapes = re.search(r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)", mistake.text)
    if shapes:
        return (
            f"the layer is for {shapes[2]} values per item and gets {shapes[1]}: change its first number to "
            f"{shapes[1]}, or the shape of the items, for which x.flatten(1) joins all axes but the first"
        )
    if re.search(r"input to conv\dd, but got|expected input\[.*\] to have \d+ channels", mistake.text):
        return (
            "a convolution expects the axis of channels after that of items: x[:, None] adds one, and x.movedim(-1, 1) "
            "moves the last axis there"
        )
    if re.fullmatch(r"Target -?\d+ is out of bounds\.?", mistake.text):
        return "the last layer needs one output per class, len(self.task.classes)"
    if re.search(r"Target size \(.*\) must be the same as input size", mistake.text):
        return "give targets the shape of the outputs, such as y[:, None].float()"
    return None


def _estimators(mistake: Mistake) -> str | None:
    """Explain what an estimator of scikit-learn expects."""
    if re.search(r"Found array with dim \d", mistake.text):
        return "estimators expect one row of numbers per item: write x.reshape(len(x), -1)"
    if "NotFittedError" in mistake.names() and mistake.doing == "predict":
        return "keep the estimator that fit has fitted on self, and use that one"
    if re.search(r"X has \d+ features, but \w+ is expecting \d+", mistake.text) and mistake.doing == "predict":
        return "prepare inputs as in fit, with what was fitted there: .transform(...), not .fit_transform(...)"
    return None


def _texts(mistake: Mistake) -> str | None:
    """Explain that texts come as a list, and are not numbers."""
    if mistake.mentions("could not convert string to float", "too many dimensions 'str'"):
        return "texts are not numbers: turn them into numbers first, as TfidfVectorizer does, or a list of known words"
    if re.search(r"'list' object has no attribute '(shape|reshape|astype|flatten)'", mistake.text):
        return (
            "a list has no shape: np.asarray(...) makes an array of one; if the task is about texts, inputs are a list"
        )
    return None


def _paths_as_texts(mistake: Mistake) -> str | None:
    added = re.search(r"for \+: '\w*Path' and 'str'|concatenate str \(not \"\w*Path\"\)", mistake.text)
    if isinstance(mistake.error, TypeError) and added:
        return 'the folder is a pathlib.Path: write folder / "net.pt"'
    return None


def _facts_of_the_task(mistake: Mistake) -> str | None:
    if mistake.mentions("'TaskInfo' object has no attribute"):
        names = ", ".join(one.name for one in fields(TaskInfo))
        return f"self.task has {names}; the number of classes is len(self.task.classes)"
    return None


def _debugger(mistake: Mistake) -> str | None:
    if "BdbQuit" in mistake.names():
        return "nobody can use a debugger here: delete breakpoint() or pdb.set_trace()"
    return None


def _processes(mistake: Mistake) -> str | None:
    workers = ("multiprocessing", "torch/utils/data", "joblib", "concurrent/futures")
    if isinstance(mistake.error, PermissionError) and mistake.passes_through(*workers):
        return "no worker processes can be started at this isolation level: write num_workers=0 (or n_jobs=1)"
    if mistake.mentions("AF_UNIX path too long"):
        return (
            "sockets between processes need a folder for temporary files with a short name: write num_workers=0 (or "
            "n_jobs=1), or ask your instructor to set TMPDIR to such a folder"
        )
    if mistake.mentions("DataLoader worker (pid", "process in the process pool was terminated"):
        return (
            "a worker process was killed, usually because it needed too much memory: write num_workers=0 (or n_jobs=1)"
        )
    return None


def _split(mistake: Mistake) -> str | None:
    if isinstance(mistake.error, AttributeError | TypeError | ValueError) and re.search(
        r"'Split' object|Split object|Split\(|\.Split'", mistake.text
    ):
        return (
            "fit gets two Splits, `train` and `validation`: the arrays are train.inputs and train.targets, "
            "validation.inputs and validation.targets"
        )
    return None


def _leaving(mistake: Mistake) -> str | None:
    if isinstance(mistake.error, SystemExit):
        if mistake.passes_through("argparse.py"):
            return "there are no command-line arguments here: give every argument a default, or use plain constants"
        return "do not call exit() or sys.exit(): return instead"
    return None


def _waiting_for_input(mistake: Mistake) -> str | None:
    if isinstance(mistake.error, EOFError) and mistake.mentions("EOF when reading a line"):
        return "nobody can answer input() here: write the value into the code"
    return None


def _never_set(mistake: Mistake) -> str | None:
    missing = re.search(r"'Model' object has no attribute '(\w+)'", mistake.text)
    if missing is None or not isinstance(mistake.error, AttributeError):
        return None
    if mistake.doing == "load":
        return f"load is called on a new Model(), on which fit has not run: make self.{missing[1]} in load first"
    if mistake.doing != "predict":
        return None
    return (
        f"fit must set self.{missing[1]}, or load if you wrote one: predict runs in a new process, which has only what "
        "was saved"
    )


def _saving(mistake: Mistake) -> str | None:
    directory = isinstance(mistake.error, IsADirectoryError) or mistake.mentions("Is a directory")
    if directory and mistake.doing in ("save", "load"):
        return (
            f"{mistake.doing} gets a folder: name a file in it, as in "
            'torch.save(self.net.state_dict(), folder / "net.pt")'
        )
    return None


def _one_item(mistake: Mistake) -> str | None:
    if mistake.doing != "predict" or mistake.items != 1:
        return None
    if not isinstance(mistake.error, IndexError | ValueError | RuntimeError | TypeError):
        return None
    return (
        "predict got a single item: it must work for any number of items, and squeeze() also removes the axis of a "
        "single item, so name the axis to remove, as in squeeze(1)"
    )


_RULES: tuple[Callable[[Mistake], str | None], ...] = (
    _for_notebooks, _hidden_package, _sample_data, _imports, _undefined, _names_from_elsewhere, _encoding,
    _notebook_syntax, _other_languages, _read_only,
    _no_network, _other_contents, _no_file, _torch, _layers, _estimators, _texts, _processes, _split,
    _facts_of_the_task, _leaving, _waiting_for_input, _debugger, _never_set, _paths_as_texts, _saving, _one_item,
)  # fmt: skip
