"""Start fork servers before the first worker: they import libraries while the host imports its own and reads data."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.sandbox._bubblewrap import Bubblewrap, find_bubblewraps
from harness.sandbox._forkservers import ForkServerOwner
from harness.sandbox._preload import modules_for, top_level


def begin_fork_servers(owner: ForkServerOwner, hidden: Sequence[Path], submissions: Iterable[Path]) -> None:
    """Start the fork servers that the workers of the `submissions` will probably need.

    There are as many as `owner` keeps, for the submissions that come first. The largest library takes seconds to
    import, and all jobs that need it would wait for it together.

    Nothing waits for them, and no result depends on them: if a worker needs another fork server, it is started then,
    and an error that is ignored here is found and reported when the first worker is started. `hidden` is the argument
    that `find_sandbox` will get.
    """
    with contextlib.suppress(HarnessError, OSError):
        for program in find_bubblewraps()[:1]:
            bubblewrap = Bubblewrap(program, tuple(hidden))
            bundles: dict[frozenset[str], frozenset[str]] = {frozenset(): frozenset()}
            for modules in map(modules_for, submissions):
                packages = top_level(modules)
                bundles[packages] = bundles.get(packages, frozenset()) | modules
            for modules in list(bundles.values())[: owner.most]:
                owner.begin(bubblewrap, modules)
