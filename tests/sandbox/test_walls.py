"""A worker at the level `namespaces` sees and reaches only what it is given."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from harness.contract import Limits
from harness.sandbox import ForkServerOwner
from harness.sandbox._box import Box, environment
from harness.sandbox._bubblewrap import Bubblewrap
from harness.sandbox._interpreter import interpreter_paths
from harness.sandbox._warm import Warm

REPOSITORY = Path(__file__).parents[2]


def test_no_address_of_the_host_can_be_connected_to(walled):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answers = walled.ask(f"""
            found = []
            for address in (("127.0.0.1", {port}), ("8.8.8.8", 53)):
                try:
                    socket.create_connection(address, timeout=3).close()
                    found.append("connected")
                except OSError as error:
                    found.append("refused")
            return found + sorted(name for _, name in socket.if_nameindex())
        """)
    assert answers == ["refused", "refused", "lo"]


def test_an_abstract_socket_of_the_host_cannot_be_connected_to(walled):
    name = f"harness-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        answer = walled.ask(f"""
            try:
                socket.socket(socket.AF_UNIX).connect("\\0{name}")
            except OSError as error:
                return type(error).__name__
        """)
    assert answer == "ConnectionRefusedError"


def test_folders_of_the_host_do_not_show(walled, tmp_path):
    (tmp_path / "secret").write_text("labels")
    home = str(Path.home())
    seen = walled.ask(f"""
        def entries(path):
            try:
                return sorted(os.listdir(path))
            except OSError:
                return None
        return {{path: entries(path) for path in
                ("/home", "/var", "/run", "/mnt", "/srv", {str(tmp_path)!r}, {str(REPOSITORY)!r}, {home!r}, "/tmp")}}
    """)
    needed = interpreter_paths()  # a folder may show what lies on the way to the interpreter, and nothing else
    for folder, entries in seen.items():
        on_the_way = {path.relative_to(folder).parts[0] for path in needed if path.is_relative_to(folder)}
        allowed = on_the_way | ({"work"} if folder == "/tmp" else set())
        assert set(entries or ()) <= allowed, folder


def test_files_of_the_host_cannot_be_opened(walled, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("labels")
    paths = ["/etc/shadow", "/etc/passwd", "/etc/hosts", str(REPOSITORY / "pyproject.toml"), str(secret)]
    through = [f"/proc/{pid}/root{secret}" for pid in (1, 2, "self")]
    found = walled.ask(f"""
        opened = []
        for path in {[*paths, *through, *(f"/job/submission/../../../..{path}" for path in paths)]!r}:
            try:
                open(path).close()
                opened.append(path)
            except OSError:
                pass
        return opened
    """)
    assert found == []


def test_a_hidden_folder_inside_a_visible_one_is_covered(walled):
    folder = Path(sys.prefix, "share", f"harness-test-{os.getpid()}")
    if not os.access(folder.parent, os.W_OK):
        pytest.skip(f"{folder.parent} cannot be written to")
    folder.mkdir()
    try:
        (folder / "labels").write_text("0 1 2")
        question = f"return os.listdir({str(folder)!r})"
        assert walled.ask(question) == ["labels"]
        warm = isinstance(walled.sandbox, Warm)
        covered = Bubblewrap((walled.sandbox.cold if warm else walled.sandbox).program, (folder,))
        with closing(ForkServerOwner()) as fork_servers:
            walled.sandbox = Warm(covered, fork_servers) if warm else covered
            assert walled.ask(question) == []
    finally:
        (folder / "labels").unlink()
        folder.rmdir()


def test_the_environment_has_only_the_variables_of_the_sandbox(walled, monkeypatch):
    monkeypatch.setenv("HARNESS_TEST_TOKEN", "secret")
    seen = walled.ask("""
        pid1 = Path("/proc/1/environ").read_text().split("\\0")
        return [dict(os.environ), [name.partition("=")[0] for name in pid1 if name]]
    """)
    allowed = set(environment("/tmp/work", Box(folders=(), limits=Limits(), threads=1)))
    assert set(seen[0]) - {"PYTHONPATH", "PWD", "LC_CTYPE"} == allowed
    assert set(seen[1]) <= allowed | {"PWD"}
    assert seen[0]["HOME"] == seen[0]["TMPDIR"] == "/tmp/work"


def test_a_worker_sees_no_processes_but_its_own_two(walled):
    pids = walled.ask("return sorted(int(name) for name in os.listdir('/proc') if name.isdigit())")
    assert pids == [1, 2]


def test_a_worker_has_no_descriptors_but_its_two_pipes(walled):
    held = walled.ask("""
        names = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
        return sorted(os.readlink(name).partition(":")[0] for name in names if os.path.islink(name))
    """)
    assert held == ["/dev/null", *["pipe"] * 4]


def test_a_worker_is_not_root_and_cannot_become_it(walled):
    seen = walled.ask("""
        def tried(call, *arguments):
            try:
                call(*arguments)
            except OSError as error:
                return type(error).__name__
            return "worked"
        status = dict(line.split(":\\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return {
            "uid": os.getuid(), "caps": status["CapEff"], "bounding": status["CapBnd"], "nnp": status["NoNewPrivs"],
            "attempts": [tried(os.setuid, 0), tried(os.setgid, 0), tried(os.setgroups, [0]),
                         tried(os.chroot, "/tmp"), tried(socket.sethostname, "x")],
        }
    """)
    assert seen["uid"] != 0
    assert int(seen["caps"], 16) == int(seen["bounding"], 16) == 0
    assert seen["nnp"] == "1"
    assert set(seen["attempts"]) <= {"PermissionError", "OSError"}  # EINVAL: no such uid in its namespace


def test_settings_of_the_kernel_cannot_be_written(walled):
    written = walled.ask("""
        written = []
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
                     "/proc/1/oom_score_adj", "/sys/devices/system/cpu/cpu0/online"):
            try:
                open(path, "w").close()
                written.append(path)
            except OSError:
                pass
        return written
    """)
    assert set(written) <= {"/proc/1/oom_score_adj"}  # pid 1 is its own, too


def test_nothing_outside_its_scratch_can_be_written(walled):
    writable = walled.ask("""
        def can(folder):
            try:
                with open(os.path.join(folder, "x"), "w"):
                    return True
            except OSError:
                return False
        places = ["/", "/usr", "/etc", "/job", "/job/submission", "/job/lib/harness", "/dev", "/dev/pts", "/proc",
                  "/sys", sys.prefix, os.path.dirname(np.__file__), "/tmp", "/dev/shm", os.environ["HOME"]]
        try:
            os.chmod("/job/submission/model.py", 0o777)
            places.append("chmod")
        except OSError:
            pass
        return [place for place in places if place == "chmod" or can(place)]
    """)
    assert writable == ["/tmp", "/dev/shm", "/tmp/work"]


def test_files_of_a_worker_are_not_on_the_host(walled, tmp_path):
    name = f"harness-test-{tmp_path.name}"
    walled.ask(f"Path('/tmp/{name}').touch(); Path('/dev/shm/{name}').touch(); return 1")
    assert not Path("/tmp", name).exists()
    assert not Path("/dev/shm", name).exists()


def test_scratch_and_shared_memory_are_capped_by_the_kernel(walled):
    written = walled.ask(
        """
        def fill(path):
            count, block = 0, bytes(1 << 20)
            try:
                with open(path, "wb", buffering=0) as file:
                    while count < 200:
                        count += file.write(block) == len(block)
            except OSError as error:
                return [error.errno, count]
            return [0, count]
        found = [fill("/dev/shm/full"), fill("/tmp/full"), fill("/tmp/work/more")]
        os.unlink("/tmp/full"), os.unlink("/dev/shm/full")
        return found
        """,
        scratch_bytes=64 << 20,
        memory_bytes=128 << 20,
    )
    (shm, shm_mib), (scratch, scratch_mib), (again, _) = written
    assert (shm, shm_mib) == (28, 32)
    assert scratch in (27, 28)
    assert 60 <= scratch_mib <= 64
    assert again in (27, 28)


def test_a_nested_user_namespace_is_refused(walled):
    answers = walled.ask("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        clone = {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "pid": 0x20000000}
        return {name: libc.unshare(flag) for name, flag in clone.items()}
    """)
    assert set(answers.values()) == {-1}


