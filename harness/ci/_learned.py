"""Find what a student can learn from a result, briefly enough for a comment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.ci._ci_result import ConfusedClasses, Lesson, LoggedQuantity, Teaching
from harness.contract import Task
from harness.course import Course
from harness.data import Places, TaskData, load_data
from harness.errors import HarnessError
from harness.record import Evidence, Record
from harness.report import Audience, ReportMaterial, confused_classes, find_all, logged_quantities, show

_MOST_VALUES, _MOST_CONFUSED, _MOST_QUANTITIES = 24, 5, 4


@dataclass(frozen=True)
class Teacher:
    """Finds what can be learned from results of one course, limited to what may be public, as comments can be."""

    course: Course
    places: Places

    def teach(self, task: Task, record: Record, evidence: Evidence | None) -> Teaching:
        """Return what can be learned from `record`; nothing if its evidence is missing."""
        if evidence is None or evidence.digest != record.run.evidence_digest:
            return Teaching()
        data = self._data(task, record)
        material = ReportMaterial(
            record=record,
            task=task,
            evidence=evidence,
            scored=None if data is None else data.scored,
            fit_validation=None if data is None else data.for_fit.validation,
        )
        shown = show(material, Audience.PUBLIC)
        return Teaching(
            lessons=tuple(Lesson(code=one.code, seen=one.seen, advice=one.advice) for one in find_all(shown)),
            logged=tuple(
                LoggedQuantity(
                    name=f"{one.label} ({'validation' if one.held_out else 'train'})",
                    values=_thinned(one.values),
                    first=one.values[0],
                    last=one.values[-1],
                )
                for one in logged_quantities(shown)[:_MOST_QUANTITIES]
            ),
            confused=tuple(
                ConfusedClasses(true=one.true, predicted=one.predicted, count=one.count, of=one.of)
                for one in confused_classes(shown)[:_MOST_CONFUSED]
            ),
        )

    def _data(self, task: Task, record: Record) -> TaskData | None:
        try:
            here = replace(self.places, offline=True)
            data = load_data(task, self.course.task_digest(task.name), here, record.task.source)
        except HarnessError:
            return None
        if data.digest != record.task.data_digest:
            return None
        return data.without_test() if record.task.scored_on == "validation" else data


def _thinned(values: Sequence[float]) -> tuple[float, ...]:
    """Return some of `values` at equal distances, the first and the last among them."""
    count = min(len(values), _MOST_VALUES)
    if count < 2:
        return tuple(values)
    return tuple(values[round(number * (len(values) - 1) / (count - 1))] for number in range(count))
