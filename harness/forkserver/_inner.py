"""The inner sandbox: namespaces inside those of the outer sandbox, with mounts over what a worker must not see.

A worker cannot remove these mounts, because it has no capabilities; in a namespace that it creates itself they would be
locked (mount_namespaces(7)).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from pathlib import Path

from harness import kernel
from harness.forkserver._protocol import JOB, STAGING, SpawnRequest

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


def enter_namespaces() -> None:
    """Move to new namespaces, under the same uid; the next child will be the init process of the pid namespace.

    Raises:
        OSError: the kernel does not allow nested namespaces.
    """
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(_NAMESPACES)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")


def mount_view(request: SpawnRequest) -> None:
    """Make the worker's files visible and hide those of other workers; to be called in the init process."""
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    opened = [(path, os.open(path, os.O_PATH)) for path in (_PACKAGE, *request.visible)]
    kernel.mount(f"{STAGING}/{request.job}", JOB, None, kernel.MS_BIND)
    kernel.mount("tmpfs", STAGING, "tmpfs", _SAFE | kernel.MS_RDONLY, "mode=0555,size=4k")
    kernel.mount("tmpfs", "/tmp", "tmpfs", _SAFE, f"mode=1777,size={request.scratch_bytes}")  # noqa: S108 - the worker's
    kernel.mount("tmpfs", "/dev/shm", "tmpfs", _SAFE, f"mode=1777,size={request.shared_memory_bytes}")  # noqa: S108 - likewise
    for path, descriptor in opened:
        kernel.show(descriptor, path)
        os.close(descriptor)
    for path, target in request.links:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).symlink_to(target)
    terminals = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("devpts", "/dev/pts", "devpts", terminals, "newinstance,ptmxmode=0666,mode=620")
    kernel.mount("proc", "/proc", "proc", _SAFE | kernel.MS_NOEXEC)
    _write("/proc/sys/user/max_user_namespaces", "0")
    _raise_loopback()
    Path(request.home).mkdir(exist_ok=True)  # it exists if the interpreter is installed below a folder of that name


def give_up_privileges(request: SpawnRequest) -> None:
    """Permanently give up what could undo the sandbox: capabilities, mounts, namespaces, access to other processes."""
    with contextlib.suppress(OSError):  # a kernel without this namespace
        kernel.unshare(kernel.CLONE_NEWCGROUP)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if kernel.landlock_abi() >= kernel.LANDLOCK_ABI:  # in addition to the mechanisms that older kernels have
        written = ("/tmp", "/dev", "/proc")  # noqa: S108 - in the worker's view
        rules = [("/", kernel.LANDLOCK_READ), *((path, kernel.LANDLOCK_ALL) for path in written)]
        kernel.landlock(rules, network=0)  # the worker has a separate network namespace
    if request.seccomp_filter is not None:
        kernel.filter_calls(request.seccomp_filter)


def _write(path: str, text: str) -> None:
    """Write to a file of the kernel in a single call, whose error is the kernel's answer."""
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
