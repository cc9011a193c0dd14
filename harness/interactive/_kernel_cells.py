"""Facts from the kernel of a notebook: the cells that were run, the one that defines a class, the notebook's folder.

Jupyter, VS Code and Colab use the same kernel, that of IPython, which keeps the source of every cell. The notebook does
not have to be saved, or exist as a file, which is not the case in Colab.
"""

from __future__ import annotations

import inspect
import linecache
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import UsageError

_TERMINAL = "<ipython-input-"
"""The beginning of the names of cells in a terminal; in a kernel they are the names of files in a temporary folder."""


def running_shell() -> Any | None:
    """Return IPython's shell, or None outside notebooks and IPython."""
    interactive = sys.modules.get("IPython")
    return None if interactive is None else interactive.get_ipython()


def cells_with(model: type, shell: Any) -> list[str]:
    """Return the cells that were run, in order; the last one that defines a class of this name defines `model`.

    The cells are returned as typed, because the kernel turns a cell with ``%%time`` into a call with the cell as text.
    If `model` was defined by a cell that is not in the history (``%run``, ``%reset in``), the code that the kernel ran
    is added.

    Raises:
        UsageError: the cell that defines `model` is not known.
    """
    typed, parsed = _history(shell)
    own = _cell_of(model)
    defining = [at for at, text in enumerate(typed) if _defines(text, model.__name__)]
    if defining and (own is None or own.strip() in (parsed[defining[-1]].strip(), typed[defining[-1]].strip())):
        return typed
    if own is None:
        raise UsageError(
            f"the cell that defines {model.__name__} is not in the history of this kernel: run it again, then this one"
        )
    if defining:  # another class with this name was defined later
        return [*typed, own]
    known = {text.strip() for text in (*typed, *parsed, own)}
    hidden = [text for text in _cached_cells(model) if text.strip() not in known]
    return [*hidden, *typed, own]


def file_of(model: type) -> Path | None:
    """Return the file that defines `model`; None if a cell defines it."""
    for name in _code_files(model):
        if Path(name).is_file() and not _is_of_a_kernel(name):
            return Path(name)
    return None


def notebook_folder(shell: Any | None) -> Path:
    """Return the folder of the notebook: VS Code and Jupyter's server report it; elsewhere it is the current folder."""
    names = [] if shell is None else [shell.user_ns.get("__vsc_ipynb_file__")]
    names.append(os.environ.get("JPY_SESSION_NAME"))
    for name in names:
        if isinstance(name, str) and name.endswith(".ipynb") and Path(name).parent.is_dir():
            return Path(name).absolute().parent
    return Path.cwd()


def is_colab() -> bool:
    """Return whether this is Colab."""
    return "google.colab" in sys.modules


def _history(shell: Any) -> tuple[list[str], list[str]]:
    """Return the cells that were run as typed and as Python."""
    kept = [str(cell) for cell in shell.user_ns.get("In", [""])[1:]]
    history = getattr(shell, "history_manager", None)
    typed, parsed = (
        [str(cell) for cell in getattr(history, name, [""])[1:]] for name in ("input_hist_raw", "input_hist_parsed")
    )
    if len(typed) != len(parsed) or not any(typed):
        return kept, kept
    return typed, parsed


def _defines(text: str, name: str) -> bool:
    return re.search(rf"^\s*class\s+{re.escape(name)}\b", text, re.MULTILINE) is not None


def _code_files(model: type) -> Iterator[str]:
    """Yield the names of the files that the methods of `model` were compiled from."""
    for value in vars(model).values():
        method = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        code = getattr(inspect.unwrap(method) if callable(method) else method, "__code__", None)
        if code is not None:
            yield code.co_filename


def _cell_of(model: type) -> str | None:
    """Return the source of the cell that defined `model`, if the kernel kept it."""
    for name in _code_files(model):
        text = "".join(linecache.getlines(name)) if _is_of_a_kernel(name) else ""
        if _defines(text, model.__name__):
            return text
    return None


def _is_of_a_kernel(name: str) -> bool:
    entry = linecache.cache.get(name)
    return entry is not None and len(entry) > 1 and entry[1] is None  # a cell has no time of modification


def _cached_cells(model: type) -> list[str]:
    """Return the other cells that were run, in the order of the first run."""
    starts = tuple({_TERMINAL if name.startswith("<") else f"{Path(name).parent}/" for name in _code_files(model)})
    names = [name for name in list(linecache.cache) if name.startswith(starts) and _is_of_a_kernel(name)]
    return ["".join(linecache.getlines(name)) for name in names]
