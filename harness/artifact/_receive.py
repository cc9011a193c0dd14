"""Receive an artifact on the host: only plain names and a bounded size. The host opens no path that a student made."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from harness.artifact._saved_form import MAX_DEPTH, MAX_FILES, MAX_FOLDERS, MAX_PATH_BYTES


class ArtifactTooLargeError(Exception):
    """`save` wrote more than an artifact may contain; the message says what to do."""


class BadFileNameError(Exception):
    """A file of an artifact cannot have the name that it was sent under."""


class Receiver:
    """Writes the files of an artifact into `folder` as they arrive."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._left, self._files = folder, max_bytes, 0
        self._max_bytes = max_bytes
        self._folders: set[PurePosixPath] = {PurePosixPath()}

    def announce(self, nbytes: int) -> None:
        """Accept one more file of `nbytes` bytes, before its content is read.

        Raises:
            ArtifactTooLargeError: the artifact would have too many files or bytes.
        """
        self._left -= nbytes
        self._files += 1
        if self._left < 0:
            raise ArtifactTooLargeError(
                f"save wrote more than the limit artifact_bytes {self._max_bytes:,} "
                f"({self._max_bytes / 2**20:,.0f} MiB): keep less on self, "
                "in particular no data or copies that predict does not need"
            )
        if self._files > MAX_FILES:
            raise ArtifactTooLargeError(f"save wrote more than {MAX_FILES:,} files: write fewer")

    def write(self, name: str, content: bytes) -> None:
        """Write one file that was announced.

        Raises:
            ArtifactTooLargeError: the artifact would have too many folders.
            BadFileNameError: `name` leads out of the folder, is too long or too deep, or is the name of a folder.
        """
        path = PurePosixPath(name)
        bad = path.is_absolute() or any(part in ("..", "") or "\0" in part for part in path.parts)
        bad = bad or not path.parts or len(path.parts) > MAX_DEPTH
        if bad or len(name.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
            raise BadFileNameError(f"a file cannot be called {name[:100]!r}")
        new = [parent for parent in path.parents if parent not in self._folders]
        self._folders.update(new)
        if len(self._folders) > MAX_FOLDERS + 1:  # the artifact's folder is included
            raise ArtifactTooLargeError(f"save wrote files into more than {MAX_FOLDERS} folders: use fewer")
        target = self._folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError, UnicodeEncodeError) as error:
            raise BadFileNameError(f"the file {name!r} cannot be written: {type(error).__name__}") from error
        target.chmod(0o644)
        for parent in new:
            (self._folder / parent).chmod(0o755)
