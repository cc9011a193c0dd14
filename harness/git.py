"""Run git so that it only reads: it starts no other program, asks nobody, and enters no other repository.

The repository is the course's, found from the course's own root, and its configuration is the instructor's. Submissions
are not trusted: each may hold a repository with a configuration of its own (``core.fsmonitor`` is a command that
``git status`` runs), and ``.gitattributes`` that name filters.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from harness.errors import InfrastructureError
from harness.programs import find_program

SECONDS = 120.0
"""After this long git is ended: the history of a large course takes seconds."""

_SETTINGS = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.quotePath", "false"),
    ("core.askPass", ""),
    ("diff.ignoreSubmodules", "all"),
    ("log.showSignature", "false"),  # else it starts the program that verifies it
    ("safe.bareRepository", "explicit"),
    ("submodule.recurse", "false"),
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",  # a partial clone would fetch what it lacks, by whatever the remote's address names
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")
"""Of the environment's ``GIT_`` variables; with ``GIT_CONFIG_`` for what its owner set up, a safe directory for one."""
_DROPPED = ("GIT_CONFIG_PARAMETERS", "SSH_ASKPASS")


def run_git(course: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in the root of a course and return what it said; whether it failed is for the caller to see.

    Raises:
        InfrastructureError: git is not installed, or took too long.
    """
    return _run(course, arguments, given, {})


def run_git_on_files(course: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a git command that reads the files of the work tree; no filter is applied to them.

    The configuration says which filters there are; which of them a file goes through, anybody's ``.gitattributes`` say.

    Raises:
        InfrastructureError: git is not installed, or took too long.
    """
    listed = run_git(course, "config", "--null", "--name-only", "--get-regexp", r"^filter\..*\.")
    names = {key.removeprefix("filter.").rpartition(".")[0] for key in os.fsdecode(listed.stdout).split("\0") if key}
    return _run(course, arguments, b"", _without_filters(names))


def message_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git said about its failure."""
    return os.fsdecode(done.stderr).strip().removeprefix("fatal: ") or f"exit code {done.returncode}"


def _run(
    course: Path, arguments: tuple[str, ...], given: bytes, more: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    program = find_program("git")
    if program is None:
        raise InfrastructureError("git cannot be run, there is none on PATH: install it")
    options = [part for key, value in _SETTINGS for part in ("-c", f"{key}={value}")]
    try:
        return subprocess.run(
            [program, "-C", course, "--no-pager", *options, *arguments],
            input=given,
            capture_output=True,
            env=_inherited() | _ENVIRONMENT | more,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InfrastructureError(f"git {arguments[0]} in {course} took more than {SECONDS:.0f} s") from error
    except OSError as error:
        raise InfrastructureError(f"git cannot be run ({error}): install it") from error


def _inherited() -> dict[str, str]:
    """Return the environment without what points git elsewhere; git itself sets that for its hooks."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _DROPPED and (not name.startswith("GIT_") or name.startswith("GIT_CONFIG_") or name in _KEPT)
    }


def _without_filters(names: Iterable[str]) -> dict[str, str]:
    """Return variables that switch filters off; an option ``-c`` cannot name those with a '='."""
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
