"""The last step before a worker, and the reaper of the `rlimits` level.

Run as ``python -I -S _launcher.py SPEC ARGUMENT...`` with SPEC in JSON; standard library only. It leaves the
host's keyring, on a root host hides private folders, re-exposes in them what the worker needs and drops to an
unprivileged uid, and becomes the command.
With `reap` it stays: adopts whatever the worker leaves behind and kills it when the worker ends, when it is
told to (SIGTERM), or when the host dies.
"""

import contextlib
import ctypes
import json
import os
import platform
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 1 << 18
_SYS_KEYCTL, _KEYCTL_JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(spec: dict[str, Any], command: list[str]) -> None:
    """Do what the module's docstring says; never returns."""
    _leave_keyring()
    if spec["hidden"]:
        _hide(spec["hidden"])
    if spec["reap"]:
        _reap(spec, command)
    _drop(spec["uid"])
    _die_with_parent(spec["parent"], signal.SIGKILL)
    os.execv(command[0], command)


def _leave_keyring() -> None:
    """Join a session keyring of our own: no namespace hides the kernel's keys from who inherits them."""
    number = _SYS_KEYCTL.get(platform.machine())
    if sys.platform == "linux" and number is not None:
        with contextlib.suppress(OSError):  # a kernel without keys has none to hide
            _call("syscall", number, _KEYCTL_JOIN_SESSION_KEYRING, None)


def _hide(hidden: dict[str, list[str]]) -> None:
    """Cover each private folder with an empty readable one that shows only the paths listed for it."""
    _call("unshare", _CLONE_NEWNS)
    _mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE)
    for ancestor, paths in hidden.items():
        held = [(path, os.open(path, os.O_PATH), Path(path).is_dir()) for path in paths]
        _mount(b"tmpfs", os.fsencode(ancestor), b"tmpfs", 0, b"mode=0755,size=1m")
        for path, fd, is_folder in held:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).mkdir() if is_folder else Path(path).touch()
            _mount(f"/proc/self/fd/{fd}".encode(), os.fsencode(path), None, _MS_BIND | _MS_REC)
            os.close(fd)


def _drop(uid: int | None) -> None:
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _die_with_parent(parent: int, with_signal: int) -> None:
    """Ask for `with_signal` when the parent dies; after `setresuid`, which clears the wish."""
    _prctl(_PR_SET_PDEATHSIG, with_signal)
    if os.getppid() != parent:
        os._exit(1)


def _reap(spec: dict[str, Any], command: list[str]) -> None:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    me = os.getpid()
    worker = os.fork()
    if worker == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        _drop(spec["uid"])
        _die_with_parent(me, signal.SIGKILL)
        os.chdir(spec["folder"])
        os.execv(command[0], command)
    code = 1
    try:
        _die_with_parent(spec["parent"], signal.SIGTERM)
        while True:
            pid, status = os.wait()
            if pid == worker:
                code = os.waitstatus_to_exitcode(status)
                break
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _kill_children(worker)
    os._exit(code if code >= 0 else 128 - code)


def _kill_children(worker: int) -> None:
    """Kill until no child is left: orphans become ours, so their children's turn comes too."""
    _kill(os.killpg, worker)
    while True:
        for pid in _children():
            _kill(os.kill, pid)
        try:
            os.wait()
        except ChildProcessError:
            return


def _kill(kill: Callable[[int, int], None], pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        kill(pid, signal.SIGKILL)


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:  # not Linux: only the worker's own process group is known
        return []


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _call("prctl", option, value, 0, 0, 0)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    _call("mount", source, target, kind, ctypes.c_ulong(flags), data)


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
