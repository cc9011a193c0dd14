"""Run a command as a user: ``python _supervise.py SPEC``; what it leaves running becomes ours, is named and killed.

SPEC is JSON: command, cwd, environment, uid (null: ours), inherited (a file the command holds open), report (where to
write what was left), seconds.
"""

import ctypes
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36
SETTLE_SECONDS = 30.0


def main(spec):
    """Do what the module's docstring says; returns the exit code, 124 for one that had to be ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans come to us, not to init
    uid = spec["uid"]
    who = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
    with Path(spec["inherited"]).open() as inherited:
        process = subprocess.Popen(
            spec["command"],
            cwd=spec["cwd"],
            env=spec["environment"],
            stdin=subprocess.DEVNULL,
            pass_fds=(inherited.fileno(),),
            **who,
        )
    try:
        code = process.wait(spec["seconds"])
    except subprocess.TimeoutExpired:
        process.kill()
        code = 124
    left = survivors()
    Path(spec["report"]).write_text(json.dumps(left))
    for one in psutil.Process().children(recursive=True):
        one.kill()
    return code if code >= 0 else 128 - code


def survivors():
    """Return the command lines of the processes below us that do not end by themselves."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while found := [line for child in psutil.Process().children(recursive=True) if (line := alive(child))]:
        if time.monotonic() > deadline:
            return found
        time.sleep(0.05)
    return []


def alive(process):
    """Return a process's command line, nothing for one that is dead and only waits to be noticed."""
    try:
        return "" if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline()) or process.name()
    except psutil.NoSuchProcess:
        return ""


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
