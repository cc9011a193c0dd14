"""List the host's processes: who they are and what they were started with.

Held: contained
Known: landlock (command lines are visible there)
Told by: a process that is not of the worker's own tree shows.
"""

import os

from kit import Looter, read


class Model(Looter):
    def loot(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) > 2 and int(pid) != os.getpid():
                yield pid, read(f"/proc/{pid}/cmdline")[:80]
