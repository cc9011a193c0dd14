"""Forked workers are isolated from each other like started ones, and look the same."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.errors import InfrastructureError
from harness.paths import Layer, View
from harness.sandbox import ForkServerOwner, Level, begin_fork_servers, find_sandbox, reason_for_cold_start
from harness.sandbox._bubblewrap import Bubblewrap
from harness.sandbox._forkservers import ForkServerClient
from harness.sandbox._landlock import Landlock
from harness.sandbox._preload import modules_for, own_modules
from harness.sandbox._tree import survivors
from harness.sandbox._warm import Warm
from tests.conftest import FORK_SERVERS, PATIENCE


def roots(session):
    """The first process of the session's worker, as the host sees it."""
    return psutil.Process(session.process._root.pid)


def fork_servers(bench):
    """The programs that the fork servers of `bench` were started as."""
    return [fork_server._started.result() for fork_server in bench.fork_servers._servers.values()]


def below_fork_servers(bench):
    """Every process below those of the fork servers."""
    return [process for one in fork_servers(bench) for process in psutil.Process(one.pid).children(recursive=True)]


def sockets(process):
    """The sockets that a process has open, each by the name that the kernel gives it."""
    links = [str(link.readlink()) for link in Path(f"/proc/{process.pid}/fd").iterdir()]
    return {link for link in links if link.startswith("socket:")}


def test_a_worker_is_forked_and_not_started(warm):
    """Its first process is a grandchild of the fork server's, not a child of ours."""
    with warm.fitting("pass") as session:
        warm.fit(session)
        above = [process.pid for process in roots(session).parents()]
        assert {fork_server.pid for fork_server in fork_servers(warm)} & set(above)


LEAVE = """
    def leave(word):
        for folder in ("/tmp", "/dev/shm", os.environ["HOME"]):
            Path(folder, word).write_text(word)
        held = socket.socket(socket.AF_UNIX)
        held.bind("\\0harness-test")
        held.listen()
        Path("/proc/self/comm").write_text(word[:15])
        return [held, socket.create_server(("127.0.0.1", 4567)), os.openpty()]
"""
SEARCH = """
    def tried(call, *arguments):
        try:
            call(*arguments)
            return 1
        except OSError:
            return 0

    folders = ("/tmp", "/tmp/work", "/dev/shm", "/staging", "/job", "/dev/pts")
    return {
        "names": {folder: sorted(os.listdir(folder)) for folder in folders},
        "pids": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
        "heard": [tried(socket.socket(socket.AF_UNIX).connect, "\\0harness-test"),
                  tried(socket.create_connection, ("127.0.0.1", 4567), 3)],
        "signalled": [pid for pid in range(3, 300) if tried(os.kill, pid, 0)],
        "jobs": Path("/proc/self/mountinfo").read_text().count("/job "),
    }
"""


def test_two_workers_can_neither_see_nor_reach_each_other(warm):
    """One leaves a word wherever it can and stays; the other looks for it."""
    with warm.fitting("self.held = leave('the-word-of-the-first')", LEAVE) as first:
        warm.fit(first)
        seen = warm.ask(SEARCH)
        assert roots(first).is_running()
    assert "the-word" not in json.dumps(seen)
    assert seen["pids"] == [1, 2]
    assert seen["signalled"] == []
    assert seen["heard"] == [0, 0]
    assert seen["names"] == {
        "/tmp": ["work"],
        "/tmp/work": [],
        "/dev/shm": [],
        "/staging": [],
        "/job": ["lib", "submission"],
        "/dev/pts": ["ptmx"],
    }
    assert seen["jobs"] == 1  # mounts of others' would be named after them


def test_each_worker_has_its_own_namespaces(warm):
    names = ("user", "mnt", "pid", "net", "ipc", "uts")
    with warm.fitting("pass") as first, warm.fitting("pass") as second:
        first.setup(0), second.setup(0)
        seen = [
            {name: str(Path(f"/proc/{pid}/ns/{name}").readlink()) for name in names}
            for pid in (roots(first).children()[0].pid, roots(second).children()[0].pid, fork_servers(warm)[0].pid)
        ]
    assert all(len({one[name] for one in seen}) == len(seen) for name in names)


