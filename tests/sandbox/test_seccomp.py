"""The filter of system calls, as the kernel runs it."""

from __future__ import annotations

import platform
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.sandbox import _seccomp
from harness.sandbox._seccomp import (
    NESTING,
    UNCOUNTED,
    UNCOVERED,
    UNCOVERED_BY_LANDLOCK,
    AllowOnly,
    Denial,
    DenyOnly,
    DenySet,
    compile_filter,
)

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
pytestmark = pytest.mark.skipif(platform.machine() not in ARCHITECTURE, reason="no filter for this machine")


def run(code, number, arguments=(0,) * 6, architecture=None):
    """Interpret a filter for one system call; return 'allow' or the errno."""
    data = struct.pack(
        "<IIQ6Q", number, ARCHITECTURE[platform.machine()] if architecture is None else architecture, 0, *arguments
    )
    steps = list(struct.iter_unpack("<HBBI", code))
    at, register = 0, 0
    while True:
        operation, if_true, if_false, operand = steps[at]
        at += 1
        match operation:
            case 0x20:
                (register,) = struct.unpack_from("<I", data, operand)
            case 0x54:
                register &= operand
            case 0x15:
                at += if_true if register == operand else if_false
            case 0x35:
                at += if_true if register >= operand else if_false
            case 0x06:
                return "allow" if operand == 0x7FFF0000 else operand & 0xFFFF
            case _:
                raise AssertionError(f"step {operation:#x}")


def number(call):
    return _seccomp._CALLS[call][0 if platform.machine() == "x86_64" else 1]


@pytest.mark.parametrize("denials", [UNCOVERED, UNCOUNTED, NESTING, UNCOVERED_BY_LANDLOCK])
def test_a_denial_without_a_condition_denies_all_arguments(denials):
    code = compile_filter(denials)
    for denial in denials:
        if denial.test is None and number(denial.call) is not None:
            assert run(code, number(denial.call), (2**64 - 1,) * 6) == denial.error


def test_a_call_that_sets_is_denied_and_one_that_reads_is_allowed():
    code = compile_filter((Denial("rt_sigaction", 1, DenySet(0, 17, 1)), Denial("bind", 2)))
    call = number("rt_sigaction")
    set_it = [
        run(code, call, (signal, act, 0, 8, 0, 0)) for signal in (17, 16) for act in (0, 1, 1 << 32, (1 << 32) + 1)
    ]
    assert set_it == ["allow", 1, 1, 1, *["allow"] * 4]
    assert (run(code, number("bind")), run(code, number("sync"))) == (2, "allow")


OUT_OF_REACH = (
    "io_uring_setup io_uring_enter io_uring_register userfaultfd add_key request_key keyctl bpf perf_event_open ptrace "
    "process_vm_readv process_vm_writev pidfd_getfd open_by_handle_at kexec_load init_module finit_module swapon "
    "reboot settimeofday clock_settime memfd_create shmget semget msgget mq_open flock inotify_init1 fanotify_init "
    "io_setup io_submit mincore cachestat"
)
"""Named here once more: whoever takes one off the list has to mean it."""


def test_calls_that_no_worker_needs_and_no_namespace_covers_are_denied():
    code = compile_filter(UNCOVERED)
    numbers = {call: number(call) for call in OUT_OF_REACH.split()}
    assert [call for call, known in numbers.items() if known is not None and run(code, known) == "allow"] == []


@given(st.integers(0, 469))
def test_no_other_call_is_denied(call):
    named = {number(denial.call) for denial in UNCOVERED_BY_LANDLOCK}
    assert (run(compile_filter(UNCOVERED_BY_LANDLOCK), call) == "allow") or call in named


@given(st.integers(0, 2**32 - 1), st.sampled_from([*ARCHITECTURE.values(), 0x40000003, 0]))
def test_all_calls_of_another_architecture_are_denied(call, architecture):
    if architecture != ARCHITECTURE[platform.machine()]:
        assert run(compile_filter(()), call, architecture=architecture) == 1


@given(st.integers(470, 2**32 - 1))
def test_calls_newer_than_the_tables_do_not_exist_for_a_worker(call):
    assert run(compile_filter(()), call) == 38


@given(st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6))
def test_a_condition_allows_exactly_the_named_values(arguments):
    code = compile_filter((Denial("socket", 1, AllowOnly(0, (1, 2))), Denial("sendto", 1, AllowOnly(4, (0,), 0xF0))))
    assert (run(code, number("socket"), arguments) == "allow") == (arguments[0] & 0xFFFFFFFF in (1, 2))
    assert (run(code, number("sendto"), arguments) == "allow") == (arguments[4] & 0xF0 == 0)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6))
def test_a_condition_denies_exactly_the_named_values(arguments):
    code = compile_filter((Denial("fcntl", 1, DenyOnly(1, (1, 2, 5))), Denial("futex", 1, DenyOnly(1, (3, 4), 0x7))))
    assert (run(code, number("fcntl"), arguments) == 1) == (arguments[1] & 0xFFFFFFFF in (1, 2, 5))
    assert (run(code, number("futex"), arguments) == 1) == (arguments[1] & 0x7 in (3, 4))


F = {"DUPFD": 0, "SETFL": 4, "GETLK": 5, "SETLK": 6, "SETLKW": 7, "OFD_SETLK": 37, "OFD_SETLKW": 38, "SETLEASE": 1024}
F |= {"GETLEASE": 1025, "NOTIFY": 1026, "DUPFD_CLOEXEC": 1030, "SET_RW_HINT": 1036, "SETDELEG": 1040}
PRETENDED = 0


