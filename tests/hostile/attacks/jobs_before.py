"""Look in the temporary folders for what the harness, or the job before, left there.

Held: contained
Told by: anything called harness or artifact in a temporary folder that is neither its own nor the interpreter's.
"""

import os
import sys

from kit import Looter, listed


class Model(Looter):
    def loot(self):
        home = os.environ["HOME"]
        known = (home, sys.prefix, sys.base_prefix)
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", os.path.dirname(home)):
            names = listed(folder)
            paths = [os.path.join(folder, name) for name in names if name.startswith(("harness", "artifact"))]
            yield from (path for path in paths if not any(place.startswith(path) for place in known))