def test_changes_in_one_process_are_not_found_in_the_next(warm):
    body = """
        import builtins, random, tempfile
        found = [hasattr(np, "MINE"), hasattr(builtins, "mine"), "WORD" in os.environ, os.path.exists("/tmp/left"),
                 tempfile.tempdir]
        np.MINE, builtins.mine, os.environ["WORD"] = 1, 1, "x"
        Path("/tmp/left").write_text("x")
        return found
    """
    assert warm.ask(body) == warm.ask(body) == [False, False, False, False, None]


def test_no_descriptor_of_the_fork_server_is_open_in_a_worker(warm):
    """Neither its connections, nor the notification socket, nor the staging folder."""
    held = warm.ask("""
        found = {}
        for fd in os.listdir("/proc/self/fd"):
            try:
                found[fd] = os.readlink(f"/proc/self/fd/{fd}").partition(":")[0]
            except OSError:
                pass
        return found
    """)
    assert held == {"0": "/dev/null", "1": "pipe", "2": "pipe", "3": "pipe", "4": "pipe"}


def test_the_supervisor_of_a_worker_has_no_connection_of_the_fork_server(warm):
    """Else a fork server that is gone would look alive to the host for as long as one of its workers runs."""
    with warm.fitting("pass") as session:
        session.setup(0)
        supervisor = roots(session).parent()
        held, of_the_fork_server = sockets(supervisor), sockets(supervisor.parent())
        assert len(held) == 1
        assert of_the_fork_server
        assert not held & of_the_fork_server


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core is all there are")
def test_a_worker_runs_on_the_cores_that_the_host_has_by_then(warm):
    cores = os.sched_getaffinity(0)
    one = [max(cores)]
    os.sched_setaffinity(0, one)
    try:
        found = warm.ask("return sorted(os.sched_getaffinity(0))")
    finally:
        os.sched_setaffinity(0, cores)
    assert found == one


