"""Start other programs: this Python and programs on ``PATH``, but nothing from the current folder.

That folder may be a student's, so nothing in it is imported, started or read as settings.

Such a Python runs this file first: ``python -I programs.py PATH MODULE ARGUMENT...``, with PATH in JSON.
"""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import shutil
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, chdir
from pathlib import Path

_SEARCHED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Variables that list folders in which programs, modules or libraries are searched for."""


def python_command(module: str, *arguments: str, path: Iterable[str] | None = None) -> list[str]:
    """Return the command that runs `module` in a new Python with the import path of this one.

    It is started isolated (``-I``), so that it searches neither the current folder nor the folders of ``PYTHONPATH``,
    and then gets the absolute entries of this process's import path. These include the user's site-packages and folders
    from ``PYTHONPATH``, which an installation may need; if `path` is given, it is used instead. A module of this
    package is imported from the folder of this file.
    """
    entries = json.dumps([entry for entry in (sys.path if path is None else path) if Path(entry).is_absolute()])
    options = ["-I", *(["-B"] if sys.dont_write_bytecode else [])]
    return [sys.executable, *options, str(Path(__file__).absolute()), entries, module, *arguments]


def find_program(name: str) -> Path | None:
    """Return the absolute path of the program `name`, which is searched for only in absolute folders of ``PATH``."""
    found = shutil.which(name, path=os.pathsep.join(_absolute(os.environ.get("PATH", os.defpath))))
    return Path(found) if found is not None and Path(found).is_absolute() else None


def forget_current_folder() -> None:
    """Remove the current folder from the search paths of this process and of every process that it starts.

    An empty or relative entry of such a path is the folder in which a command is run, which may be a student's.
    Processes that a library starts (Dask, `multiprocessing`) inherit ``PYTHONSAFEPATH``.
    """
    relative = set(_entries(os.environ.get("PYTHONPATH", ""))) - set(_absolute(os.environ.get("PYTHONPATH", "")))
    current = {str(Path(entry).absolute()) for entry in relative}  # Python has made them absolute
    sys.path[:] = [entry for entry in sys.path if _may_stay(entry) and entry not in current]
    for name in _SEARCHED:
        kept = os.pathsep.join(_absolute(os.environ.get(name, "")))
        if kept:
            os.environ[name] = kept
        else:  # some programs treat an empty list as the current folder
            os.environ.pop(name, None)
    os.environ["PYTHONSAFEPATH"] = "1"


def away_from_here() -> AbstractContextManager[None]:
    """Change to the interpreter's folder in the body, in which a library is imported that may read settings.

    Several libraries import matplotlib, which reads a file ``matplotlibrc`` of the current folder.
    """
    return chdir(sys.prefix)


def _entries(listed: str) -> list[str]:
    return listed.split(os.pathsep) if listed else []


def _absolute(listed: str) -> list[str]:
    return [entry for entry in _entries(listed) if Path(entry).is_absolute()]


def _may_stay(entry: str) -> bool:
    """Return whether an entry of the import path may stay; an entry that is not a path belongs to an import hook."""
    return Path(entry).is_absolute() or (entry != "" and not os.path.lexists(entry))


def _main(path: list[str], module: str, *arguments: str) -> None:
    """Run `module` with `arguments`, importing from `path`."""
    sys.path[:] = path
    if module.partition(".")[0] == "harness":
        _import_package()
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _import_package() -> None:
    """Import the package that this file belongs to, even if another package has the same name."""
    folder = Path(__file__).absolute().parent
    spec = importlib.util.spec_from_file_location(
        "harness", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules["harness"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]), *sys.argv[2:])
