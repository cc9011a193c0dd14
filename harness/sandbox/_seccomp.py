"""The system calls that a worker is denied, as a seccomp filter that the launcher installs.

This denylist complements the other mechanisms: at the `namespaces` levels it denies calls that no namespace isolates,
and at the `landlock` level also calls that Landlock does not restrict. The numbers are those of the kernel's x86_64 and
generic (aarch64) tables; all calls of other architectures and of x32, and calls newer than the tables, are denied.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_LOAD, _AND, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # linux/bpf_common.h
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # linux/seccomp.h
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_FIRST_UNKNOWN = 470
_LOW, _HIGH = 0, 4
_PRETEND = 0  # an errno of 0: the call does nothing and succeeds


class _Architecture(NamedTuple):
    audit: int
    column: int


_MACHINES = {"x86_64": _Architecture(0xC000003E, 0), "aarch64": _Architecture(0xC00000B7, 1)}

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE = 1, 5, 0xF
_CLONE_NEW = 0x7E020080  # every namespace flag
_PRIO_PROCESS, _PRIO_PGRP = 0, 1
_IOPRIO_WHO_PROCESS, _IOPRIO_WHO_PGRP = 1, 2
_F_SETLK, _F_SETLKW = 6, 7
_OWN_DESCRIPTOR = (  # linux/fcntl.h: commands that concern a descriptor, a pipe or a socket of the caller's own
    *(0, 1, 2, 3, 4),  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL
    *(8, 9, 10, 11, 15, 16, 17),  # F_SETOWN, F_GETOWN, F_SETSIG, F_GETSIG, F_SETOWN_EX, F_GETOWN_EX, F_GETOWNER_UIDS
    *(1027, 1028, 1030, 1031, 1032),  # F_DUPFD_QUERY, F_CREATED_QUERY, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ
)
_F_GETLK, _F_OFD_GETLK = 5, 36
_FUTEX_COMMAND = 0x7F  # without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME
_FUTEX_WAIT_REQUEUE_PI, _FUTEX_CMP_REQUEUE_PI = 11, 12
_OF_SHARED_PAGES = (1, 3, 12, 20, 21, 22, 25)
"""MADV_RANDOM, MADV_WILLNEED, MADV_MERGEABLE (merges equal pages of two workers, which the time of a write reveals),
MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_COLLAPSE (also changes pages of files that others have mapped)."""
_SIGCHLD = 17
_IOCTL_TYPE = 0xFF00
_IOCTL_OF_DEVICES = (  # asm-generic/ioctl.h: the second byte of a request identifies the driver
    ord("T") << 8,  # terminals, and FIONREAD, FIONBIO, FIOCLEX of every descriptor
    0x89 << 8,  # sockets
    ord("F") << 8, 0,  # NVIDIA's driver and its unified memory
)  # fmt: skip

_CALLS = {
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bind": (49, 200), "bpf": (321, 280),
    "cachestat": (451, 451), "chmod": (90, None), "chown": (92, None), "chroot": (161, 51),
    "clock_adjtime": (305, 266), "clock_settime": (227, 112), "clone": (56, 220), "clone3": (435, 435),
    "connect": (42, 203), "delete_module": (176, 106), "fadvise64": (221, 223), "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "fchown": (93, 55), "fchownat": (260, 54), "fcntl": (72, 25), "fgetxattr": (193, 10),
    "file_setattr": (469, 469), "finit_module": (313, 273), "flistxattr": (196, 13), "flock": (73, 32),
    "fremovexattr": (199, 16), "fsconfig": (431, 431), "fsetxattr": (190, 7), "fsmount": (432, 432),
    "fsopen": (430, 430), "fspick": (433, 433), "futex": (202, 98), "futex_requeue": (456, 456),
    "futex_wait": (455, 455), "futex_waitv": (449, 449), "futex_wake": (454, 454), "futimesat": (261, None),
    "getxattr": (191, 8), "getxattrat": (464, 464), "init_module": (175, 105), "io_setup": (206, 0),
    "io_submit": (209, 2), "inotify_add_watch": (254, 27), "inotify_init": (253, None), "inotify_init1": (294, 26),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425), "ioctl": (16, 29),
    "ioprio_set": (251, 30), "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104),
    "keyctl": (250, 219), "lchown": (94, None), "lgetxattr": (192, 9), "listxattr": (194, 11),
    "listxattrat": (465, 465), "llistxattr": (195, 12), "lremovexattr": (198, 15), "lsetxattr": (189, 6),
    "madvise": (28, 233), "memfd_create": (319, 279), "memfd_secret": (447, 447), "migrate_pages": (256, 238),
    "mincore": (27, 232), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "move_pages": (279, 239), "mq_open": (240, 180), "mq_unlink": (241, 181), "msgctl": (71, 187),
    "msgget": (68, 186), "msgrcv": (70, 188), "msgsnd": (69, 189), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "open_tree": (428, 428), "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241), "pidfd_getfd": (438, 438), "pivot_root": (155, 41), "preadv2": (327, 286),
    "prlimit64": (302, 261), "process_madvise": (440, 440), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "pwritev2": (328, 287), "quotactl": (179, 60),
    "readahead": (187, 213), "reboot": (169, 142), "removexattr": (197, 14), "removexattrat": (466, 466),
    "request_key": (249, 218), "rt_sigaction": (13, 134), "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "semctl": (66, 191), "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192), "sendto": (44, 206),
    "setns": (308, 268), "setpriority": (141, 140), "settimeofday": (164, 170), "setxattr": (188, 5),
    "setxattrat": (463, 463), "shmat": (30, 196), "shmctl": (31, 195), "shmget": (29, 194), "socket": (41, 198),
    "socketpair": (53, 199), "swapoff": (168, 225), "swapon": (167, 224), "sync": (162, 81), "syncfs": (306, 267),
    "syslog": (103, 116), "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282),
    "utime": (132, None), "utimensat": (280, 88), "utimes": (235, None),
}  # fmt: skip


@dataclass(frozen=True)
class AllowOnly:
    """Half of an argument, masked, and the values for which the call is allowed."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    half: int = _LOW


