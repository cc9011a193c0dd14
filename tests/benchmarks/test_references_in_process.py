"""The audits of answers and of learning on references, seed after seed, in this process: no worker, so soon done.

    pytest tests/benchmarks/test_references_in_process.py --benchmark-only -s

Each reference is fitted on embedded data. *Answers*: its timed answers and those to altered items are audited, also
with a table of the answers to a few items that it gets wrong. *Learning*: its fits are tested. What was found is
printed, of each reference with the items that lose their answer. `HARNESS_SEEDS` says how many seeds there
are, `HARNESS_REFERENCES` which references (`knn/usps linear/usps …`), `HARNESS_HONEST` names a folder of further
submissions, `NAME/TASK/model.py`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.contract import Model, Predictions, Task, TaskInfo, take_items
from harness.course import Course
from harness.data import FitParts, Places, TaskData, load_data
from harness.evaluation._altered import AlterationSetup, Altered, ask_altered
from harness.evaluation._answers import (
    altered_inputs_keep_answers,
    altered_inputs_score_as_well,
    item_loss_where_graded,
    timed_answers_equal_scored,
)
from harness.evaluation._predictions import accept, join_predictions
from harness.evaluation._settings import seed_for
from harness.kinds import PREDICTION_FORMS
from harness.learning import Refitted, audit_learning
from harness.record import Audit
from harness.taskcheck import checked_perturb
from harness.wire import unpack
from harness.worker._student import seed_everything
from harness.worker._to_arrays import plain

ROOT = Path(__file__).parents[2]
SEEDS = int(os.environ.get("HARNESS_SEEDS", "10"))
BIG = 60_000
CHOSEN = os.environ.get(
    "HARNESS_REFERENCES",
    "knn/usps linear/usps mlp/usps majority/usps knn/ecg200 linear/ecg200 majority/ecg200 knn/ecg5000 linear/ecg5000 "
    "majority/ecg5000 tfidf/medical_abstracts majority/medical_abstracts tfidf/drug_reviews majority/drug_reviews "
    "knn/pneumoniamnist linear/pneumoniamnist majority/pneumoniamnist knn/bloodmnist linear/bloodmnist "
    "majority/bloodmnist last-value/glucose otsu/nuclei majority/nuclei",
).split()
HANDED_IN = os.environ.get("HARNESS_HONEST")
Predict = Callable[[Any], Predictions]


class Silent:
    """Takes what a model logs, and does nothing with it."""

    def report(self, values: dict[str, float]) -> None:
        """Drop it."""


@dataclass
class Subject:
    """A submission and its task, loaded as a worker would."""

    name: str
    model: type[Model]
    task: Task
    data: TaskData
    audits: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    """What is printed of each seed."""

    def fitted(self, parts: FitParts, base: int, repeat: int = 0) -> Predict:
        """Fit with the seed of this repeat; return what predicts."""
        self.model.task = TaskInfo(
            name=self.task.name,
            kind=self.task.kind_name,
            input_shape=self.task.inputs.shape,
            input_dtype=self.task.inputs.dtype,
            classes=self.task.classes,
            horizon=self.task.horizon,
            n_train=len(parts.train),
            n_validation=len(parts.validation),
            limits=self.task.limits,
        )
        self.model.seed = seed_for(base, self.task.name, repeat)
        self.model._reporter = Silent()
        seed_everything(self.model.seed)
        model = self.model()
        seed_everything(self.model.seed)
        model.fit(*parts)

        def predict(inputs: Any) -> Predictions:
            form, arrays = plain(model.predict(inputs), PREDICTION_FORMS[self.task.kind_definition.form])
            assert form == "array" or unpack(form, arrays) is not None
            return accept(self.task.kind_definition, self.model.task, arrays, "predict")

        return predict


def subjects() -> Iterator[Subject]:
    """Yield what is audited."""
    course = Course.find(ROOT)
    sys.path.insert(0, str(ROOT / "reference"))
    folders = [ROOT / "reference" / one for one in CHOSEN]
    tasks = {one.partition("/")[2] for one in CHOSEN}
    folders += [one.parent for one in sorted(Path(HANDED_IN).glob("*/*/model.py") if HANDED_IN else [])]
    loaded: dict[str, tuple[Task, TaskData]] = {}
    for folder in folders:
        name = folder.name
        if name not in tasks:
            continue
        if name not in loaded:
            task = course.task(name)
            loaded[name] = task, load_data(task, course.task_digest(name), Places.of(os.environ), "embedded")
        spec = importlib.util.spec_from_file_location(f"model_{folder.parent.name}_{name}", folder / "model.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
            model = module.Model
        except (Exception, SystemExit) as error:
            print(f"{folder.parent.name}/{name} is left out: {error!r}", flush=True)
            continue
        yield Subject(f"{folder.parent.name}/{name}", model, *loaded[name])


def in_batches(predict: Predict, inputs: Any, batch: int) -> Predictions:
    """Predict in batches."""
    starts = range(0, len(inputs), batch)
    return join_predictions([predict(take_items(inputs, np.arange(at, min(at + batch, len(inputs))))) for at in starts])


def topped_up(subject: Subject, predict: Predict, scored: Predictions, share: float) -> Predict | None:
    """Return the model with a table that knows the answers to this share of all items, of those that it gets wrong."""
    targets, inputs = subject.data.scored.targets, subject.data.scored.inputs
    kind = subject.task.kind_definition
    right, bad = kind.correct(targets, scored), kind.item_loss(targets, scored)
    if isinstance(inputs, list) or (right is None and bad is None):
        return None
    worst = np.flatnonzero(~right) if right is not None else np.argsort(bad)[::-1]
    worst = worst[: max(1, round(share * len(targets)))]
    best = Predictions(*kind.perfect_predictions(subject.task, targets))
    known = {inputs[item].tobytes(): item for item in worst}

    def answers(asked: Any) -> Predictions:
        own, found = predict(asked), [known.get(one.tobytes()) for one in asked]
        values = [own.values[at] if item is None else best.values[item] for at, item in enumerate(found)]
        return Predictions(values if isinstance(own.values, list) else np.array(values))

    return answers


def memory_audits(subject: Subject, predict: Predict) -> tuple[list[Audit], Altered | None, float]:
    """Audit the answers to altered items; return also those, and how long asking took next to predicting once."""
    task, truth = subject.task, subject.data.scored
    begin = time.perf_counter()
    scored = in_batches(predict, truth.inputs, task.batch)
    once = time.perf_counter() - begin
    perturb = checked_perturb(task)
    if perturb is None:
        return [], None, 0.0
    altering = AlterationSetup(
        kind=task.kind_definition, inputs=truth.inputs, targets=truth.targets, perturb=perturb, batch=task.batch,
        predict=predict,
        item_loss=item_loss_where_graded(task.kind_definition, truth.targets, scored),
    )  # fmt: skip
    begin = time.perf_counter()
    altered = ask_altered(altering, scored, 60)
    times = (time.perf_counter() - begin) / max(once, 1e-9)
    as_well = altered_inputs_score_as_well(task, truth, scored, altered.once, altered)
    keep = altered_inputs_keep_answers(task, truth, scored, altered)
    return [*([as_well] if as_well else []), keep], altered, times


def same_answers(subject: Subject, predict: Predict) -> Audit:
    """Compare answers to one item at a time with those in batches."""
    inputs, task = subject.data.scored.inputs, subject.task
    items = np.random.default_rng(0).permutation(len(inputs))[:64]
    scored = in_batches(predict, inputs, task.batch).take(items)
    return timed_answers_equal_scored(task, scored, in_batches(predict, take_items(inputs, items), 1))


def count(subject: Subject, audit: Audit, prefix: str = "") -> None:
    outcome = "passed" if audit.passed else audit.severity
    subject.audits[f"{prefix}{audit.name}: {outcome}"] += 1
    if not audit.passed and not prefix:
        print(f"ALARM {subject.name}: {audit.severity}: {audit.name}: {audit.detail}", flush=True)


@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("ignore")  # they are the submissions' own
def test_answers(benchmark):
    def run() -> None:
        for subject in subjects():
            try:
                for seed in range(SEEDS):
                    audit_answers(subject, seed)
            except Exception as error:
                print(f"{subject.name} is left out: {error!r}", flush=True)
            print(f"{subject.name}: {dict(subject.audits)} {'; '.join(subject.notes)}", flush=True)

    def audit_answers(subject: Subject, seed: int) -> None:
        predict = subject.fitted(subject.data.for_fit, seed)
        count(subject, same_answers(subject, predict))
        audits, altered, times = memory_audits(subject, predict)
        for audit in audits:
            count(subject, audit)
        if altered is None:
            return
        subject.notes.append(f"{len(altered.changed)} of {len(altered.once.items)} change, {times:.1f} times")
        scored = in_batches(predict, subject.data.scored.inputs, subject.task.batch)
        cheat = topped_up(subject, predict, scored, 0.05)
        for audit in memory_audits(subject, cheat)[0] if cheat else []:
            count(subject, audit, "topped up, ")

    benchmark.pedantic(run, rounds=1)


@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("ignore")
def test_learning(benchmark):
    def run() -> None:
        for subject in subjects():
            try:
                for seed in range(SEEDS):
                    audit(subject, seed)
            except Exception as error:
                print(f"{subject.name} is left out: {error!r}", flush=True)
            print(f"{subject.name}: {dict(subject.audits)} {'; '.join(subject.notes)}", flush=True)

    def audit(subject: Subject, seed: int) -> None:
        fits, begin = Counter[int](), time.process_time()

        def refit(parts: FitParts, inputs: Any, repeat: int) -> Refitted:
            fits[repeat] += 1
            return Refitted(in_batches(subject.fitted(parts, seed, repeat), inputs, subject.task.batch), BIG)

        found = audit_learning(subject.task, subject.data, refit, np.random.default_rng(seed))
        subject.notes.append(f"{found.outcome}: {fits.total()} fits, {time.process_time() - begin:.1f} s of CPU")
        for trial in found.trials:
            subject.audits[f"{trial.name}: {trial.outcome}"] += 1
            if trial.outcome in ("warned", "failed"):
                print(f"ALARM {subject.name}: {trial.name}: {trial.outcome}: {trial.detail}", flush=True)

    benchmark.pedantic(run, rounds=1)
