"""Start fork servers before the first worker: they import libraries while the host imports its own and reads data."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.sandbox._bubblewrap import Bubblewrap, find_bubblewraps
from harness.sandbox._forkservers import ForkServerOwner
from harness.sandbox._preload import modules_for


def begin_fork_servers(owner: ForkServerOwner, hidden: Sequence[Path], submissions: Iterable[Path]) -> None:
    """Start the fork servers that the workers of the `submissions` will probably need.

    Nothing waits for them, and no result depends on them: if a worker needs another fork server, it is started then,
    and an error that is ignored here is found and reported when the first worker is started. `hidden` is the argument
    that `find_sandbox` will get.
    """
    with contextlib.suppress(HarnessError, OSError):
        for program in find_bubblewraps()[:1]:
            bubblewrap = Bubblewrap(program, tuple(hidden))
            for modules in dict.fromkeys([frozenset[str](), *map(modules_for, submissions)]):
                owner.begin(bubblewrap, modules)
