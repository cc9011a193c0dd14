"""Pieces that several commands share."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import click
import msgspec
from rich.console import Console

from harness.course import Course, Submission, current_folder, repositories_in
from harness.data import Places
from harness.errors import InfrastructureError, UsageError
from harness.evaluation import Settings
from harness.files import write_atomically
from harness.leaderboard import Board, build, write_board
from harness.locks import exclusive_lock
from harness.record import Stores
from harness.sandbox import ForkServerOwner, Level, Notify, Start
from harness.text import neutral_line

_log = logging.getLogger(__name__)

data_root = click.option(
    "--data-root", type=click.Path(path_type=Path), help="Folder with <task>/<files>; else $HARNESS_DATA."
)
any_data = click.option(
    "--data",
    type=click.Choice(["auto", "canonical", "local", "embedded"]),
    default="auto",
    show_default=True,
    help="Which source of data.",
)
real_data = click.option(
    "--data",
    type=click.Choice(["auto", "canonical", "local", "embedded"]),
    default="auto",
    show_default=True,
    callback=lambda _context, _option, chosen: "real" if chosen == "auto" else chosen,
    help="Which source of data; auto takes no embedded stand-in.",
)
"""For grades: practice data only where it is asked for."""
device = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="What models may compute on; cuda: one GPU each, one at a time on each.",
)
latency_seconds = click.option(
    "--latency-seconds",
    type=click.FloatRange(0.001, 30),
    default=Settings.latency_seconds,
    show_default=True,
    envvar="HARNESS_LATENCY_SECONDS",
    show_envvar=True,
    help="The longest time to measure latency, which stops earlier once the ratio to the yardstick is known to 2 %. At "
    "least 64 requests are timed.",
)
allow_isolation = click.option(
    "--allow-isolation",
    "lowest",
    type=click.Choice([level.value for level in Level]),
    default=Level.LANDLOCK.value,
    show_default=True,
    callback=lambda _context, _option, chosen: Level(chosen),
    help="The weakest isolation that will do.",
)

cold = click.option(
    "--cold",
    "start",
    flag_value="cold",
    default="warm",
    help="Start each worker as a new process; else they are forked from one that has imported the libraries.",
)


def fork_servers(start: Start) -> ForkServerOwner | None:
    """Return what workers are forked from: the caller's of `cli.run`, else new ones that end with the command."""
    if start == "cold":
        return None
    context = click.get_current_context()
    owner = context.find_object(ForkServerOwner)
    return context.with_resource(closing(ForkServerOwner())) if owner is None else owner


def course_at(paths: Sequence[str] = ()) -> Course:
    """Return the course of the current folder, else that of the first path named."""
    start = current_folder()
    try:
        course = Course.find(start)
    except UsageError:
        if not paths or not Path(paths[0]).exists():
            raise
        start = Path(paths[0])
        course = Course.find(start)
    _log.info("The course is %s, found from %s.", course.root, start)
    return course


def places(data_root: Path | None = None) -> Places:
    """Return where data may lie."""
    return Places.of(os.environ, data_root)


def stores_of(course: Course) -> Stores:
    """Return the course's own records and evidence."""
    return Stores.of(course.leaderboard, course.private)


def board_of(course: Course) -> Board:
    """Return the leaderboard as it stands."""
    stores = stores_of(course)
    return build(stores.records.all(), stores.evidence)


def aliases_path(course: Course) -> Path:
    """Return where it is kept under which names submissions are published."""
    return course.private / "aliases.json"


def _aliases(course: Course) -> dict[str, str]:
    path = aliases_path(course)
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:  # never publish a name that was meant to be hidden
        raise InfrastructureError(f"{path} cannot be read ({error}): run `harness grade --roster` again") from error


def rebuild_board(course: Course) -> Board:
    """Build the leaderboard and write it, one at a time: an older board must not overwrite a newer one."""
    course.private.mkdir(exist_ok=True)
    with exclusive_lock(course.private / "leaderboard.lock"):
        board = board_of(course)
        write_board(course.leaderboard, board.under(_aliases(course)))
    return board


def board_if_stale(course: Course) -> None:
    """Rebuild the leaderboard unless no record has changed since it was written."""
    stamp, board = course.private / "leaderboard.stamp", course.leaderboard
    records = _state(sorted((board / "records").rglob("*.json")))
    written = (board / "README.md", board / "leaderboard.csv", aliases_path(course))
    if stamp.exists() and stamp.read_text() == records + _state(written):
        return
    rebuild_board(course)
    write_atomically(stamp, (records + _state(written)).encode())


def _state(files: Iterable[Path]) -> str:
    """Digest names, sizes and times."""
    digest = hashlib.sha256()
    for path in files:
        found = path.stat() if path.exists() else None
        digest.update(f"{path}\0{found and (found.st_size, found.st_mtime_ns)}\0".encode())
    return digest.hexdigest()


def teller() -> Notify:
    """Return what prints a notice on standard error, the same one once."""
    told: set[str] = set()

    def tell(notice: str) -> None:
        if notice not in told:
            told.add(notice)
            console(stderr=True).print(notice, style="yellow")

    return tell


def name_repositories(out: Console, course: Course, submissions: Iterable[Submission]) -> None:
    """Say which git repositories there are in submissions: they are left out."""
    for folder in dict.fromkeys(submission.folder.parent for submission in submissions):
        for path in repositories_in(folder):
            name = neutral_line(str(path.relative_to(course.root)))
            out.print(f"left out: {name}, a git repository: what is in it is neither read nor graded", style="yellow")


def console(*, stderr: bool = False) -> Console:
    """Return a console that takes text as it is: a student's `[red]` is no markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)
