"""A temporary course with secrets around it, sockets of the host that no submission may reach, and the harness."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.sandbox import Level
from tests.conftest import CENTROIDS, REPOSITORY, TemporaryCourse
from tests.hostile._cases import Case

LONG_ENOUGH = "0.2"
"""Seconds to measure latency: the audit of repeated inputs asks enough inputs again to fail."""

HERE = Path(__file__).parent
_FS_IOC_GETFLAGS = 0x80086601
TIGHT = (
    "import_seconds=20, fit_cpu_seconds=1, save_seconds=20, load_seconds=20, predict_seconds=10, measure_seconds=30, "
    "memory_bytes=400 << 20, processes=32, scratch_bytes=64 << 20, artifact_bytes=1 << 20, parameters=100_000, "
    "output_bytes=1 << 20"
)
"""What attacks that use up their time get."""
UNHURRIED = TIGHT.replace("fit_cpu_seconds=1,", "fit_cpu_seconds=20,").replace(
    "measure_seconds=30,", "measure_seconds=120,"
)
"""What all others get: they must not meet their limit of time first, however busy the machine is."""
_WHAT_RUNS = """
import json, pathlib, sys, sysconfig
import ctypes, encodings, harness, numpy
libraries = [pathlib.Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var(name)) for name in
             ("LDLIBRARY", "INSTSONAME")]
