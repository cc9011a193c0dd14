"""Load a task's data from the first of its sources that is available on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

from harness.contract import Canonical, Embedded, Local, Parts, Source, Split, Task, raised_at, written_at
from harness.data._check_parts import check_parts, parts_problem
from harness.data._digest import data_digest
from harness.data._fit_parts import FitParts, cut_from_train
from harness.data._prepared import prepared_path, read_prepared, write_prepared
from harness.data._private import private_test
from harness.data._source_files import Bars, NotHere, in_cache, in_data_root, no_bars
from harness.errors import HarnessError, InfrastructureError, TaskError
from harness.places import Places

_log = logging.getLogger(__name__)

DataChoice = Literal["auto", "real", "canonical", "local", "embedded"]
"""A kind of source, or the first available source (`auto`), or the first one that is not embedded (`real`)."""


@dataclass(frozen=True, kw_only=True)
class TaskData:
    """A task's data, loaded from one source and checked."""

    source: Source
    train: Split
    validation: Split
    test: Split | None
    """None if its targets are not on this machine."""
    private: bool
    digest: str
    passed_over: tuple[str, ...]
    """The reasons why preferred sources were not used."""

    @property
    def scored_on(self) -> Literal["test", "validation"]:
        """The part that scores are computed on."""
        return "validation" if self.test is None else "test"

    @property
    def scored(self) -> Split:
        """The part that scores are computed on, with its targets."""
        return self.validation if self.test is None else self.test

    @cached_property
    def for_fit(self) -> FitParts:
        """The parts that `fit` gets. If validation is scored, both of them are cut from train."""
        if self.scored_on == "test":
            return FitParts(self.train, self.validation)
        return cut_from_train(self.train, self.validation)

    def without_test(self) -> TaskData:
        """Return the same data without the test part, so that validation is scored and no test item can leak."""
        return replace(self, test=None)


def load_data(
    task: Task, task_digest: str, places: Places, choice: DataChoice = "auto", bars: Bars = no_bars
) -> TaskData:
    """Load the data of `task` from the first source of the chosen kind that is on this machine or can be downloaded.

    Raises:
        InfrastructureError: there is no such source, or its files are damaged.
        TaskError: the data does not agree with the declaration of the task.
    """
    passed_over: list[str] = []
    for source, find in _candidates(task, places, choice, bars):
        try:
            folder = find()
        except NotHere as reason:
            passed_over.append(str(reason))
            _log.info("Task %s: the %s data %r is not used: %s.", task.name, source.kind, source.title, reason)
            continue
        _log.info("Task %s: the %s data %r is used, from %s.", task.name, source.kind, source.title, folder or "code")
        parts = _read(task, task_digest, source, folder, places)
        if task.private_test:
            parts = replace(parts, test=private_test(task, parts.test, places))
        parts = check_parts(task, source, parts)
        digest = data_digest([parts.train, parts.validation, parts.test])
        return TaskData(
            source=source,
            train=parts.train,
            validation=parts.validation,
            test=parts.test,
            private=task.private_test,
            digest=digest,
            passed_over=tuple(dict.fromkeys(passed_over)),
        )
    raise InfrastructureError(_nothing_found(task, choice, passed_over))


def _nothing_found(task: Task, choice: DataChoice, passed_over: list[str]) -> str:
    """Return the message that no data was found, with what was searched for, why it is missing, and what to do."""
    kinds = dict.fromkeys(source.kind for source in task.sources)
    wanted = "data" if choice == "auto" else f"{choice} data"
    if passed_over:
        why = "; ".join(dict.fromkeys(passed_over))
        remedies = [f"put the files into <data root>/{task.name}/ and set HARNESS_DATA"]
    else:  # no source of that kind
        why, remedies = f"the task declares no {choice} source", []
        if choice == "real":
            why = "the task declares only embedded data"
    remedies += ["use --data embedded"] if "embedded" in kinds else []
    remedies = remedies or [f"use --data {next(iter(kinds))}"]
    return f"task {task.name}: no {wanted} here ({why}): {', or '.join(remedies)}"


def _candidates(
    task: Task, places: Places, choice: DataChoice, bars: Bars
) -> Iterator[tuple[Source, Callable[[], Path | None]]]:
    """Yield sources with functions that find their files: data root first, then cache and network, embedded last."""
    kinds = {"auto": {"canonical", "local", "embedded"}, "real": {"canonical", "local"}}.get(choice, {choice})
    wanted = [source for source in task.sources if source.kind in kinds]
    for source in wanted:
        if isinstance(source, Canonical | Local):
            yield source, partial(in_data_root, task, source, places)
    for source in wanted:
        if isinstance(source, Canonical):
            yield source, partial(in_cache, task, source, places, bars)
    for source in wanted:
        if isinstance(source, Embedded):
            yield source, lambda: None


def _read(task: Task, task_digest: str, source: Source, folder: Path | None, places: Places) -> Parts:
    files = [] if folder is None else _files_of(source, folder)
    kept = prepared_path(task, task_digest, source, files, places)
    parts = None if task.restricted else read_prepared(kept)
    if parts is not None:
        return parts
    try:
        parts = source.load() if isinstance(source, Embedded) else source.load(folder or Path())
    except TaskError as error:
        raise TaskError(f"task {task.name}, {source.kind} data: {error}{_place(error, source)}") from error
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        if isinstance(source, Embedded):  # there is no file that could be damaged
            raise TaskError(
                f"task {task.name}: `load` of the embedded data raised {type(error).__name__}: {error}"
                f"{_place(error, source)}"
            ) from error
        where = f" in {folder}" if folder else ""
        raise InfrastructureError(
            f"task {task.name}: the {source.kind} data{where} cannot be read "
            f"({type(error).__name__}: {error}): replace the file, or choose another source with --data"
        ) from error
    if problem := parts_problem(parts):
        place = written_at(source.load)
        raise TaskError(f"task {task.name}: `load` of the {source.kind} data {problem}{place and f' ({place})'}")
    if not task.restricted:
        write_prepared(kept, parts)
    return parts


def _place(error: BaseException, source: Source) -> str:
    place = raised_at(error, source.load)
    return place and f" ({place})"


def _files_of(source: Source, folder: Path) -> list[Path]:
    names = [] if isinstance(source, Embedded) else [f if isinstance(f, str) else f.name for f in source.files]
    found: list[Path] = []
    for name in names:
        path = folder / name
        found += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return found
