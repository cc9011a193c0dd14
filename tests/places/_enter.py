"""Runs commands where places have been mounted, as some user: ``python -I _enter.py REPOSITORY`` with a JSON on stdin.

The mounts are seen by these commands alone. Root makes them before it becomes somebody else; an ordinary user makes
them in a user namespace of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main(order):
    kernel = _kernel(sys.argv[1])
    if os.geteuid() == 0:
        kernel.unshare(kernel.CLONE_NEWNS)
    else:
        uid, gid = os.geteuid(), os.getegid()
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    for sources, target in order["mounts"]:
        if len(sources) == 1:
            kernel.mount(sources[0], target, None, kernel.MS_BIND | kernel.MS_REC)
        else:
            kernel.mount("overlay", target, "overlay", 0, f"lowerdir={':'.join(sources)}")
    for capability in order["without"]:
        kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    if order["uid"] is not None:
        os.setgroups([])
        os.setresgid(order["uid"], order["uid"], order["uid"])
        os.setresuid(order["uid"], order["uid"], order["uid"])
    os.umask(order["umask"])
    json.dump([_run(argv, order) for argv in order["commands"]], sys.stdout)


def _run(argv, order):
    done = subprocess.run(
        argv, cwd=order["folder"], env=order["environment"], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return [argv, done.returncode, done.stdout, done.stderr]


def _kernel(repository):
    sys.path.insert(0, str(Path(repository, "harness")))
    import kernel

    del sys.path[0]
    return kernel


if __name__ == "__main__":
    main(json.load(sys.stdin))
