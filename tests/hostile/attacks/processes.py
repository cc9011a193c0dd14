"""List the processes of the host and their command lines.

Held: contained
Known: landlock (command lines are visible there)
Checked by: the attack would report each process that does not belong to its own worker.
"""

import os

from kit import Looter, read


class Model(Looter):
    def loot(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) > 2 and int(pid) != os.getpid():
                yield pid, read(f"/proc/{pid}/cmdline")[:80]
