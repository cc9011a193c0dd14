"""``harness grade``."""

from __future__ import annotations

import fnmatch
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console

from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._grade_show import following, show_plan, show_table
from harness.cli._gradebook import (
    gradebook,
    grades_options,
    keep_aliases,
    read_rules,
    settle,
    warn,
)
from harness.cli._options import (
    allow_isolation,
    board_if_stale,
    cold,
    console,
    course_at,
    data_root,
    device,
    fork_servers,
    latency_seconds,
    places,
    real_data,
    stores_of,
)
from harness.course import Course, Submission, folders_in, suggest
from harness.data import DataChoice, Places, load_data
from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.evaluation import Device, EvaluationResult, Settings, TasksInUse, describe_git
from harness.gradebook import NOT_GRADED, Gradebook
from harness.grading import (
    Cluster,
    Executor,
    Grading,
    JobDone,
    Journal,
    LocalExecutor,
    Lost,
    Obstacle,
    Orders,
    Standing,
    Terms,
    TravellingData,
    Work,
    places_of,
    plan_work,
    scheduler,
)
from harness.locks import exclusive_lock
from harness.record import Stores
from harness.sandbox import Level, Start, find_gpus, find_sandbox_of_at_least
from harness.text import neutral_line


@click.command()
@click.argument("folder", default="submissions", metavar="[FOLDER]")
@click.option("--jobs", type=click.IntRange(1), help="At most so many at a time; the cores allow fewer.")
@click.option("--scheduler", "address", metavar="tcp://…|local:N|slurm", help="Have the jobs done by a Dask cluster.")
@grades_options
@click.option("--only", multiple=True, metavar="NAME[/TASK]", help="Only these; * and ? are patterns. Repeatable.")
@click.option("--force", is_flag=True, help="Evaluate again what has not changed.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and why; do nothing.")
@real_data
@data_root
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Base of all seeds.")
@device
@latency_seconds
@allow_isolation
@cold
def grade(  # noqa: PLR0913, PLR0917 - one argument an option
    folder: str,
    jobs: int | None,
    address: str | None,
    roster: Path | None,
    deadline: str | None,
    count_validation: bool,
    only: tuple[str, ...],
    force: bool,
    dry_run: bool,
    data: DataChoice,
    data_root: Path | None,
    seed: int,
    device: Device,
    latency_seconds: float,
    lowest: Level,
    start: Start,
) -> int:
    """Grade a class: every submission in FOLDER; what has not changed is not done again."""
    out = console()
    course = course_at((folder,))
    orders = Orders(
        root=str(course.root),
        data_root=None if data_root is None else str(data_root.absolute()),
        settings=Settings(data=data, seed=seed, weights="declared", device=device, latency_seconds=latency_seconds),
        least=lowest,
        start=start,
    )
    asked_rules = read_rules(course, roster, deadline, count_validation=count_validation)
    rules = asked_rules.rules
    warn(out, asked_rules.warnings)
    with _alone(course):
        stores, journal = stores_of(course), Journal(course.private / "grade" / "problems.json")
        asked, obstacles = find_submissions(course, folder, only)
        terms = Terms(settings=orders.settings, least=lowest, force=force, failed=journal.problems)
        tasks = TasksInUse(course, places(data_root), orders.settings)
        work = plan_work(tasks, stores.records, asked, terms)
        show_plan(out, work, obstacles, every=dry_run)
        _tell_of_validation(out, course, asked, places(data_root), count_validation=count_validation)
        if dry_run:
            return PASSED
        executor: Executor = (
            _local(out, course, orders, work, jobs)
            if address is None
            else _cluster(course, orders, work, address, jobs)
        )
        standings, lost = _do(out, course, stores, journal, work, executor)
        if rules.roster is not None:
            keep_aliases(course, rules.roster)
        board_if_stale(course)
        book = gradebook(course, rules)
        show_table(out, standings, book, has_roster=rules.roster is not None)
        warn(out, [] if rules.roster is None else book.mismatch.lines())
        settle(out, course, book.entries)
    return _finish(out, work, obstacles, standings, lost, _not_graded(book, asked))


