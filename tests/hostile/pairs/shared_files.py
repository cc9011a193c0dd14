"""Create a file in every writable folder; another process looks for it, also through /proc.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import glob
import os
from contextlib import suppress

NAME = "harness-hostile-file"
FOLDERS = (
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/dev/mqueue",
    "/run",
    os.path.dirname(os.__file__),
    os.path.dirname(__file__),
)
FOLDERS += tuple(os.path.dirname(path) for path in ("/tmp/work/x", os.environ["HOME"] + "/x", os.environ["HOME"]))


def say(bit):
    for folder in FOLDERS:
        path = os.path.join(folder, NAME)
        with suppress(OSError):
            if bit:
                open(path, "w").close()
            else:
                os.unlink(path)


def hear():
    places = (*FOLDERS, *glob.glob("/proc/[0-9]*/cwd"), *glob.glob("/proc/[0-9]*/root/tmp/work"))
    return int(any(os.path.exists(os.path.join(folder, NAME)) for folder in places))
