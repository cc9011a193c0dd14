"""What the `landlock` level holds back in the host's own file system."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TRY = """
import ctypes, errno
def attempt(call):
    try:
        return repr(call())
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def syscall(*arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result
"""


@pytest.fixture
def secret() -> Iterator[Path]:
    """A file that everybody on the host may read and write, below folders that everybody may pass.

    Not where pytest's own folders lie: those it closes, whenever anybody of this user starts it.
    """
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        path = Path(name, "secret.txt")
        path.write_text("canary")
        path.chmod(0o666)
        yield path


def test_files_open_to_all_are_neither_read_written_listed_nor_removed(landlocked, secret):
    told = landlocked.ask(
        f"""
        path = {str(secret)!r}
        return [attempt(call) for call in (
            lambda: open(path).read(), lambda: open(path, "a"), lambda: os.listdir(os.path.dirname(path)),
            lambda: os.unlink(path), lambda: os.truncate(path, 0), lambda: os.rename(path, path + "x"),
            lambda: os.link(path, "mine"), lambda: open("/etc/passwd").read(), lambda: os.listdir("/"),
            lambda: open("/tmp/left-behind", "w"), lambda: os.mkfifo("/tmp/left-fifo"), lambda: os.listdir("/dev/shm"),
            lambda: open("/dev/shm/left-behind", "w"),
        )]
        """,
        TRY,
    )
    assert set(told) <= {"EACCES", "EXDEV"}, told
    assert secret.read_text() == "canary"


def test_a_symlink_out_of_its_home_leads_nowhere(landlocked, secret):
    told = landlocked.ask(
        f"""
        os.symlink({str(secret)!r}, "link")
        return [attempt(lambda: open("link").read()), attempt(lambda: open("/proc/self/cwd/link").read())]
        """,
        TRY,
    )
    assert told == ["EACCES", "EACCES"]


def test_modes_and_times_of_files_outside_stay_even_for_their_owner(landlocked, secret):
    os.chown(secret, os.getuid(), -1)
    before = secret.stat()
    landlocked.ask(
        f"""
        path = {str(secret)!r}
        return [attempt(call) for call in (
            lambda: os.chmod(path, 0), lambda: os.utime(path, (1, 1)), lambda: os.chown(path, os.getuid(), -1),
            lambda: os.setxattr(path, "user.note", b"left"),
        )]
        """,
        TRY,
    )
    after = secret.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def test_no_socket_leads_to_the_host(landlocked, tmp_path):
    path, abstract = tmp_path / "socket", f"\0harness-test-{os.getpid()}"  # other runs of the suite use others
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as by_name,
    ):
        for unix, address in ((by_path, str(path)), (by_name, abstract)):
            unix.bind(address)
            unix.listen()
        path.chmod(0o777)
        told = landlocked.ask(
            f"""
            def reach(family, kind, address):
                with socket.socket(family, kind) as one:
                    one.connect(address)
            return [
                attempt(lambda: reach(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {tcp.getsockname()[1]}))),
                attempt(lambda: reach(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 53))),
                attempt(lambda: reach(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 80))),
                attempt(lambda: reach(socket.AF_NETLINK, socket.SOCK_RAW, (0, 0))),
                attempt(lambda: reach(40, socket.SOCK_STREAM, (2, 1234))),
                attempt(lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, {str(path)!r})),
                attempt(lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, {abstract!r})),
                attempt(lambda: reach(socket.AF_UNIX, socket.SOCK_DGRAM, {str(path)!r})),
            ]
            """,
            TRY,
        )
    assert set(told) <= {"EPERM", "EAFNOSUPPORT"}, told


def test_socket_pairs_inside_a_worker_work(landlocked):
    assert (
        landlocked.ask(
            """
        left, right = socket.socketpair()
        left.sendall(b"hello")
        return right.recv(5).decode()
        """
        )
        == "hello"
    )


def test_no_process_of_the_host_can_be_signalled_traced_read_or_limited(landlocked):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env={"CANARY": "canary"})
    try:
        told = landlocked.ask(
            f"""
            import resource
            pid = {other.pid}
            return [attempt(call) for call in (
                lambda: os.kill(pid, 9), lambda: os.kill(pid, 0), lambda: os.kill(os.getppid(), 9),
                lambda: open(f"/proc/{{pid}}/environ").read(), lambda: open(f"/proc/{{pid}}/mem", "rb").read(1),
                lambda: os.readlink(f"/proc/{{pid}}/fd/0"), lambda: os.readlink(f"/proc/{{pid}}/cwd"),
                lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)),
                lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
                lambda: syscall(101, 16, pid, None, None) if os.uname().machine == "x86_64" else syscall(117, 16, pid),
            )]
            """,
            TRY,
        )
        assert other.poll() is None
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert set(told) <= {"EPERM", "EACCES"}, told


def test_no_kernel_object_outlives_a_worker(landlocked):
    """What two workers of one user could leave for each other would weigh nothing."""
    told = landlocked.ask(
        """
        numbers = {"x86_64": (29, 68, 64, 240, 250, 319, 272, 435), "aarch64": (194, 186, 190, 180, 219, 279, 97, 435)}
        shmget, msgget, semget, mq_open, keyctl, memfd_create, unshare, clone3 = numbers[os.uname().machine]
        return [attempt(call) for call in (
            lambda: syscall(shmget, 0, 4096, 0o1600), lambda: syscall(msgget, 0, 0o1600),
            lambda: syscall(semget, 0, 1, 0o1600), lambda: syscall(mq_open, b"left", 0o102, 0o600, None),
            lambda: syscall(keyctl, 0, -4, 1), lambda: syscall(memfd_create, b"left", 0),
            lambda: syscall(unshare, 0x10000000), lambda: syscall(clone3, None, 0), lambda: syscall(4711),
        )]
        """,
        TRY,
    )
    assert set(told) <= {"EPERM", "ENOSYS"}, told


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="other call tables are this machine's own")
def test_system_calls_of_the_x32_abi_are_refused(landlocked):
    assert landlocked.ask("return attempt(lambda: syscall(0x40000000 | 41, 2, 1, 0))", TRY) == "ENOSYS"


def test_its_folders_can_be_read_and_its_home_written(landlocked):
    assert landlocked.ask(
        """
        import shutil, subprocess, tempfile
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(__file__, folder)
            Path(folder, "touched").touch()
            copied = len(os.listdir(folder))
        said = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout
        return [copied, said.strip(), Path(__file__).read_text()[:1], Path("/dev/null").write_text("x")]
        """
    ) == [2, "42", "\n", 1]