def find_submissions(course: Course, folder: str, only: tuple[str, ...]) -> tuple[list[Submission], list[Obstacle]]:
    """Return what lies in `folder`, and what there is that cannot be graded.

    Raises:
        UsageError: there is no such folder, nothing in it, or nothing that `only` names.
    """
    named = next((place / folder for place in (Path.cwd(), course.root) if (place / folder).is_dir()), None)
    bases = [base for base in (course.submissions_folder, course.reference_folder) if base.is_dir()]
    base = None if named is None else next((base for base in bases if base.samefile(named)), None)
    if base is None:
        raise UsageError(f"{folder!r} is no folder of submissions: expected submissions or reference of {course.root}")
    names = folders_in(base)
    found: list[Submission] = []
    obstacles: list[Obstacle] = []
    for name in names:
        for place in _places(base / name, course.task_names()):
            try:
                found += course.submissions(str(place))
            except UsageError as error:
                obstacles.append(Obstacle(f"{base.name}/{place.relative_to(base).as_posix()}", error))
    if not names:
        raise UsageError(f"{base} is empty: put submissions into {base}/<name>/<task>/, or `harness import` them")
    for pattern in only:
        if not any(_matches(submission, pattern) for submission in found):
            raise UsageError(f"--only {pattern}: there is no such submission{suggest(pattern, names)}")
    if only:
        return [one for one in found if any(_matches(one, pattern) for pattern in only)], []
    return found, obstacles


def _places(folder: Path, tasks: Sequence[str]) -> list[Path]:
    """Return the folders of `folder` that are of a task, or look so: one that cannot be graded stops no other."""
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith((".", "_"))]
    named = [path for path in inner if path.name in tasks or (path / "model.py").exists()]
    return named or [folder]


def _matches(submission: Submission, pattern: str) -> bool:
    name, _, task = pattern.partition("/")
    short = submission.name.removeprefix("reference/")
    return fnmatch.fnmatchcase(short, name) and fnmatch.fnmatchcase(submission.task, task or "*")


