"""Advice about source code: names, imports, syntax and encoding."""

from __future__ import annotations

import re
import sys
import traceback
from pathlib import Path
from typing import Any

from harness.packages import USUAL, installed
from harness.sourcetext import unreadable_source
from harness.worker._mistake import Mistake
from harness.worker._remedies_files import begins_with

_CONVENTIONS = {
    "np": "import numpy as np", "pd": "import pandas as pd", "plt": "import matplotlib.pyplot as plt",
    "nn": "from torch import nn", "F": "from torch.nn import functional as F", "torch": "import torch",
    "harness": "import harness", "Path": "from pathlib import Path", "tqdm": "from tqdm import tqdm",
    "DataLoader": "from torch.utils.data import DataLoader", "os": "import os", "random": "import random",
}  # fmt: skip
_PYTHON_2 = {
    "xrange": "range", "unicode": "str", "basestring": "str", "raw_input": "input", "unichr": "chr", "long": "int",
    "reduce": "functools.reduce",
}  # fmt: skip
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
_PRINTED = ("invalid non-printable character", "invalid character")


def hidden_package(mistake: Mistake) -> str | None:
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


def imports(mistake: Mistake) -> str | None:
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


def undefined(mistake: Mistake) -> str | None:
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


def names_from_elsewhere(mistake: Mistake) -> str | None:
    """Explain a name that Python 2 had, that JSON has, or that is a variable of `fit`."""
    if not isinstance(mistake.error, NameError) or isinstance(mistake.error, UnboundLocalError):
        return None
    name = mistake.error.name or ""
    if name in _PYTHON_2:
        return f"Python 3 runs here: write {_PYTHON_2[name]}"
    if name in ("null", "true", "false") and begins_with(mistake.folder / "model.py", b"{"):
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


def encoding(mistake: Mistake) -> str | None:
    """Name the file that is not text in UTF-8 or in the encoding that it declares."""
    unreadable = unreadable_source(mistake.error, mistake.text, mistake.folder)
    return None if unreadable is None else " ".join(unreadable)


def notebook_syntax(mistake: Mistake) -> str | None:
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


def other_languages(mistake: Mistake) -> str | None:
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