@dataclass(frozen=True)
class DenyOnly:
    """Half of an argument, masked, and the only values for which the call is denied."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    half: int = _LOW


@dataclass(frozen=True)
class DenySet:
    """A value of an argument for which the call is denied if `pointer`, another argument, is not null.

    With a pointer such a call changes a setting; with a null pointer it only reads the setting.
    """

    argument: int
    value: int
    pointer: int


@dataclass(frozen=True)
class Denial:
    """A system call that fails with `error`, unless `test` allows it."""

    call: str
    error: int = errno.EPERM
    test: AllowOnly | DenyOnly | DenySet | None = None


def _deny(names: str, error: int = errno.EPERM) -> tuple[Denial, ...]:
    return tuple(Denial(name, error) for name in names.split())


UNCOVERED = (
    *_deny("io_uring_setup io_uring_enter io_uring_register userfaultfd", errno.ENOSYS),
    *_deny("add_key request_key keyctl bpf perf_event_open ptrace process_vm_readv process_vm_writev process_madvise"),
    *_deny("kcmp pidfd_getfd open_by_handle_at name_to_handle_at fanotify_init move_pages migrate_pages"),
    *_deny("kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff acct quotactl reboot"),
    *_deny("settimeofday clock_settime clock_adjtime adjtimex syslog"),
    # pages that are not mapped are not charged to any process
    *_deny("memfd_create memfd_secret shmget shmat msgget semget mq_open", errno.ENOSYS),
    Denial("socket", errno.EAFNOSUPPORT, AllowOnly(0, (_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK))),
    # All workers that can read a file share its state: locks, leases, and notifications when it is opened. Workers
    # could exchange data through it.
    *_deny("flock inotify_init inotify_init1 inotify_add_watch fanotify_mark", errno.ENOSYS),
    Denial("fcntl", errno.EINVAL, AllowOnly(1, (*_OWN_DESCRIPTOR, _F_GETLK, _F_OFD_GETLK, _F_SETLK, _F_SETLKW))),
    Denial("fcntl", _PRETEND, DenyOnly(1, (_F_SETLK, _F_SETLKW))),
    Denial("futex", errno.ENOSYS, DenyOnly(1, (_FUTEX_WAIT_REQUEUE_PI, _FUTEX_CMP_REQUEUE_PI), _FUTEX_COMMAND)),
    *_deny("futex_requeue futex_wait futex_waitv futex_wake", errno.ENOSYS),  # no C library uses them yet
    # The page cache is also shared, and outlives a worker: no worker may evict pages or find out which are cached.
    # Advice to the kernel never fails, so these calls seem to succeed.
    *_deny("fadvise64 readahead", _PRETEND),
    Denial("madvise", _PRETEND, DenyOnly(2, _OF_SHARED_PAGES)),
    *_deny("mincore cachestat", errno.ENOSYS),
    *(
        Denial(call, errno.EOPNOTSUPP, AllowOnly(5, (0,))) for call in ("preadv2", "pwritev2")
    ),  # no flags, above all not RWF_NOWAIT
    *_deny("io_setup io_submit", errno.ENOSYS),  # reads with the same flags, which a filter cannot see
    *_deny("sync syncfs", _PRETEND),  # their duration depends on what others have written
)
"""Calls that no namespace isolates; bubblewrap itself does not need them.

