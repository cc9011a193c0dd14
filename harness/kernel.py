"""System calls that the standard library of Python does not provide.

This module imports only the standard library, because the launcher loads it without the package, which imports NumPy.
"""

import ctypes
import os
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 1 << 18
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442  # on every architecture
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE, _OPEN_TREE_CLONE, _MOVE_MOUNT_FROM_DESCRIPTOR = -100, 0x1000, 0x8000, 1, 4
_ATTRIBUTE_READ_ONLY, _ATTRIBUTE_NO_SUID, _ATTRIBUTE_NO_DEVICES, _ATTRIBUTE_MAPPED_IDS = 1, 2, 4, 1 << 20
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 36, 38

_SECCOMP_MODE_FILTER, _SOCK_FILTER_BYTES = 2, 8
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446  # on every architecture
_LANDLOCK_CREATE_RULESET_VERSION, _LANDLOCK_RULE_PATH_BENEATH = 1, 1
LANDLOCK_ABI = 6  # the first that restricts signals and abstract sockets (linux/landlock.h)
LANDLOCK_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, read a folder
LANDLOCK_LIST = 1 << 3  # read a folder
LANDLOCK_ALL = (1 << 16) - 1
LANDLOCK_NETWORK = 0b11
_LANDLOCK_SCOPES = 0b11
_OF_A_FILE = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl
_CAPABILITY_VERSION_3, _CAPABILITIES = 0x20080522, 64


def call(name: str, *arguments: object) -> int:
    """Call the function `name` of the C library.

    Raises:
        OSError: it returned a negative number.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = getattr(libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int) -> None:
    """Set an option of this process; on systems other than Linux this does nothing."""
    if sys.platform == "linux":
        call("prctl", option, value, 0, 0, 0)


def unshare(namespaces: int) -> None:
    """Move this process to new namespaces, whose kinds the flags `namespaces` specify."""
    call("unshare", namespaces)


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount `source` at `target`."""
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def show(descriptor: int, path: str) -> None:
    """Mount the open file or folder `descriptor`, with all mounts in it, at `path`, which is created if necessary."""
    _make_place(descriptor, path)
    mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)


class _Attributes(ctypes.Structure):
    """``struct mount_attr``."""

    _fields_ = (
        ("set", ctypes.c_uint64),
        ("cleared", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("namespace", ctypes.c_uint64),
    )


def show_to(uid: int, descriptor: int, path: str) -> None:
    """Do the same as `show`, but read-only and with `uid` as the owner of the files (mount_setattr(2)).

    Raises:
        OSError: the file system or the kernel (before Linux 5.12) cannot do it.
    """
    _make_place(descriptor, path)
    whole = _AT_EMPTY_PATH | _AT_RECURSIVE
    tree = call("syscall", _OPEN_TREE, descriptor, b"", whole | _OPEN_TREE_CLONE | os.O_CLOEXEC)
    names = _namespace_of_ids(os.fstat(descriptor), uid)
    try:
        flags = _ATTRIBUTE_READ_ONLY | _ATTRIBUTE_NO_SUID | _ATTRIBUTE_NO_DEVICES | _ATTRIBUTE_MAPPED_IDS
        wanted = _Attributes(flags, 0, 0, names)
        call("syscall", _MOUNT_SETATTR, tree, b"", whole, ctypes.byref(wanted), ctypes.sizeof(wanted))
        call("syscall", _MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(path), _MOVE_MOUNT_FROM_DESCRIPTOR)
    finally:
        os.close(tree)
        os.close(names)


def _namespace_of_ids(owner: os.stat_result, uid: int) -> int:
    """Open a user namespace that maps the owner and the group of a file to `uid`."""
    child = os.fork()
    if child == 0:
        try:
            unshare(CLONE_NEWUSER)
            os.kill(os.getpid(), signal.SIGSTOP)
        finally:
            os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    try:
        for kind, ours in (("uid", owner.st_uid), ("gid", owner.st_gid)):
            Path(f"/proc/{child}/{kind}_map").write_text(f"{ours} {uid} 1")
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _make_place(descriptor: int, path: str) -> None:
    """Create a mount point: a folder for a folder, otherwise an empty file."""
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        place.mkdir(exist_ok=True)
    elif not place.exists():
        place.touch()


class _CapabilityHeader(ctypes.Structure):
    """``struct __user_cap_header_struct``."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def drop_capabilities() -> None:
    """Give up all capabilities permanently, including those that an executed program could add."""
    for number in range(_CAPABILITIES):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:  # the kernel has no more capabilities
            break
    none = (ctypes.c_uint32 * 6)()
    call("capset", ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION_3, 0)), ctypes.byref(none))


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_calls(code: bytes) -> None:
    """Install the seccomp filter `code`, an array of ``struct sock_filter``."""
    program = _Program(len(code) // _SOCK_FILTER_BYTES, code)
    call("prctl", PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


class _Ruleset(ctypes.Structure):
    """``struct landlock_ruleset_attr``."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def landlock_abi() -> int:
    """Return the version of the kernel's Landlock; 0 if it has none."""
    try:
        return call("syscall", _LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    except OSError:
        return 0


def landlock(rules: Sequence[tuple[str, int]], network: int = LANDLOCK_NETWORK) -> None:
    """Permit the access listed for each path, and deny access to other files and to outside processes.

    `network` specifies the kinds of network access that are denied.
    """
    wanted = _Ruleset(LANDLOCK_ALL, network, _LANDLOCK_SCOPES)
    ruleset = call("syscall", _LANDLOCK_CREATE_RULESET, ctypes.byref(wanted), ctypes.sizeof(wanted), 0)
    for path, access in rules:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # it does not exist on this machine
            continue
        allowed = access if Path(path).is_dir() else access & _OF_A_FILE
        rule = _PathBeneath(allowed, fd)
        call("syscall", _LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(fd)
    call("syscall", _LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
