"""Find out from the kernel which processes hold a lock, so that a message can say what a command waits for."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

_LOCKS = Path("/proc/locks")
_SHOWN, _MOST_CHARACTERS = 3, 60
_STOPPED = ", which is stopped, as by Ctrl-Z (continue it with `fg` in its terminal, or end it)"
_RUNNER = "harness.grading"
"""The module that `harness grade` starts for its jobs."""


def describe_holders(descriptors: Sequence[int]) -> str | None:
    """Describe the processes that hold locks on these open files; None if these are only jobs of this command.

    If the kernel does not list them, as on macOS and Windows, the description is "another harness on this machine".
    """
    holders = dict.fromkeys(_command_of(pid) for pid in _holders(descriptors))
    if not holders:
        return "another harness on this machine"
    holders.pop(_command_of(os.getpid()), None)
    if not holders:
        return None
    shown = [f"process {pid}{_shown_command(pid)}{_shown_stop(pid)}" for pid in list(holders)[:_SHOWN]]
    more = len(holders) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _holders(descriptors: Sequence[int]) -> list[int]:
    """Return the processes that hold a lock on one of these files, except those of other containers."""
    try:
        lines = _LOCKS.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    wanted = set[str]()
    for descriptor in descriptors:
        if sys.platform != "win32":  # Windows has no numbers of devices, and no such list
            found = os.fstat(descriptor)
            wanted.add(f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}")
    # a line is "1: FLOCK  ADVISORY  WRITE 708 00:13:22 0 EOF"; that of a waiting process has "->" before the type
    held = (line.split() for line in lines if "->" not in line)
    return [
        int(fields[4])
        for fields in held
        if len(fields) > 5 and fields[5] in wanted and fields[4].isdecimal() and fields[4] != "0"
    ]


def _command_of(pid: int) -> int:
    """Return the process of the command that `pid` belongs to, which is the parent of a runner of `harness grade`."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if _RUNNER in process.cmdline():
            return int(process.ppid())
    return pid


def _shown_stop(pid: int) -> str:
    """Return what to do about a process that is stopped; "" if it is not, or if that cannot be read."""
    try:
        return _STOPPED if psutil.Process(pid).status() == psutil.STATUS_STOPPED else ""
    except psutil.Error:
        return ""


def _shown_command(pid: int) -> str:
    """Return the command line of a process in brackets and without the interpreter; "" if it cannot be read."""
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return ""
    if words and Path(words[0]).name.startswith("python"):
        words = [word for word in words[1:] if word not in ("-m", "-I", "-P")]
    text = " ".join([Path(words[0]).name, *words[1:]]) if words else ""
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f" ({text[:_MOST_CHARACTERS]}{'…' if len(text) > _MOST_CHARACTERS else ''})" if text else ""
