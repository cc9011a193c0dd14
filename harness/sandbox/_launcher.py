"""The last step before a worker, and the reaper of the levels without a pid namespace.

Run as ``python -I -S _launcher.py SPEC ARGUMENT...`` with SPEC in JSON; standard library only. It enters the
worker's cgroup, leaves the host's keyring, on a root host hides private folders, re-exposes in them what the worker
needs and drops to an unprivileged uid, puts Landlock's and seccomp's walls around itself, and becomes the command.
With `reap` it stays outside the walls: adopts whatever the worker leaves behind and kills it when the worker ends,
when it is told to (SIGTERM), or when the host dies.
"""

import base64
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
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 22, 36, 38
_SECCOMP_MODE_FILTER, _SOCK_FILTER_BYTES = 2, 8
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446  # on every architecture
_LANDLOCK_CREATE_RULESET_VERSION, _LANDLOCK_RULE_PATH_BENEATH = 1, 1
LANDLOCK_ABI = 6  # the first that holds back signals and abstract sockets (linux/landlock.h)
_ALL_FILE_ACCESS, _ALL_NETWORK_ACCESS, _ALL_SCOPES = (1 << 16) - 1, 0b11, 0b11
_OF_A_FILE = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl


def main(spec: dict[str, Any], command: list[str]) -> None:
    """Do what the module's docstring says; never returns."""
    for procs in spec["cgroup"]:
        Path(procs).write_text("0")
    _leave_keyring()
    if spec["hidden"]:
        _hide(spec["hidden"])
    if spec["reap"]:
        _reap(spec, command)
    _drop(spec["uid"])
    _die_with_parent(spec["parent"], signal.SIGKILL)
    _wall_in(spec)
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


def _wall_in(spec: dict[str, Any]) -> None:
    """Give up what the worker must not have, for good."""
    if spec["landlock"] is not None or spec["seccomp"] is not None:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if spec["landlock"] is not None:
        _landlock(spec["landlock"])
    if spec["seccomp"] is not None:
        code = base64.b64decode(spec["seccomp"])
        _call("prctl", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(_Program.of(code)), 0, 0)


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    @classmethod
    def of(cls, code: bytes) -> "_Program":
        return cls(len(code) // _SOCK_FILTER_BYTES, code)


class _Ruleset(ctypes.Structure):
    """``struct landlock_ruleset_attr``."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _landlock(rules: list[tuple[str, int]]) -> None:
    """Allow the access listed for each path, and nothing else to any file, address or process outside."""
    abi = _call("syscall", _LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    if abi < LANDLOCK_ABI:
        sys.exit(f"the kernel's Landlock has ABI {abi}: {LANDLOCK_ABI} (Linux 6.12) is needed")
    wanted = _Ruleset(_ALL_FILE_ACCESS, _ALL_NETWORK_ACCESS, _ALL_SCOPES)
    ruleset = _call("syscall", _LANDLOCK_CREATE_RULESET, ctypes.byref(wanted), ctypes.sizeof(wanted), 0)
    for path, access in rules:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # not on this machine
            continue
        allowed = access if Path(path).is_dir() else access & _OF_A_FILE
        rule = _PathBeneath(allowed, fd)
        _call("syscall", _LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(fd)
    _call("syscall", _LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


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
        _wall_in(spec)
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
        remove(Path(spec["folder"]).parent)  # the host may be gone
    os._exit(code if code >= 0 else 128 - code)


def remove(folder: Path) -> None:
    """Remove what a dead worker left, folders that it closed to itself included."""
    import shutil

    for parent, folders, _ in os.walk(folder):
        for inner in (Path(parent, name) for name in folders):
            if not inner.is_symlink():
                inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


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


def _call(name: str, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = getattr(libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
