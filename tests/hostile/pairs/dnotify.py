"""Be signalled when another reads in a folder of the system (F_NOTIFY).

Told by: the one says a bit, the other hears it.
Held: nothing comes through
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
