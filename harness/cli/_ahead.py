"""Start the fork servers that a command will need while its own modules are still being imported."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import click

from harness.cli._common import CommonOptions
from harness.errors import HarnessError

_START_WORKERS = ("check", "evaluate")

_KEPT_FOR_LATER = frozenset(
    ("-h", "--help", "--cold", "--isolation", "-C", "--directory", "--data-root", "-v", "-vv", "--verbose")
)
"""Options with which a command starts no fork server, starts other ones, or explains every step."""


def start_ahead(context: click.Context, common: CommonOptions, arguments: Sequence[str]) -> None:
    """Start the fork servers of a command, given its name and its unparsed arguments.

    A wrong guess costs time but does not change any result. A mistake in the arguments is reported later. NumPy is not
    imported before, because that takes longer than everything else here.
    """
    name, *given = arguments
    options = {argument.partition("=")[0] for argument in given}
    if name not in _START_WORKERS or common.fork_servers is not None or common.verbose or options & _KEPT_FOR_LATER:
        return
    from harness.course import Course, current_folder
    from harness.places import Places
    from harness.sandbox import ForkServerOwner, begin_fork_servers

    with contextlib.suppress(HarnessError, OSError):
        named = next(path for path in (*map(Path, given), Path()) if path.is_dir())
        course = Course.find(common.directory or current_folder())
        hidden = [course.root, *Places.of(os.environ, common.data_root, course.data).all()]
        folders = [folder for folder in (named, *sorted(named.iterdir())) if (folder / "model.py").is_file()]
        common.fork_servers = ForkServerOwner()
        context.call_on_close(common.fork_servers.close)
        begin_fork_servers(common.fork_servers, hidden, folders[:1])
