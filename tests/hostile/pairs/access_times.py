"""Read a system file, which changes its access time: one bit for each file and day.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
Known: landlock, rlimits (the file system is the host's and stores access times; refusing calls cannot prevent it)
"""

import glob
import itertools
import os
import sysconfig
import time


def settle():
    global saying, hearing, before
    roots = [sysconfig.get_path(name) for name in ("purelib", "stdlib", "include")]
    files = itertools.chain.from_iterable(glob.iglob(f"{root}/**/*.[hp]*", recursive=True) for root in roots)
    carriers = [path for path in itertools.islice(files, 50_000) if os.path.isfile(path) and is_due(os.stat(path))]
    carriers.sort(key=lambda path: hash((path, len(carriers))))
    saying, hearing = iter(carriers), iter(carriers)
    before = {path: os.stat(path).st_atime_ns for path in carriers}


def is_due(status):
    """With `relatime` the time is only kept if it is older than the content's, or than a day."""
    return status.st_size > 0 and (status.st_atime_ns <= status.st_mtime_ns or status.st_atime < time.time() - 86_400)


def say(bit):
    path = next(saying)
    if bit:
        with open(path, "rb") as file:
            file.read(1)


def hear():
    path = next(hearing)
    return int(os.stat(path).st_atime_ns != before[path])
