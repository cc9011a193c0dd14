"""``harness export gradescope``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from harness.cli import PASSED
from harness.cli._options import console, data_option, grading_isolation_option, opened, output_option
from harness.contract import Task
from harness.data import DataChoice, Places
from harness.errors import UsageError
from harness.files import write_atomically
from harness.lms.gradescope_bundle import DATA, PRIVATE, BundleSettings, build_wheel, write_bundle
from harness.record import ScoredOn


@click.command()
@click.option("--task", "name", required=True, metavar="TASK", help="The task to be graded on Gradescope.")
@output_option("Where to write the zip. By default gradescope-TASK.zip.")
@click.option("--score-on", type=click.Choice(["validation", "test"]), default="validation", show_default=True)
@data_option("real")
@grading_isolation_option
@click.option(
    "--torch-index",
    default="",
    metavar="URL",
    callback=lambda _context, _option, given: _address(given),
    help="Install torch there from this package index, such as one with builds for the CPU alone (gigabytes less).",
)
@click.option(
    "--wheel",
    type=click.Path(path_type=Path, exists=True),
    help="A wheel of the harness. By default it is built from the checkout.",
)
def gradescope(  # noqa: PLR0913, PLR0917 - one argument an option
    name: str,
    output: Path | None,
    score_on: ScoredOn,
    data: DataChoice,
    isolation: str,
    torch_index: str,
    wheel: Path | None,
) -> int:
    """Write the autograder zip for Gradescope: the harness, one task and its data."""
    out, opened_course = console(), opened()
    course, where = opened_course.folders, opened_course.places
    task = course.task(name)
    if course.uses_plugins(name):
        raise UsageError(
            f"task {name} uses a plug-in, and a bundle for Gradescope holds none: copy the metric into tasks/{name}"
        )
    settings = BundleSettings(
        task=name,
        score_on=score_on,
        data=data,
        isolation=isolation,
        packages=tuple(task.packages),
        torch_index=torch_index,
    )
    folders = _folders(task, settings, where)
    with tempfile.TemporaryDirectory(prefix="harness-bundle-") as folder, out.status("building"):
        used = wheel or build_wheel(Path(folder))
        content = write_bundle(settings, course.tasks_folder, used, folders)
    path = output or Path(f"gradescope-{name}.zip")
    write_atomically(path, content)
    out.print(f"{path}: {len(content):,} bytes, task {name}, {data} data, scored on {score_on}")
    return PASSED


def _address(given: str) -> str:
    """Return `given` if it is the address of a package index that can safely be written into a script.

    Raises:
        BadParameter: it is not.
    """
    if given and (not given.startswith("https://") or not given.isprintable() or " " in given):
        raise click.BadParameter(f"{given!r} is not an address: expected https://…")
    return given


def _folders(task: Task, settings: BundleSettings, where: Places) -> dict[str, Path]:
    """Return the folders of data to be included, by their paths in the zip."""
    folders = {}
    if settings.data != "embedded":
        if where.root is None or not (where.root / task.name).is_dir():
            raise UsageError(
                f"there is no data of task {task.name} to put into the bundle: set HARNESS_DATA to a folder that holds "
                f"{task.name}/, or use --data embedded"
            )
        folders[f"{DATA}/{task.name}"] = where.root / task.name
    if task.private_test and settings.score_on == "test":
        if where.private is None or not (where.private / task.name).is_dir():
            raise UsageError(f"the test part of task {task.name} is private and not here: set HARNESS_PRIVATE")
        folders[f"{PRIVATE}/{task.name}"] = where.private / task.name
    return folders
