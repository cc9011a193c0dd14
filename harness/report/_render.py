"""Fill in the template of the page; all text is escaped, regardless of its author."""

from __future__ import annotations

from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.claims import describe_agreement, describe_figures
from harness.contract import Task
from harness.record import Evidence, Record
from harness.report._charts import HEIGHT, MARGIN, WIDTH, Confusion, confusion, histogram, learning_curve
from harness.report._limits_used import limits_used
from harness.text import neutral

Array = np.ndarray[Any, Any]


def report_html(record: Record, task: Task, evidence: Evidence | None, targets: Array | None) -> str:
    """Return a self-contained page about `record`, which loads no other file.

    `evidence` is the evidence behind the record, and `targets` are the labels that it was scored on, (N,) int. Parts of
    the page for which data is missing are left out.
    """
    evidence = evidence or Evidence()
    page = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("report.html.jinja")
    return page.render(
        record=record,
        task=task,
        figures=[] if record.claims is None else describe_figures(record.claims),
        agreement=[] if record.claims is None else describe_agreement(record.claims),
        lines=learning_curve(evidence.curve),
        bars=[] if evidence.latencies is None else histogram(evidence.latencies),
        confusion=_confusion(task, evidence.predictions, targets),
        limits=limits_used(record, task.limits),
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
    )


def _confusion(task: Task, predictions: Array | None, targets: Array | None) -> Confusion | None:
    if predictions is None or targets is None or predictions.shape != targets.shape or not task.classes:
        return None
    return confusion(targets, predictions, task.classes)


def _shown(value: object) -> object:
    return neutral(value) if isinstance(value, str) else value