folders = [pathlib.Path(module.__file__).parent for module in (ctypes, encodings, harness, json, numpy)]
print(json.dumps([str(path) for path in (pathlib.Path(sys.executable), *libraries, *folders)]))
"""
OWN = ("leaderboard", ".harness")
"""What the harness itself writes into a course."""


@dataclass(frozen=True)
class Host:
    """Who runs the harness."""

    name: str
    uid: int | None = None
    """None: whoever runs the tests."""
    python: str = sys.executable


@dataclass(frozen=True)
class Run:
    """What came of one run of the harness."""

    code: int
    output: str
    survivors: tuple[str, ...]


@dataclass
class World:
    """A temporary course, secrets with names, and the traces that attacks leave."""

    base: Path
    host: Host
    mark: str
    """In the name of everything here that could be left somewhere."""
    secrets: dict[str, str] = field(default_factory=dict)
    """What nobody may learn, by where it lies."""
    places: dict[str, Any] = field(default_factory=dict)
    """Where the attackers find it all: no attack fails for want of an address."""
    decoys: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def course(self) -> TemporaryCourse:
        """The course."""
        return TemporaryCourse(self.base / "course")

    @property
    def loot(self) -> Path:
        """A folder that everybody on the host may write to."""
        return self.base / "loot"

    def record(self, case: Case) -> dict[str, Any] | None:
        """Return the case's record if there is one."""
        try:
            return self.course.record(case.name, case.task)
        except FileNotFoundError:
            return None

    def hand_in(self, case: Case) -> None:
        """Make `case` a submission that knows where everything lies."""
        folder = self.course.root / "submissions" / case.name / case.task
        case.hand_in(folder)
        if case.needs_decoy:
            self.decoys[case.name] = self._decoy()
        if case.group == "attacks":
            places = self.places | {"name": case.name, "mark": f"{self.mark}-{case.name}"}
            if case.name in self.decoys:
                places["decoy"] = self.decoys[case.name].pid
            (folder / "targets.json").write_text(json.dumps(places))
        (folder / "attach.py").unlink(missing_ok=True)
        if (case.path / "attach.py").is_file():
            namespace: dict[str, Any] = {}
            exec((case.path / "attach.py").read_text(), namespace)  # ours: adds what git cannot hold
            namespace["attach"](folder, self.places)
        self._give(folder.parent)

    def evaluate(self, submitted: Sequence[Case], seconds: float, *options: str) -> Run:
        """Evaluate `submitted` in one run of the harness with `options`."""
        names = (f"submissions/{case.name}" for case in submitted)
        return self._supervised(["-P", "-m", "harness", "evaluate", *names, *options], seconds, self.course.root)

    def _supervised(self, arguments: Sequence[str], seconds: float, folder: Path) -> Run:
        """Run Python as the host, in `folder`, and see what it leaves."""
        report = self.base / f"survivors-{uuid.uuid4().hex}.json"
        spec = {
            "command": [self.host.python, *arguments],
            "cwd": str(folder),
            "environment": self._environment(),
            "uid": self.host.uid,
            "inherited": str(self.base / "inherited"),
            "report": str(report),
            "seconds": seconds,
        }
        done = subprocess.run(
            [sys.executable, str(HERE / "_supervise.py"), json.dumps(spec)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), tuple(json.loads(report.read_text())))

    def tree(self) -> dict[str, str]:
        """Return every file of the course and around it, but for what the harness writes, with a digest of each."""
        folders = [self.base / name for name in ("course", "home", "private")]
        return {
            str(path.relative_to(self.base)): _describe(path)
            for folder in folders
            for path in (folder, *folder.rglob("*"))
            if not any(path.is_relative_to(self.course.root / own) for own in OWN)
        }

    def pairs(self, seconds: float, level: Level, start: str = "warm") -> dict[str, str]:
        """Return what two workers at once could tell each other at `level`, and how much of it came through.

        Raises:
            RuntimeError: the level cannot be had, or it took too long.
        """
        run = self._supervised(["-m", "tests.hostile._pair", level.value, start], seconds, self.base / "tmp")
        if run.code != 0 or run.survivors:
            raise RuntimeError(f"exit code {run.code}, left {run.survivors}: {run.output}")
        told: dict[str, str] = json.loads(run.output.splitlines()[-1])
        return told

    def programs(self) -> dict[str, str]:
        """Return what the host runs: interpreter, its library, NumPy, the harness; and all that marks each file."""
        command = [self.host.python, "-P", "-c", _WHAT_RUNS]
        told = subprocess.run(command, env=self._environment(), capture_output=True, check=True)
        tops = map(Path, json.loads(told.stdout))
        files = {path for top in tops for path in (top, *top.rglob("*")) if path.is_file()}
        return {str(path): _describe(path.resolve()) + _marks(path) for path in files}

    def left_behind(self) -> list[str]:
        """Return what lies in temporary folders that should be empty now."""
        shared = [Path(folder) for folder in ("/tmp", "/var/tmp", "/dev/shm")]
        ours = [path for folder in shared if folder.is_dir() for path in folder.iterdir() if self.mark in path.name]
        return sorted(map(str, [*(self.base / "tmp").iterdir(), *(path for path in ours if path not in self._own())]))

    def published(self) -> dict[Path, str]:
        """Return what the harness wrote into the course, each file as text."""
        written = [path for own in OWN for path in (self.course.root / own).rglob("*") if path.is_file()]
        return {path: path.read_bytes().decode("latin-1") for path in written if path.name != "planted.json"}

    def sweep(self) -> None:
        """Remove what attacks left where nothing held them."""
        for path in map(Path, self.left_behind()):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def _own(self) -> tuple[Path, ...]:
        return (self.base, Path("/dev/shm", self.mark))

    def _environment(self) -> dict[str, str]:
        bare = {name: os.environ[name] for name in ("PATH", "LANG", "OMP_NUM_THREADS") if name in os.environ}
        return bare | {
            "HOME": str(self.base / "home"),
            "USER": "host",
            "LOGNAME": "host",
            "TMPDIR": str(self.base / "tmp"),
            "XDG_CACHE_HOME": str(self.base / "cache"),
            "HARNESS_LOCKS": str(self.base / "locks"),  # whoever else measures on this machine is not waited for
            "HARNESS_OFFLINE": "1",
            "HARNESS_LATENCY_SECONDS": LONG_ENOUGH,
            "HARNESS_DATA": "",
            "HARNESS_PRIVATE": str(self.base / "private"),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HARNESS_TEST_TOKEN": self.secrets["environment"],
        }

    def _give(self, *paths: Path) -> None:
        """Make the host the owner."""
        if self.host.uid is None:
            return
        for path in (inner for top in paths for inner in (top, *top.rglob("*"))):
            with suppress(FileNotFoundError):  # one that comes and goes
                os.chown(path, self.host.uid, self.host.uid, follow_symlinks=False)

    def _decoy(self) -> subprocess.Popen[bytes]:
        """Start a process of the host's: an innocent one with a secret in its environment."""
        uid = self.host.uid
        who: dict[str, Any] = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        return subprocess.Popen(
            ["sleep", "3600"],
            env={"SECRET": self.secrets["decoy"]},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **who,
        )