def test_the_sandbox_cannot_be_removed_from_within(warm):
    answers = warm.ask("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        tries = {
            "umount /staging": libc.umount2(b"/staging", 2),
            "umount /proc": libc.umount2(b"/proc", 2),
            "umount /tmp": libc.umount2(b"/tmp", 2),
            "umount /job": libc.umount2(b"/job", 2),
            "mount": libc.mount(b"none", b"/tmp/work", b"tmpfs", 0, None),
            "pivot_root": libc.syscall(155, b"/tmp", b"/tmp"),
            "unshare user": libc.unshare(0x10000000),
            "clone user": libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0),
            "setns": libc.setns(0, 0),
            "more namespaces": open("/proc/sys/user/max_user_namespaces").read().strip(),
        }
        try:
            open("/proc/sys/user/max_user_namespaces", "w").write("9")
            tries["written"] = 0
        except OSError:
            tries["written"] = -1
        return tries
    """)
    assert answers.pop("more namespaces") == "0"
    assert set(answers.values()) == {-1}


def test_the_death_of_the_fork_server_is_not_the_students_failure(own_warm):
    """And the next worker is forked from a new one."""
    with own_warm.fitting("time.sleep(60)") as session:
        session.setup(0)
        killed = fork_servers(own_warm)
        for fork_server in killed:
            os.kill(fork_server.pid, signal.SIGKILL)
        with pytest.raises(InfrastructureError, match="run the command again"):
            own_warm.fit(session)
    with own_warm.fitting("pass") as session:
        own_warm.fit(session)
        above = [process.pid for process in roots(session).parents()]
    assert {fork_server.pid for fork_server in fork_servers(own_warm)} & set(above)
    assert not {fork_server.pid for fork_server in killed} & set(above)


def test_a_fork_server_killed_once_it_is_connected_to_is_replaced(own_warm, monkeypatch):
    owner, killed = own_warm.fork_servers, []

    def connect(bubblewrap, modules):
        connection = ForkServerOwner.connect(owner, bubblewrap, modules)
        if not killed:
            killed.extend(below_fork_servers(own_warm))
            for fork_server in fork_servers(own_warm):
                os.kill(fork_server.pid, signal.SIGKILL)
            psutil.wait_procs(killed, timeout=PATIENCE)
        return connection

    monkeypatch.setattr(owner, "connect", connect)
    with own_warm.fitting("pass") as session:
        own_warm.fit(session)
        above = {process.pid for process in roots(session).parents()}
    assert killed
    assert {fork_server.pid for fork_server in fork_servers(own_warm)} & above


def test_nothing_survives_its_fork_server(own_warm):
    with own_warm.fitting("subprocess.Popen(['sleep', '300'])") as session:
        own_warm.fit(session)
        tree = below_fork_servers(own_warm)
        assert len(tree) >= 5
        for fork_server in fork_servers(own_warm):
            os.kill(fork_server.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(tree, timeout=PATIENCE)
    assert alive == []


def test_closing_leaves_no_process_and_no_file(own_warm):
    with own_warm.fitting("pass") as session:
        own_warm.fit(session)
    folders = [fork_server._command.staging for fork_server in own_warm.fork_servers._servers.values()]
    tree = below_fork_servers(own_warm)
    assert all(folder.is_dir() and not list(folder.iterdir()) for folder in folders)
    own_warm.fork_servers.close()
    assert not any(folder.exists() for folder in folders)
    assert survivors(tree, 0) == []


@pytest.mark.parametrize("name", ["threadpoolctl", "torch"], ids=["loaded-in-any-case", "a-library"])
def test_a_students_module_named_like_one_that_is_loaded_starts_cold(warm, name):
    session = warm.fitting(f"raise RuntimeError({name}.MINE)", f"import {name}")
    (session.folders[0].source / f"{name}.py").write_text("MINE = 'my own'")
    with session:
        assert "my own" in warm.failure(session).message
    assert warm.sandbox.problem is None


SEEN = (
    """
    return {
        "argv": sys.argv[:1], "path": sys.path, "cwd": os.getcwd(), "environment": dict(os.environ), "pid": os.getpid(),
        "flags": repr(sys.flags), "main": [sys.modules["__main__"].__name__, sys.modules["__main__"].__file__[-11:]],
    }
    """,
    """
    import random, resource, signal, tempfile, threading, warnings
    return {
        "umask": os.umask(0o22), "filters": repr(warnings.filters), "tempdir": tempfile.gettempdir(),
        "threads": [threading.active_count(), threading.current_thread().name],
        "random": [random.random(), float(np.random.random())], "recursion": sys.getrecursionlimit(),
        "stdout": [sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering, sys.stdout.isatty()],
        "stdin": os.readlink("/proc/self/fd/0"), "host": socket.gethostname(),
        "limits": [resource.getrlimit(kind) for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE,
                   resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_STACK)],
        "signals": [repr(signal.getsignal(number)) for number in (2, 13, 15, 17)],
        "blocked": repr(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "cores": sorted(os.sched_getaffinity(0)), "groups": os.getgroups(), "ids": os.getresuid() + os.getresgid(),
        "interfaces": socket.if_nameindex(), "cgroup": Path("/proc/self/cgroup").read_text()[-3:],
    }
    """,
)


@pytest.mark.parametrize("question", SEEN, ids=["where", "how"])
def test_a_forked_worker_looks_the_same_as_a_started_one(warm, question):
    forked = warm.ask(question)
    warm.sandbox, forking = warm.sandbox.cold, warm.sandbox
    started = warm.ask(question)
    warm.sandbox = forking
    for seen in (forked, started):
        seen.get("environment", {}).pop("PWD", None)  # bubblewrap's
    assert forked == started


@pytest.mark.thorough
@pytest.mark.parametrize("warm", ["warm"], indirect=True)  # control groups change no number of threads
def test_libraries_use_as_many_threads_as_in_a_started_worker(warm):
    pytest.importorskip("torch")
    question = """
        pools = [[pool["user_api"], pool["num_threads"]] for pool in threadpoolctl.threadpool_info()]
        return [sorted(pools), torch.get_num_threads(), torch.get_num_interop_threads()]
    """
    forking, answers = warm.sandbox, {}
    for threads in (1, 2):
        for way, sandbox in (("warm", forking), ("cold", forking.cold)):
            warm.sandbox = sandbox
            answers[threads, way] = warm.ask(question, "import threadpoolctl, torch", threads)
    warm.sandbox = forking
    assert answers[1, "warm"] == answers[1, "cold"]
    assert answers[2, "warm"] == answers[2, "cold"]
    assert answers[1, "warm"] != answers[2, "warm"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import numpy", set()),
        ("import torch", {"torch", "torch.utils.flop_counter"}),
        ("import torch.nn as nn", {"torch", "torch.utils.flop_counter"}),
        ("from torch import nn, optim", {"torch", "torch.utils.flop_counter", "torch._dynamo"}),
        ("def f():\n    from sklearn.neighbors import KNeighborsClassifier as K", {"sklearn", "sklearn.neighbors"}),
        ("from sklearn import svm, tree  # both", {"sklearn", "sklearn.svm", "sklearn.tree"}),
        ("import os, scipy.signal as s, pandas", {"scipy", "scipy.signal", "pandas"}),
        ("import antigravity, torch._testing, sklearn.__main__", {"torch", "torch.utils.flop_counter", "sklearn"}),
        ("x = 'import torch'", set()),
        ("import torchy, sklearnex", set()),
        ("import \ud800\0", set()),
        ("from . import torch\nfrom .sklearn import svm", set()),
        ("import", set()),
        ("from torch import (", {"torch", "torch.utils.flop_counter"}),
    ],
)
def test_imports_of_a_submission_are_read_from_its_source(tmp_path, text, found):
    (tmp_path / "model.py").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert modules_for(tmp_path) == found


def test_imports_are_followed_into_the_files_beside_the_model(tmp_path):
    for folder in ("parts", "_shared"):
        (tmp_path / folder).mkdir()
    for file, text in {
        "model.py": "import helper\nfrom _shared.plain import Majority\nfrom parts import layers\nimport model",
        "helper.py": "import pandas",
        "_shared/plain.py": "from . import other",
        "_shared/other.py": "import scipy.stats",
        "_shared/networks.py": "import torch",
        "parts/__init__.py": "",
        "parts/layers.py": "from .deep import Net",
        "parts/deep.py": "import sklearn.svm",
        "unused.py": "import torchvision",
    }.items():
        (tmp_path / file).write_text(text)
    found = {"pandas", "scipy", "scipy.stats", "sklearn", "sklearn.svm"}
    assert modules_for(tmp_path) == found


@pytest.mark.parametrize(
    "text",
    [
        "import " + "a." * 400_000,
        "import " + "a" * 1_000_000,
        "from " + "x" * 500 + " import " + "y" * 500,
        "import " + ", ".join(f"m{number}" for number in range(100_000)),
        "import x\n" * 100_000,
        "import " + " " * 1_000_000,
        "from . " * 100_000,
    ],
    ids=["deep", "long", "two", "many", "again", "blank", "half"],
)
def test_source_that_is_slow_to_parse_is_not_parsed(tmp_path, text):
    (tmp_path / "model.py").write_text(text)
    assert modules_for(tmp_path) == set()  # or the test runs into its time limit


def test_source_is_read_up_to_a_limit(tmp_path):
    (tmp_path / "model.py").write_text("\n" * (1 << 20) + "import torch")
    assert modules_for(tmp_path) == set()


def test_the_modules_of_a_submission_have_the_names_of_its_files(tmp_path):
    (tmp_path / "parts").mkdir()
    for name in ("model.py", "_fast.cpython-311-x86_64-linux-gnu.so", "notes.txt"):
        (tmp_path / name).touch()
    assert own_modules(tmp_path) == {"parts", "model", "_fast", "notes"}


def test_without_namespaces_workers_start_cold(landlocked):
    sandbox = find_sandbox((), Level.LANDLOCK, FORK_SERVERS)
    assert isinstance(sandbox, Landlock)
    assert "no namespaces" in reason_for_cold_start(sandbox)


def test_without_asking_for_fork_servers_there_are_none(wall):
    sandbox = find_sandbox(())
    assert not isinstance(sandbox, Warm)
    assert reason_for_cold_start(sandbox) is None


def test_workers_are_forked_from_what_was_started_ahead(own_warm, tmp_path):
    (tmp_path / "model.py").write_text("import scipy.linalg")
    cold = own_warm.sandbox.cold
    with closing(ForkServerOwner()) as owner:
        begin_fork_servers(owner, cold.hidden, [tmp_path])
        begun = list(owner._servers.values())
        with closing(owner.connect(cold, frozenset({"scipy", "scipy.linalg"}))) as connection:
            assert "scipy" in connection.packages
        assert len(begun) == 2
        assert set(owner._servers.values()) == set(begun)


def test_one_fork_server_of_a_kind_is_started_ahead_within_the_limit(own_warm, tmp_path):
    kinds = ["import scipy", "import scipy.linalg", "import numpy", "import pandas", "import sklearn", "import torch"]
    folders = [tmp_path / str(number) for number in range(len(kinds))]
    for folder, kind in zip(folders, kinds, strict=True):
        folder.mkdir()
        (folder / "model.py").write_text(kind)
    with closing(ForkServerOwner(most=3)) as owner:
        begin_fork_servers(owner, own_warm.sandbox.cold.hidden, folders)
        assert {key.packages for key in owner._servers} == {frozenset(), frozenset({"scipy"}), frozenset({"pandas"})}
        assert owner._retired == []


def test_all_sandboxes_fork_their_workers_from_one_process(own_warm):
    standing = fork_servers(own_warm)
    sandbox = own_warm.sandbox.cold
    for hidden in (own_warm.folder / "one", own_warm.folder / "another"):
        own_warm.sandbox = Warm(replace(sandbox, hidden=(hidden,)), own_warm.fork_servers)
        assert own_warm.ask("return 7") == 7
    assert fork_servers(own_warm) == standing


def test_a_fork_server_that_cannot_start_is_not_the_submissions_failure(wall, monkeypatch):
    """A program in bubblewrap's place that starts workers, but no fork server; nobody asks for one again."""
    program = wall.folder / "bwrap"
    refuse = 'case "$*" in *forkserver/__main__*) echo no room >&2; exit 1;; esac'
    program.write_text(f'#!/bin/sh\n{refuse}\nexec {wall.sandbox.program} "$@"\n')
    program.chmod(0o755)
    told, asked = [], []
    with closing(ForkServerOwner()) as fork_servers:
        connect = fork_servers.connect
        monkeypatch.setattr(fork_servers, "connect", lambda *which: asked.append(which) or connect(*which))
        wall.sandbox = Warm(Bubblewrap(program, ()), fork_servers, told.append)
        assert wall.ask("return 7") == 7
        attempts = len(asked)
        assert wall.ask("return 8") == 8
        assert len(asked) == attempts > 0
        assert "no room" in wall.sandbox.problem
        assert ["no room" in line and "harness doctor" in line for line in told] == [True] * len(told)


