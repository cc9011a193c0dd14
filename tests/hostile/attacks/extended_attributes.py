"""Read extended attributes of a file of the host that cannot be opened.

Held: contained
Checked by: an attribute contains a secret; that secret must be in no record.
"""

import os
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        for path in (os.path.join(TARGETS["watched"], "known"), TARGETS["watched"]):
            with suppress(OSError):
                yield from (os.getxattr(path, name) for name in os.listxattr(path))
            with suppress(OSError):
                yield os.getxattr(path, "user.secret", follow_symlinks=False)