@contextmanager
def build_world(host: Host) -> Iterator[World]:
    """Build a world for `host`; when it ends, nothing of it is left."""
    mark = f"harness-hostile-{uuid.uuid4().hex[:8]}"  # at rlimits a worker's socket must fit into 104 bytes
    base = Path(tempfile.gettempdir(), mark)
    base.mkdir(mode=0o755)
    world = World(base, host, mark)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, base)
        stack.callback(world.sweep)
        stack.callback(_end, world.decoys)
        modes = {"loot": 0o777, "home": 0o700, "private": 0o700, "tmp": 0o755, "cache": 0o755, "locks": 0o755}
        modes |= {"watched": 0o755}
        for name, mode in modes.items():
            (base / name).mkdir()
            (base / name).chmod(mode)
        _plant_files(world)
        _open_doors(world, stack)
        world.secrets["environment"], world.secrets["decoy"] = _secret("environment"), _secret("decoy")
        world._give(base)
        yield world


def _plant_files(world: World) -> None:
    base, root = world.base, world.course.root
    course = world.course
    root.mkdir()
    course.add_task()
    course.add_task("tight", limits=TIGHT, more="perturb_cost=0.05,")
    course.add_task("unhurried", limits=UNHURRIED, more="perturb_cost=0.05,")
    course.add_task("coin", limits=TIGHT, more="private_test=True,")
    victim = course.submit(CENTROIDS, name="victim")
    staff = course.submit(CENTROIDS, name="staff", base="reference")
    evidence = root / ".harness" / "evidence" / "blobs" / "victim"
    (base / "private" / "coin").mkdir(mode=0o700)
    labels = base / "private" / "coin" / "test.npz"
    # labels that nothing can predict: who scores above chance has seen them
    np.savez(labels, targets=np.random.default_rng(int.from_bytes(os.urandom(8), "little")).integers(0, 3, 120))
    labels.chmod(0o600)
    for name, path in {
        "submission": victim / "notes.py",
        "reference": staff / "notes.py",
        "evidence": evidence / "planted.json",
        "home": base / "home" / ".netrc",
        "labels": base / "private" / "coin" / "notes.txt",
        "descriptor": base / "inherited",
        "memory": Path("/dev/shm", world.mark),
    }.items():
        if path.parent.is_dir() or path.is_relative_to(base):
            path.parent.mkdir(parents=True, exist_ok=True)
            world.secrets[name] = _secret(name)
            path.write_text(f"# {world.secrets[name]}\n")
            world._give(path)
    (base / "inherited").chmod(0o600)
    world.secrets["digest of labels"] = hashlib.sha256(labels.read_bytes()).hexdigest()
    world.places |= {
        "loot": str(world.loot),
        "course": str(root),
        "home": str(base / "home"),
        "labels": str(labels),
        "files": [str(path) for path in (victim, staff, evidence, base / "home", base / "private" / "coin")],
        "shm": f"/dev/shm/{world.mark}",
        "watched": str(base / "watched"),
    }
    known = base / "watched" / "known"
    known.write_text("everybody may know that this is here, but not open it")
    known.chmod(0o644)
    world.secrets["attribute"] = _secret("attribute")
    with suppress(OSError):  # a file system without
        os.setxattr(known, "user.secret", world.secrets["attribute"].encode())