def test_the_first_process_cannot_be_stopped_killed_or_traced(walled):
    answers = walled.ask("""
        import ctypes, signal
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
            os.kill(1, number)
        time.sleep(0.2)
        return Path("/proc/1/status").read_text().split("State:")[1].split()[0]
    """)
    assert answers in ("S", "R")


def test_keys_in_the_keyring_of_the_host_cannot_be_read(any_level):
    """The host runs in a session keyring with a key in it, as a login shell does."""
    if not sys.platform.startswith("linux") or os.uname().machine != "x86_64":
        pytest.skip("calls of x86_64 Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    add_key, keyctl, join, session = 248, 250, 1, -3
    if libc.syscall(keyctl, join, f"harness-test-{os.getpid()}".encode()) < 0:
        pytest.skip("this machine offers no keyrings")
    key = libc.syscall(add_key, b"user", b"harness-test", b"secret", 6, session)
    assert key > 0
    answer = any_level.ask(f"""
        import ctypes
        buffer = ctypes.create_string_buffer(16)
        ctypes.CDLL(None).syscall({keyctl}, 11, {key}, buffer, 16)
        return buffer.value.decode()
    """)
    assert answer == ""


def test_two_workers_of_a_root_host_have_different_uids_that_are_not_root(any_level):
    if os.geteuid() != 0:
        pytest.skip("only a root host has uids to give")
    with any_level.fitting("pass") as one, any_level.fitting("pass") as other:
        trees = [session.process._tree() for session in (one, other)]
        uids = [{process.uids().real for process in tree} for tree in trees]
    assert all(uids)
    assert 0 not in uids[0] | uids[1]
    assert any_level.way.startswith("warm") or not uids[0] & uids[1]  # those of one fork server: namespaces alone


def test_a_module_of_the_students_cannot_shadow_the_workers_own(walled):
    session = walled.fitting("import msgspec; raise RuntimeError(msgspec.__file__)")
    folder = session.folders[0].source
    for name in ("msgspec", "harness", "struct", "sitecustomize", "usercustomize"):
        (folder / f"{name}.py").write_text("raise SystemExit('mine')")
    with session:
        assert "site-packages" in walled.failure(session).message


def test_the_kernel_log_and_memory_devices_are_not_there(walled):
    there = walled.ask(
        'return [name for name in ("kmsg", "mem", "kvm", "fuse", "vda", "sda") if os.path.exists(f"/dev/{name}")]'
    )
    assert there == []


@pytest.mark.worker
def test_a_host_without_an_isolation_level_to_offer_says_so():
    script = """
        from harness.errors import InfrastructureError
        from harness.sandbox import Level, find_sandbox
        from pathlib import Path
        try:
            find_sandbox([Path("/usr/share")], Level.LANDLOCK)
        except InfrastructureError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=True)
    assert "isolation level 'landlock'" in done.stdout
    assert "/usr/share lies in /usr" in done.stdout
    assert "harness doctor" in done.stdout