def test_a_worker_starts_cold_if_it_could_not_see_the_interpreter(wall, monkeypatch):
    seen = View((Layer(Path("/job/environment"), True),), ())
    monkeypatch.setattr(Bubblewrap, "view", lambda _: seen)
    assert "/job/environment" in Warm(wall.sandbox, FORK_SERVERS).problem


def test_fork_servers_beyond_the_limit_end_when_their_workers_do(own_warm):
    """The limit is two, and one is always needed by the yardstick."""
    with own_warm.fitting("pass", "import scipy") as session:
        session.setup(0)
        retired = own_warm.fork_servers._servers.copy()
        assert own_warm.ask("return 'sklearn' in sys.modules", "import sklearn")
        retired = [server for kind, server in retired.items() if kind not in own_warm.fork_servers._servers]
        assert len(retired) == 1
        own_warm.fit(session)  # it serves the worker that it has
    retired[0]._thread.join(PATIENCE)
    assert retired[0].has_exited
    assert {tuple(kind.packages) for kind in own_warm.fork_servers._servers} == {(), ("sklearn",)}


def test_another_process_forks_workers_from_the_same_fork_server(own_warm):
    """A runner of `harness grade` does; what it leaves running when it is killed ends."""
    theirs = own_warm.fork_servers.share()
    client = ForkServerClient(theirs)
    own_warm.sandbox = Warm(own_warm.sandbox.cold, client)
    with own_warm.fitting("time.sleep(300)") as session:
        session.setup(0)
        above = [process.pid for process in roots(session).parents()]
        assert {fork_server.pid for fork_server in fork_servers(own_warm)} & set(above)
        tree = [roots(session), *roots(session).children(recursive=True)]
        session.process._root.close()  # as the death of a runner would
        _, alive = psutil.wait_procs(tree, timeout=PATIENCE)
        assert alive == []
    client.close()


def test_only_the_requested_libraries_are_preloaded(warm):
    assert warm.ask("return True", "import scipy.signal")
    assert warm.ask("return 'scipy' in sys.modules") is False