def _local(out: Console, course: Course, orders: Orders, work: Work, jobs: int | None) -> LocalExecutor:
    """Do the jobs here: as many at a time as have cores of their own."""
    if work.jobs:
        sandbox = find_sandbox_of_at_least([course.root, *places_of(orders).all()], orders.least)
        out.print(f"isolation: {sandbox.isolation}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = max(1, cores // work.threads)
    slots = min(most, jobs or most, max(1, len(work.jobs)))
    if orders.settings.device == "cuda":
        slots = min(slots, len(find_gpus()))
    if jobs is not None and jobs > most:
        out.print(f"{most} job(s) at a time, not {jobs}: each takes {work.threads} of {cores} cores")
    log = course.private / "grade" / "grade.log"
    return LocalExecutor(orders=orders, slots=slots, log=log, fork_servers=fork_servers(orders.start))


def _cluster(course: Course, orders: Orders, work: Work, address: str, jobs: int | None) -> Cluster:
    """Do the jobs wherever the scheduler at `address` has them done."""
    connect, patience = scheduler(address, jobs, work.threads, course.private / "grade")
    where = places_of(orders)

    def load(name: str) -> TravellingData:
        task = course.task(name)
        return TravellingData.of(task, load_data(task, course.task_digest(name), where, orders.settings.data))

    git = describe_git(course.root)
    return Cluster(course=course, orders=orders, load=load, git=git, connect=connect, patience=patience)


def _do(
    out: Console, course: Course, stores: Stores, journal: Journal, work: Work, executor: Executor
) -> tuple[list[Standing], list[Lost]]:
    """Do the work; return how everybody stands, those kept too, and what could not be graded."""
    standings, lost = [kept.standing for kept in work.kept], list[Lost]()

    def keep(result: EvaluationResult) -> None:
        stores.keep(result.record, result.evidence)

    if work.jobs:
        with _log(course.private / "grade" / "grade.log") as log, following(out, len(work.jobs)) as watch:
            grading = Grading(executor=executor, keep=keep, journal=journal, log=log)
            for event in grading.run(work.jobs):
                watch(event)
                if isinstance(event, JobDone):
                    standings.append(Standing.of(event.result.record))
                if isinstance(event, Lost) and event.final:
                    lost.append(event)
    return sorted(standings, key=lambda standing: (standing.name, standing.task)), lost


def _tell_of_validation(
    out: Console, course: Course, asked: Sequence[Submission], where: Places, *, count_validation: bool
) -> None:
    """Say of which tasks the scores will be on the validation part, for their private test part is not here."""
    for name in sorted({one.task for one in asked}):
        try:
            task = course.task(name)
        except HarnessError:
            continue  # the plan has said so
        if task.private_test and (where.private is None or not (where.private / name).is_dir()):
            what = "and they make grades" if count_validation else "and they make no grades without --count-validation"
            out.print(
                f"task {name}: its private test part is not here (HARNESS_PRIVATE): scores are on validation, {what}",
                style="yellow",
            )


def _not_graded(book: Gradebook, asked: Sequence[Submission]) -> int:
    """Return how many of the submissions that were asked for have no grade through no fault of theirs."""
    places = {(one.name, one.task) for one in asked}
    found = {
        (entry.person.submission, entry.task)
        for entry in book.entries
        if entry.status == NOT_GRADED and entry.final is None and not entry.excused
    }
    mistaken = {(name, task) for name, task in found if name in book.mismatch.meant}
    return len(found & places | mistaken)


def _finish(
    out: Console,
    work: Work,
    obstacles: list[Obstacle],
    standings: list[Standing],
    lost: list[Lost],
    not_graded: int,
) -> int:
    """Print the verdict, return the exit code."""
    total = len(work.jobs) + len(work.kept)
    kept = f", {len(work.kept)} of them kept" if work.kept else ""
    by_task = sum(event.cause == "task" for event in lost)
    missing = total - len(standings) - by_task
    parts = [f"graded: {len(standings)} of {total}{kept}"]
    parts += [f"{by_task} not graded because of a mistake in their task (mend it)"] if by_task else []
    parts += [f"{missing} failed by the infrastructure (run the same command again)"] if missing else []
    parts += [f"{len(work.obstacles)} tasks or submissions cannot be graded"] if work.obstacles else []
    parts += [f"{len(obstacles)} folders left out"] if obstacles else []
    parts += [f"{not_graded} not graded, and blank in every export"] if not_graded else []
    out.print("; ".join(parts))
    return INFRASTRUCTURE if missing or by_task or work.obstacles or obstacles or not_graded else PASSED


@contextmanager
def _alone(course: Course) -> Iterator[None]:
    """Let one grader at a time work on a course."""
    course.private.mkdir(exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive_lock(course.private / "grade.lock", timeout=0))
        except TimeoutError:
            raise InfrastructureError(
                f"another `harness grade` works on {course.root}: wait for it, or end it"
            ) from None
        yield


class _Lines(logging.Formatter):
    """One line a message, in which nothing steers the terminal of whoever reads the log: it may quote a student."""

    def format(self, record: logging.LogRecord) -> str:
        return neutral_line(super().format(record))


@contextmanager
def _log(path: Path) -> Iterator[logging.Logger]:
    path.parent.mkdir(parents=True, exist_ok=True)
    log = logging.Logger("harness.grading", logging.INFO)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_Lines("%(asctime)s %(message)s"))
    log.addHandler(handler)
    try:
        yield log
    finally:
        handler.close()