FILES = [
    *(("fcntl", (3, F[name]), "allow") for name in ("DUPFD", "SETFL", "GETLK", "DUPFD_CLOEXEC")),
    *(("fcntl", (3, F[name]), PRETENDED) for name in ("SETLK", "SETLKW")),
    *(("fcntl", (3, F[name]), 22) for name in ("OFD_SETLK", "OFD_SETLKW", "SETLEASE", "GETLEASE", "NOTIFY")),
    *(("fcntl", (3, F[name]), 22) for name in ("SET_RW_HINT", "SETDELEG")),
    ("flock", (3, 2), 38),
    ("inotify_init1", (0,), 38),
    ("futex", (0, 0), "allow"),  # FUTEX_WAIT
    ("futex", (0, 9 | 256), "allow"),  # as pthread_join waits
    ("futex", (0, 128 | 1), "allow"),  # FUTEX_WAKE | FUTEX_PRIVATE_FLAG
    ("futex", (0, 11 | 128), 38),  # FUTEX_WAIT_REQUEUE_PI
    ("futex", (0, 12 | 256), 38),  # FUTEX_CMP_REQUEUE_PI
    *(("fadvise64", (3, 0, 0, advice), PRETENDED) for advice in (1, 4)),  # POSIX_FADV_RANDOM, POSIX_FADV_DONTNEED
    ("readahead", (3, 0, 4096), PRETENDED),
    *(("madvise", (0, 4096, advice), PRETENDED) for advice in (1, 3, 12, 20, 21, 22, 25)),  # of pages that others see
    *(("madvise", (0, 4096, advice), "allow") for advice in (4, 8, 10, 14, 15, 16)),  # what allocators say
    ("io_setup", (1, 0), 38),
    *((call, (3,), PRETENDED) for call in ("sync", "syncfs")),
    ("mincore", (0, 4096, 0), 38),
    ("cachestat", (3, 0, 0, 0), 38),
    ("preadv2", (3, 0, 1, 0, 0, 0), "allow"),
    ("preadv2", (3, 0, 1, 0, 0, 8), 95),  # RWF_NOWAIT
    ("pwritev2", (3, 0, 1, 0, 0, 0x80), 95),  # RWF_DONTCACHE
]
"""What could tell something of a file to another worker: a call, its arguments, and what comes of it."""
BESIDE_LANDLOCK = [
    ("rt_sigaction", (17, 0, 1), "allow"),  # what is set for SIGCHLD
    ("rt_sigaction", (17, 1, 0), PRETENDED),
    ("rt_sigaction", (2, 1, 0), "allow"),
    ("socket", (1, 1), "allow"),
    ("socket", (1, 0x80001), "allow"),  # SOCK_CLOEXEC
    ("socket", (1, 2), 97),
    ("socket", (2, 1), 97),
    ("sendto", (3, 0, 0, 0, 0, 0), "allow"),
    ("sendto", (3, 0, 0, 0, 1 << 32, 0), 1),  # an address whose lower half is zero
    ("clone", (0x11,), "allow"),
    ("clone", (0x10000011,), 1),
    ("prlimit64", (0,), "allow"),
    ("prlimit64", (1,), 1),
    ("unshare", (0,), 1),
    ("utimensat", (3, 7, 0), 1),
    ("utimensat", (3, 7, 8), 0),
    ("sched_setaffinity", (0,), "allow"),
    ("sched_setaffinity", (7,), 1),
    ("socketpair", (1, 0x80001), "allow"),
    ("socketpair", (1, 5), "allow"),  # SOCK_SEQPACKET
    ("socketpair", (1, 2), 97),
    ("socketpair", (1, 3), 97),  # SOCK_RAW is datagrams, too
    ("bind", (3,), 1),
    ("getxattr", (0,), 95),
    ("ioctl", (3, 0x5401), "allow"),  # TCGETS, as isatty asks
    ("ioctl", (3, 0x541B), "allow"),  # FIONREAD
    ("ioctl", (3, 0xC020462A), "allow"),  # NVIDIA's
    ("ioctl", (3, 0x40086602), 95),  # FS_IOC_SETFLAGS
    ("ioctl", (3, 0x401C5820), 95),  # FS_IOC_FSSETXATTR
    ("ioctl", (3, 0x40087602), 95),  # FS_IOC_SETVERSION
    ("ioctl", (3, 0x40806685), 95),  # FS_IOC_ENABLE_VERITY
    ("ioctl", (3, 0x5000940E), 95),  # BTRFS_IOC_SUBVOL_CREATE
    ("setpriority", (0, 0), "allow"),
    ("setpriority", (0, 7), 1),
    ("setpriority", (2, 0), 1),  # PRIO_USER: all processes of the caller's user
    ("ioprio_set", (1, 0), "allow"),
    ("ioprio_set", (3, 0), 1),  # IOPRIO_WHO_USER
]


@pytest.mark.parametrize("denials", [UNCOVERED, UNCOVERED_BY_LANDLOCK], ids=["namespaces", "landlock"])
def test_metadata_of_files_cannot_be_used_as_a_channel(denials):
    assert differing(compile_filter(denials), FILES) == []


def test_the_filter_used_with_landlock_denies_exactly_its_list():
    assert differing(compile_filter(UNCOVERED_BY_LANDLOCK), BESIDE_LANDLOCK) == []


def differing(code, expected):
    """Return each call of which something else comes than is expected, and what."""
    came = [run(code, number(call), (*given, *(0,) * (6 - len(given)))) for call, given, _ in expected]
    return [(*one, result) for one, result in zip(expected, came, strict=True) if result != one[2]]


def test_an_unknown_architecture_gets_no_filter(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert compile_filter(UNCOVERED) is None