A filter cannot see which file a lock is for, so a worker cannot lock its own files either. `flock` fails as on a system
without locks: filelock, and with it the caches of torch.compile and of Hugging Face, then creates a file exclusively
instead, and HDF5 works without locks. `fcntl` locks belong to a process, so two locks of the same process never
conflict. They seem to succeed, so that SQLite, which has no alternative, works, but they do not exclude other processes
of the same worker. Testing for a lock reveals nothing about other workers, because no worker holds any.
"""

UNCOUNTED = (Denial("rt_sigaction", _PRETEND, DenySet(0, _SIGCHLD, 1)),)
"""Calls that hide CPU time where there is no control group: if a process ignores SIGCHLD, the kernel forgets its exited
children and their CPU time. A filter cannot see which action is set for a signal, so no action can be set for this one.
Waiting for children needs no handler, and programs that have one, such as torch's data loaders, also check their
children from time to time."""

NESTING = (
    *_deny("unshare setns mount umount2 pivot_root chroot move_mount fsopen fsconfig fsmount fspick open_tree"),
    *_deny("open_tree_attr mount_setattr"),
    Denial("clone", errno.EPERM, AllowOnly(0, (0,), _CLONE_NEW)),
    *_deny("clone3", errno.ENOSYS),  # its flags are in memory, which a filter cannot read; libraries fall back to clone
)
"""Calls that create namespaces or change mounts."""

UNCOVERED_BY_LANDLOCK = (
    *UNCOVERED,
    *UNCOUNTED,
    # only connected stream sockets: Landlock (ABI 7) does not restrict connecting to a socket in the file system
    Denial("socket", errno.EAFNOSUPPORT, AllowOnly(0, (_AF_UNIX,))),
    *(
        Denial(call, errno.EAFNOSUPPORT, AllowOnly(1, (_SOCK_STREAM, _SOCK_SEQPACKET), _SOCK_TYPE))
        for call in ("socket", "socketpair")  # datagram sockets could send to any address, descriptors included
    ),
    *_deny("bind connect"),  # a failing bind would reveal that a name is in use
    Denial("sendto", errno.EPERM, AllowOnly(4, (0,))),
    Denial("sendto", errno.EPERM, AllowOnly(4, (0,), half=_HIGH)),
    *NESTING,
    # as far as permissions go, the files of an ordinary user belong to the worker
    Denial("utimensat", errno.EPERM, DenyOnly(2, (0,))),  # no times, as touch does: creating a file must work
    *_deny("chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat", _PRETEND),
    *_deny("chown fchown lchown fchownat setxattr lsetxattr fsetxattr setxattrat file_setattr"),
    *_deny("removexattr lremovexattr fremovexattr removexattrat"),
    # Landlock does not restrict them; tools that copy attributes accept this error
    *_deny("getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat", errno.EOPNOTSUPP),
    Denial("ioctl", errno.EOPNOTSUPP, AllowOnly(1, _IOCTL_OF_DEVICES, _IOCTL_TYPE)),  # others modify files
    # objects of the host can be used by number, without a call that looks them up
    *_deny("shmctl msgctl msgsnd msgrcv semctl semop semtimedop mq_unlink", errno.ENOSYS),
    Denial("prlimit64", errno.EPERM, AllowOnly(0, (0,))),
    *(Denial(call, errno.EPERM, AllowOnly(0, (0,))) for call in ("sched_setaffinity", "sched_setscheduler")),
    *(Denial(call, errno.EPERM, AllowOnly(0, (0,))) for call in ("sched_setparam", "sched_setattr")),
    *(Denial(call, errno.EPERM, AllowOnly(1, (0,))) for call in ("setpriority", "ioprio_set")),
    Denial("setpriority", errno.EPERM, AllowOnly(0, (_PRIO_PROCESS, _PRIO_PGRP))),  # not PRIO_USER
    Denial("ioprio_set", errno.EPERM, AllowOnly(0, (_IOPRIO_WHO_PROCESS, _IOPRIO_WHO_PGRP))),  # likewise
)
"""Calls that neither namespaces nor Landlock restrict."""


def can_filter_calls() -> bool:
    """Return whether the system calls of this machine's architecture are known."""
    return platform.machine() in _MACHINES