def _open_doors(world: World, stack: ExitStack) -> None:
    """Listen on sockets of every kind; whoever connects is sent a secret."""
    stack.callback(Path("/dev/shm", world.mark).unlink, missing_ok=True)
    tcp = socket.create_server(("127.0.0.1", 0))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{world.mark}")
    path = socket.socket(socket.AF_UNIX)
    path.bind(str(world.base / "loot" / ".socket"))
    (world.base / "loot" / ".socket").chmod(0o777)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    for name, door in (("tcp", tcp), ("abstract", abstract), ("socket", path)):
        door.listen()
        world.secrets[name] = _secret(name)
        _serve(stack, door, lambda door=door, word=world.secrets[name]: _welcome(door, word))
    world.secrets["udp"] = _secret("udp")
    _serve(stack, udp, lambda: _reply(udp, world.secrets["udp"]))
    letters = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    letters.bind(str(world.base / "loot" / ".letters"))
    (world.base / "loot" / ".letters").chmod(0o777)
    world.secrets["letters"] = _secret("letters")
    _serve(stack, letters, lambda: _write_into(letters, world.secrets["letters"]))
    world.secrets["watched"] = _secret("watched")
    _keep_busy(stack, world.base / "watched" / world.secrets["watched"])
    world.places |= {
        "letters": str(world.base / "loot" / ".letters"),
        "tcp": tcp.getsockname()[1],
        "udp": udp.getsockname()[1],
        "abstract": world.mark,
        "socket": str(world.base / "loot" / ".socket"),
    }


def _welcome(door: socket.socket, word: str) -> None:
    caller, _ = door.accept()
    with caller, suppress(OSError):
        caller.sendall(word.encode())


def _reply(door: socket.socket, word: str) -> None:
    _, caller = door.recvfrom(100)
    if caller is None:
        raise OSError("closed")
    door.sendto(word.encode(), caller)


def _write_into(box: socket.socket, word: str) -> None:
    """Write to whatever descriptor comes with a letter."""
    letter, descriptors, _, _ = socket.recv_fds(box, 100, 1)
    if not letter:
        raise OSError("closed")
    for descriptor in descriptors:
        with suppress(OSError):
            os.write(descriptor, word.encode())
        os.close(descriptor)


def _keep_busy(stack: ExitStack, path: Path) -> None:
    """Make a file and remove it, again and again, until the world ends."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.1):
            path.touch()
            path.unlink()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    stack.callback(thread.join, 5)
    stack.callback(ended.set)


def _serve(stack: ExitStack, door: socket.socket, answer: Any) -> None:
    """Answer callers until the world ends."""

    def serve() -> None:
        with suppress(OSError):  # closed
            while True:
                answer()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def close() -> None:
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
        door.close()
        thread.join(5)

    stack.callback(close)


def _end(decoys: dict[str, subprocess.Popen[bytes]]) -> None:
    for decoy in decoys.values():
        decoy.send_signal(signal.SIGCONT)
        decoy.kill()
        decoy.wait()


def _secret(name: str) -> str:
    return f"canary-{name}-{uuid.uuid4().hex}"


def _describe(path: Path) -> str:
    status = path.lstat()
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
    return f"{status.st_mode:o} {status.st_uid} {content}"


def _marks(path: Path) -> str:
    """Return what a file can be marked with beside its content, mode and owner."""
    with path.open("rb") as file:
        try:
            flags = fcntl.ioctl(file, _FS_IOC_GETFLAGS, bytes(8)).hex()
        except OSError:  # a file system without
            flags = ""
    return f" {path.stat().st_mtime_ns} {flags} {[(name, os.getxattr(path, name)) for name in os.listxattr(path)]}"
