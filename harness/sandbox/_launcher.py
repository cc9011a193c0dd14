"""The program that restricts itself and then becomes the worker; without a pid namespace it also reaps the worker.

Run as ``python -I -S _launcher.py SPEC ARGUMENT...`` with SPEC in JSON. It imports only the standard library and
`kernel`. It enters the worker's control group and leaves the host's keyring. On a root host it mounts empty folders
over private folders, makes visible in them what the worker needs, and drops to an unprivileged user id. Then it applies
Landlock and seccomp to itself and executes the command. With `reap` it forks instead and stays unrestricted: it adopts
the processes that the worker leaves behind and kills them when the worker exits, on SIGTERM, or when the host dies.
"""

import base64
import contextlib
import json
import os
import platform
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __name__ != "__main__":
    from harness import kernel
else:  # run by its path: `kernel` is in the folder above, and the package is not imported
    sys.path.insert(0, str(Path(__file__).parents[1]))
    import kernel

    del sys.path[0]

_SYS_KEYCTL, _KEYCTL_JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1


def main(spec: dict[str, Any], command: list[str]) -> None:
    """Run as described in the module's docstring; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the host may have inherited a setting that ignores it
    for procs in spec["cgroup"]:
        Path(procs).write_text("0")
    _leave_keyring()
    if spec["hidden"]["covers"] or spec["hidden"]["closed"]:
        try:
            _hide(spec["hidden"], spec["uid"])
        except OSError as error:
            sys.exit(_describe_closed(spec["hidden"], error))
    if spec["reap"]:
        _reap(spec, command)
    _drop(spec["uid"])
    _die_with_parent(spec["parent"], signal.SIGKILL)
    _restrict(spec)
    os.execv(command[0], command)


def _leave_keyring() -> None:
    """Join a new session keyring, because no namespace hides the keys of an inherited one."""
    number = _SYS_KEYCTL.get(platform.machine())
    if sys.platform == "linux" and number is not None:
        with contextlib.suppress(OSError):  # a kernel without keyrings
            kernel.call("syscall", number, _KEYCTL_JOIN_SESSION_KEYRING, None)


def _hide(hidden: dict[str, Any], uid: int | None) -> None:
    """Mount an empty readable folder over each private one, and in it everything that the worker needs."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    held = [(path, os.open(path, os.O_PATH)) for path in hidden["shown"]]
    mask = os.umask(0o022)
    for cover in hidden["covers"]:
        kernel.mount("tmpfs", cover, "tmpfs", 0, "mode=0755,size=1m")
    for path, descriptor in held:
        if uid is not None and path in hidden["closed"]:
            kernel.show_to(uid, descriptor, path)
        else:
            kernel.show(descriptor, path)
        os.close(descriptor)
    for path, target in hidden["links"]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).symlink_to(target)
    os.umask(mask)


def _rules(path: str, access: int, excluded: list[str]) -> Iterator[tuple[str, int]]:
    """Yield Landlock rules that give `access` to everything below `path` except the real paths `excluded`.

    A rule applies to everything below a path, and no rule takes access away. So folders that contain an excluded path
    can only be listed, including the excluded part, and each other entry of them gets a separate rule.
    """
    if path in excluded:
        return
    if not any(other.startswith(f"{path}/") for other in excluded):
        yield path, access
        return
    yield path, access & kernel.LANDLOCK_LIST
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.is_symlink():  # the target of a link has a separate rule
                yield from _rules(entry.path, access, excluded)


def _describe_closed(hidden: dict[str, Any], error: OSError) -> str:
    """Describe what a worker that does not run as root cannot read, and what to do."""
    closed = [*hidden["covers"], *hidden["closed"]]
    remedies = [f"chmod o+x {shlex.quote(path)}" for path in hidden["covers"]]
    remedies += [f"chmod -R go+rX {shlex.quote(path)}" for path in hidden["closed"]]
    return (
        f"workers of a root host run as another user, who may not read {', '.join(closed)}, and the files that they "
        f"need there cannot be mounted for them ({error}): permit access ({'; '.join(remedies)}), or install Python "
        "and its packages elsewhere"
    )


def _restrict(spec: dict[str, Any]) -> None:
    """Apply Landlock and seccomp, which cannot be undone."""
    if spec["landlock"] is not None or spec["seccomp"] is not None:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if spec["landlock"] is not None:
        abi = kernel.landlock_abi()
        if abi < kernel.LANDLOCK_ABI:
            sys.exit(f"the kernel's Landlock has ABI {abi}: {kernel.LANDLOCK_ABI} (Linux 6.12) is needed")
        excluded = spec["excluded"]
        kernel.landlock([rule for path, access in spec["landlock"] for rule in _rules(path, access, excluded)])
    if spec["seccomp"] is not None:
        kernel.filter_calls(base64.b64decode(spec["seccomp"]))


def _drop(uid: int | None) -> None:
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _die_with_parent(parent: int, with_signal: int) -> None:
    """Receive the signal `with_signal` when the parent dies; to be called after `setresuid`, which resets this."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, with_signal)
    if os.getppid() != parent:
        os._exit(1)


def _reap(spec: dict[str, Any], command: list[str]) -> None:
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    me = os.getpid()
    worker = os.fork()
    if worker == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        _drop(spec["uid"])
        _die_with_parent(me, signal.SIGKILL)
        os.chdir(spec["folder"])
        _restrict(spec)
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
        remove(Path(spec["folder"]).parent)  # the host may be dead
    os._exit(code if code >= 0 else 128 - code)


def remove(folder: Path) -> None:
    """Remove the files of a dead worker, including folders whose permissions it removed."""
    import shutil

    for parent, folders, _ in os.walk(folder):
        for inner in (Path(parent, name) for name in folders):
            if not inner.is_symlink():
                inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _kill_children(worker: int) -> None:
    """Kill all children until none is left; their orphans become children of this process and are killed as well."""
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
    except OSError:  # not Linux: only the process group of the worker is known
        return []


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