def compile_filter(denials: Sequence[Denial]) -> bytes | None:
    """Return the filter as an array of ``struct sock_filter``; None for an unknown architecture."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return None
    code = [*_only(machine)]
    for denial in denials:
        number = _CALLS[denial.call][machine.column]
        if number is not None:
            code += _block(number, denial)
    return b"".join(struct.pack("<HBBI", *step) for step in [*code, (_RETURN, 0, 0, _ALLOW)])


_Step = tuple[int, int, int, int]  # operation, steps to skip if true, if false, operand


def _only(machine: _Architecture) -> Iterator[_Step]:
    yield (_LOAD, 0, 0, _ARCHITECTURE)
    yield (_EQUALS, 1, 0, machine.audit)
    yield _fail(errno.EPERM)
    yield (_LOAD, 0, 0, _NUMBER)
    yield (_AT_LEAST, 0, 1, _FIRST_UNKNOWN)  # the calls of x32 also have larger numbers
    yield _fail(errno.ENOSYS)


def _block(number: int, denial: Denial) -> list[_Step]:
    fail, reload = _fail(denial.error), (_LOAD, 0, 0, _NUMBER)
    match denial.test:
        case None:
            return [(_EQUALS, 0, 1, number), fail]
        case DenyOnly(argument, values, mask, half):
            denied = [(_EQUALS, len(values) - 1 - i, 0, value) for i, value in enumerate(values)]
            denied[-1] = (_EQUALS, 0, 1, values[-1])
            body = [_load(argument, half), (_AND, 0, 0, mask), *denied, fail, reload]
        case AllowOnly(argument, values, mask, half):
            allowed = [(_EQUALS, len(values) - i, 0, value) for i, value in enumerate(values)]
            body = [_load(argument, half), (_AND, 0, 0, mask), *allowed, fail, reload]
        case DenySet(argument, value, pointer):
            given = [_load(pointer, _LOW), (_EQUALS, 0, 2, 0), _load(pointer, _HIGH), (_EQUALS, 1, 0, 0)]
            body = [_load(argument, _LOW), (_EQUALS, 0, len(given) + 1, value), *given, fail, reload]
    return [(_EQUALS, 0, len(body), number), *body]


def _load(argument: int, half: int) -> _Step:
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * argument + half)


def _fail(error: int) -> _Step:
    return (_RETURN, 0, 0, _ERRNO | error)
