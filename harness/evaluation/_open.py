"""Prepare the sessions of a plan: which folders a worker sees, and which facts about the task it gets."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from harness.contract import Task, TaskInfo
from harness.errors import SubmissionError, TaskError
from harness.evaluation._model_source import assemble_model
from harness.evaluation._plan import Plan
from harness.evaluation._session import ASSETS, Session
from harness.notebooks import NotebookError
from harness.sandbox import Folder, Sandbox, installed_data


def open_session(plan: Plan, sandbox: Sandbox, *more: Folder) -> Session:
    """Return a session, not started yet, whose worker sees the submission's files and the folders `more`."""
    return Session(
        sandbox=sandbox,
        kind=plan.task.kind_definition,
        task=task_info(plan),
        folders=(Folder("submission", plan.snapshot.files), *more),
        threads=plan.task.threads,
        gpu=plan.gpu,
        hidden=_hidden(plan.task),
    )


def _hidden(task: Task) -> tuple[Path, ...]:
    """Return the data of installed packages that `task` hides.

    Raises:
        TaskError: some of it cannot be hidden, because importing the package may need it.
    """
    try:
        return installed_data(task.hides)
    except TaskError as error:
        raise TaskError(f"task {task.name}: {error}") from error


def fit_session(plan: Plan, sandbox: Sandbox, work: Path) -> Session:
    """Return a session, not started yet, whose worker also sees a copy of the task's assets, made in `work`."""
    if not plan.assets:
        return open_session(plan, sandbox)
    folder = work / ASSETS
    if not folder.exists():
        folder.mkdir()
        folder.chmod(0o755)
        for asset in plan.assets:
            shutil.copyfile(asset.path, folder / asset.file.name)
            (folder / asset.file.name).chmod(0o644)
    session = open_session(plan, sandbox, Folder(ASSETS, folder))
    return replace(session, assets=tuple(asset.file.name for asset in plan.assets))


def with_model(plan: Plan, sandbox: Sandbox, work: Path) -> Plan:
    """Return `plan` with a ``model.py``, assembled from the notebook if the submission is one.

    A separate worker parses the notebook; it sees nothing else and runs none of the code. No other worker sees the
    notebook.

    Raises:
        SubmissionError: there is no model in the notebook.
    """
    notebook = plan.snapshot.notebook
    if notebook is None or plan.snapshot.source is not None:
        return plan
    empty = work / "notebook"
    empty.mkdir()
    empty.chmod(0o755)
    session = Session(
        sandbox=sandbox,
        kind=plan.task.kind_definition,
        task=task_info(plan),
        folders=(Folder("submission", empty),),
        threads=1,
    )
    try:
        with session:
            source = assemble_model(notebook, session.extract(notebook.cells))
    except NotebookError as error:
        raise SubmissionError("invalid_submission", "import", str(error)) from error
    except SubmissionError as error:
        raise SubmissionError(
            error.kind, error.phase, error.message, file=notebook.name, log_tail=error.log_tail
        ) from error
    return replace(plan, snapshot=plan.snapshot.with_source(source))


def task_info(plan: Plan) -> TaskInfo:
    """Return the information about its task that a model gets."""
    task, shown = plan.task, plan.data.for_fit
    return TaskInfo(
        name=task.name,
        kind=task.kind_name,
        input_shape=task.inputs.shape,
        input_dtype=task.inputs.dtype,
        classes=task.classes,
        horizon=task.horizon,
        n_train=len(shown.train),
        n_validation=len(shown.validation),
        limits=task.limits,
    )
