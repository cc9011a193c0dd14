"""Run git so that it only reads: it starts no other program, asks for no input, and enters no other repository.

The repository is that of the course, found from the course's root, and its configuration is trusted. Submissions are
not trusted: each may contain a repository with a separate configuration (``core.fsmonitor`` is a command that
``git status`` runs), and ``.gitattributes`` that name filters.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from harness.errors import InfrastructureError
from harness.programs import find_program

if sys.platform == "linux":
    import resource

SECONDS = 120.0
"""The time after which git is killed; the history of a large course takes seconds."""
MOST_OUTPUT_BYTES = 256 << 20
"""The largest output that is read completely, because a few pushed bytes can name billions of files."""
MEMORY_BYTES = 1 << 30
"""The largest memory of git (Linux), which remembers every file that differs when it compares two trees."""
_READ_BYTES = 1 << 20

_SETTINGS = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.quotePath", "false"),
    ("core.askPass", ""),
    ("diff.ignoreSubmodules", "all"),
    ("log.showSignature", "false"),  # otherwise git starts a program to verify signatures
    ("safe.bareRepository", "explicit"),
    ("submodule.recurse", "false"),
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",  # otherwise a partial clone would fetch missing objects with any program
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")
"""The ``GIT_`` variables of the environment that git gets, in addition to ``GIT_CONFIG_``, which may set a safe
directory."""
_DROPPED = ("GIT_CONFIG_PARAMETERS", "SSH_ASKPASS")


def run_git(course: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in the root of a course, and return the finished process; the caller checks whether it failed.

    Raises:
        InfrastructureError: git is not installed, or takes too long.
    """
    return _run(course, arguments, given, {})


def run_git_on_files(course: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a git command that reads the files of the work tree; no filter is applied to them.

    The configuration defines filters, and any ``.gitattributes`` decides which of them is applied to a file.

    Raises:
        InfrastructureError: git is not installed, or takes too long.
    """
    listed = run_git(course, "config", "--null", "--name-only", "--get-regexp", r"^filter\..*\.")
    names = {key.removeprefix("filter.").rpartition(".")[0] for key in os.fsdecode(listed.stdout).split("\0") if key}
    return _run(course, arguments, b"", _without_filters(names))


def message_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return git's message about its failure."""
    return os.fsdecode(done.stderr).strip().removeprefix("fatal: ") or f"exit code {done.returncode}"


@contextmanager
def stream_git(course: Path, *arguments: str, given: bytes = b"") -> Iterator[IO[bytes]]:
    """Run git in the root of a course, and yield its output as a stream, which does not have to be read to its end.

    Raises:
        InfrastructureError: git is not installed, fails, or takes too long.
    """
    with _started(course, arguments, given, {}) as running:
        yield running.output
        done = running.finish()
    if done.returncode:
        raise InfrastructureError(f"git {arguments[0]} failed: {message_of(done)}")


def _run(
    course: Path, arguments: tuple[str, ...], given: bytes, more: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    with _started(course, arguments, given, more) as running:
        output = bytearray()
        while block := running.output.read(_READ_BYTES):
            output += block
            if len(output) > MOST_OUTPUT_BYTES:
                raise InfrastructureError(
                    f"git {arguments[0]} in {course} printed more than {MOST_OUTPUT_BYTES:,} bytes"
                )
        done = running.finish()
    return subprocess.CompletedProcess(done.args, done.returncode, bytes(output), done.stderr)


class _Running:
    """A running git, which is killed when its time is up or when its output is no longer read."""

    def __init__(self, process: subprocess.Popen[bytes], complaints: IO[bytes], what: str) -> None:
        assert process.stdout is not None
        self.output = process.stdout
        self._process, self._complaints, self._what = process, complaints, what
        self._late = False
        self._timer = threading.Timer(SECONDS, self._end_late)
        self._timer.start()

    def _end_late(self) -> None:
        self._late = True
        self._process.kill()

    def finish(self) -> subprocess.CompletedProcess[bytes]:
        """Wait for the end of git after all its output has been read, and return its error messages."""
        code = self._process.wait()
        if self._late:
            raise InfrastructureError(f"{self._what} took more than {SECONDS:.0f} s")
        self._complaints.seek(0)
        return subprocess.CompletedProcess(self._process.args, code, b"", self._complaints.read(_READ_BYTES))

    def close(self) -> None:
        """Kill git if it is still running."""
        self._timer.cancel()
        self._process.kill()
        self._process.wait()
        self.output.close()


@contextmanager
def _started(course: Path, arguments: tuple[str, ...], given: bytes, more: dict[str, str]) -> Iterator[_Running]:
    program = find_program("git")
    if program is None:
        raise InfrastructureError("git cannot be run, because it is not on PATH: install it")
    options = [part for key, value in _SETTINGS for part in ("-c", f"{key}={value}")]
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as complaints:
        asked.write(given)
        asked.seek(0)
        try:
            process = subprocess.Popen(
                [program, "-C", course, "--no-pager", *options, *arguments],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_inherited() | _ENVIRONMENT | more,
            )
        except OSError as error:
            raise InfrastructureError(f"git cannot be run ({error}): install it") from error
        if sys.platform == "linux":
            with suppress(ProcessLookupError):  # it has already ended
                resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        running = _Running(process, complaints, f"git {arguments[0]} in {course}")
        try:
            yield running
        finally:
            running.close()


def _inherited() -> dict[str, str]:
    """Return the environment without variables that name another repository, which git sets for its hooks."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _DROPPED and (not name.startswith("GIT_") or name.startswith("GIT_CONFIG_") or name in _KEPT)
    }


def _without_filters(names: Iterable[str]) -> dict[str, str]:
    """Return variables that disable filters; with the option ``-c`` this is impossible if a name contains '='."""
    keys = [
        (f"filter.{name}.{key}", value)
        for name in sorted(names)
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    ]
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(keys))}
    for number, (key, value) in enumerate(keys, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables
