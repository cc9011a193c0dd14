"""Read a file in a system folder; another process gets a signal (F_NOTIFY).

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import fcntl
import os
import signal

FOLDER = os.path.dirname(os.__file__)
HEARD = []


def settle():
    signal.signal(signal.SIGIO, lambda *_: HEARD.append(1))
    global folder
    folder = os.open(FOLDER, os.O_RDONLY)
    fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT)


def say(bit):
    if bit:
        with open(os.__file__) as file:
            file.read(1)


def hear():
    heard = bool(HEARD)
    HEARD.clear()
    return int(heard)
