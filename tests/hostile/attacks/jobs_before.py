"""Look in the temporary folders for what the harness, or the job before, left there.

Held: contained
Told by: anything called harness or artifact in a temporary folder that is not its own.
"""

import os

from kit import Looter


class Model(Looter):
    def loot(self):
        own = os.environ["HOME"]
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", os.path.dirname(own)):
            names = os.listdir(folder) if os.access(folder, os.R_OK) else []
            paths = [os.path.join(folder, name) for name in names if name.startswith(("harness", "artifact"))]
            yield from (path for path in paths if not own.startswith(path))
