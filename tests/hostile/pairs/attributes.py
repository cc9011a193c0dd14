"""Change the extended attributes, mode or times of a file of the same user.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import os
import sys
from contextlib import suppress

import harness

OWN = (os.path.join(sys.prefix, "pyvenv.cfg"), harness.__file__, os.__file__)
FILE = next((path for path in OWN if os.path.exists(path) and os.stat(path).st_uid == os.getuid()), os.__file__)
NAME = "user.harness-hostile"


def settle():
    global before
    before = os.stat(FILE)


def say(bit):
    with suppress(OSError):
        os.setxattr(FILE, NAME, b"1") if bit else os.removexattr(FILE, NAME)
    with suppress(OSError):
        os.utime(FILE, ns=(before.st_atime_ns, before.st_mtime_ns + bit))
    with suppress(OSError):
        os.chmod(FILE, before.st_mode ^ (0o002 if bit else 0))


def hear():
    now = os.stat(FILE)
    with suppress(OSError):
        return int(NAME in os.listxattr(FILE) or now.st_mtime_ns != before.st_mtime_ns or now.st_mode != before.st_mode)
    return int(now.st_mtime_ns != before.st_mtime_ns or now.st_mode != before.st_mode)
