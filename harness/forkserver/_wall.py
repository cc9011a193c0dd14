"""The inner wall: namespaces within the outer wall's, by covering what a worker must not see.

What is mounted in a namespace below cannot be taken off there by who has no capabilities, and in a namespace of its
own would be locked (mount_namespaces(7)): covers hold.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from pathlib import Path

from harness import kernel
from harness.forkserver._messages import JOB, SPOOL, Birth

_NAMESPACES = (
    kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWNET
)
_SAFE = kernel.MS_NOSUID | kernel.MS_NODEV
_PACKAGE = f"{JOB}/lib/harness"
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP, _IFREQ = 0x8913, 0x8914, 1, struct.Struct("16sH22x")


def leave() -> None:
    """Leave the fork server's namespaces; the next child is the first process of new ones, under the same uid.

    Raises:
        OSError: the kernel does not let a namespace be nested.
    """
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(_NAMESPACES)
    _tell("/proc/self/setgroups", "deny")
    _tell("/proc/self/gid_map", f"{gid} {gid} 1")
    _tell("/proc/self/uid_map", f"{uid} {uid} 1")


def build(birth: Birth) -> None:
    """Show the worker its job and nothing of others': call it in the first process of the new namespaces."""
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    held = [(path, os.open(path, os.O_PATH)) for path in (_PACKAGE, *birth.shown)]
    kernel.mount(f"{SPOOL}/{birth.job}", JOB, None, kernel.MS_BIND)
    kernel.mount("tmpfs", SPOOL, "tmpfs", _SAFE | kernel.MS_RDONLY, "mode=0555,size=4k")
    kernel.mount("tmpfs", "/tmp", "tmpfs", _SAFE, f"mode=1777,size={birth.scratch_bytes}")  # noqa: S108 - the worker's
    kernel.mount("tmpfs", "/dev/shm", "tmpfs", _SAFE, f"mode=1777,size={birth.shared_bytes}")  # noqa: S108 - likewise
    for path, descriptor in held:
        kernel.show(descriptor, path)
        os.close(descriptor)
    for path, target in birth.links:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).symlink_to(target)
    terminals = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("devpts", "/dev/pts", "devpts", terminals, "newinstance,ptmxmode=0666,mode=620")
    kernel.mount("proc", "/proc", "proc", _SAFE | kernel.MS_NOEXEC)
    _tell("/proc/sys/user/max_user_namespaces", "0")
    _raise_loopback()
    Path(birth.home).mkdir(exist_ok=True)  # an interpreter may lie below a folder of that name


def close(birth: Birth) -> None:
    """Give up, for good, what could take the wall down: capabilities, mounts, namespaces, other processes."""
    with contextlib.suppress(OSError):  # a kernel without
        kernel.unshare(kernel.CLONE_NEWCGROUP)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if kernel.landlock_abi() >= kernel.LANDLOCK_ABI:  # a wall behind the others: older kernels have those
        written = ("/tmp", "/dev", "/proc")  # noqa: S108 - in the worker's view
        rules = [("/", kernel.LANDLOCK_READ), *((path, kernel.LANDLOCK_ALL) for path in written)]
        kernel.landlock(rules, network=0)  # it has a network of its own
    if birth.calls is not None:
        kernel.filter_calls(birth.calls)


def _tell(path: str, text: str) -> None:
    """Write to a file of the kernel's, whose answer is the error of the one write."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0))
        flags = _IFREQ.unpack(request)[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", flags | _IFF_UP))
