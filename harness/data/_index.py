"""Download a wheel from the package index with pip, without installing or running it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from harness.programs import python_command

_SCHEME = "pip:"
_SECONDS = 300.0
_PIP = (
    *(
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
    ),  # only wheels, because building a source package would run code
    *("--disable-pip-version-check", "--no-input", "--quiet", "--timeout", "10", "--retries", "1"),
)


class IndexFailedError(Exception):
    """pip could not download the file; the message is its last line."""


def is_on_index(url: str) -> bool:
    """Return whether `url` is a release on the package index, ``pip:<name>==<version>``."""
    return url.startswith(_SCHEME)


def download_wheel(url: str, name: str, to: Path) -> None:
    """Download the wheel `name` of the release `url` from pip's configured index to the path `to`.

    Raises:
        IndexFailedError: pip failed, took too long, or downloaded a file with another name.
    """
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        command = python_command("pip", *_PIP, "--dest", folder, "--", url.removeprefix(_SCHEME))
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise IndexFailedError(f"pip took more than {_SECONDS:.0f} s") from error
        if done.returncode:
            raise IndexFailedError(f"pip: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
        found = Path(folder, name)
        if not found.is_file():
            others = ", ".join(sorted(path.name for path in Path(folder).iterdir()))
            raise IndexFailedError(f"pip downloaded {others or 'nothing'}")
        found.replace(to)
