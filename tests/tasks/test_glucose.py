"""The task `glucose`: windows divided by patient, an instructor's own readings, virtual patients within reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from harness import metrics
from harness.contract import Predictions
from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.loading import COURSE, counts, load, module_of, place, splits

EMBEDDED_DIGEST = "sha256:35ee7eb72b4afd0ca10546507dd822f65000032168899ccfa378521d0edcb95e"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("glucose", tmp_path_factory.mktemp("cache"))


def error(forecast: np.ndarray, targets: np.ndarray) -> float:
    return metrics.mean_absolute_error.compute(targets, Predictions(forecast))


def test_without_files_virtual_patients_are_used_and_labelled_so(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "not real ones" in embedded.source.title
    assert counts(embedded) == (1953, 558, 837)  # 279 windows of each of 7, 2 and 3 patients
    assert embedded.digest == EMBEDDED_DIGEST
    for split in splits(embedded):
        assert split.inputs.shape[1:] == (24,)
        assert split.targets.shape[1:] == (6,)


def test_no_patients_readings_are_in_two_parts(embedded: TaskData) -> None:
    windows = [np.concatenate([split.inputs, split.targets], axis=1) for split in splits(embedded)]
    runs = [{tuple(run) for run in part.reshape(-1, 6).tolist()} for part in windows]  # half an hour each
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert not runs[first] & runs[second]
    assert len(runs[1]) < 0.5 * 5 * len(windows[1]), "what is shared shows: windows of one patient overlap"


def test_each_window_names_its_patient(embedded: TaskData) -> None:
    patients = [set(split.groups) for split in splits(embedded)]
    assert list(map(len, patients)) == [7, 2, 3]
    assert len(set.union(*patients)) == 12


def test_targets_continue_where_inputs_end(embedded: TaskData) -> None:
    train, _, _ = splits(embedded)
    assert np.array_equal(train.inputs[2, :18], train.inputs[0, 6:])  # two windows later, half an hour
    assert np.array_equal(train.targets[0], train.inputs[2, 18:])


def test_virtual_patients_have_plausible_values() -> None:
    readings = module_of("glucose", "patients").simulate(40, 3, np.random.default_rng(1))
    assert readings.shape == (40, 3 * 288)
    assert readings.min() >= 40
    assert 100 < np.median(readings) < 160
    assert 0.6 < ((readings >= 70) & (readings <= 180)).mean() < 0.95  # time in range
    assert 0.005 < (readings < 70).mean() < 0.12
    assert (readings > 350).mean() < 0.01


def test_eating_raises_glucose_and_insulin_brings_it_down(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = module_of("glucose", "patients")

    def two_hours_after(grams: float, units: float) -> float:
        plan = np.zeros((2, 1, 1440))
        plan[0, 0, 600], plan[1, 0, 600] = grams, units
        monkeypatch.setattr(patients, "_day_plans", lambda *_: plan)
        return float(patients.simulate(1, 1, np.random.default_rng(0))[0, 140:150].mean())

    fasting = two_hours_after(0, 0)
    assert two_hours_after(60, 0) > fasting + 50
    assert two_hours_after(60, 6) < two_hours_after(60, 0) - 30
    assert two_hours_after(0, 1) < fasting - 5


def test_the_baseline_is_the_last_value_and_a_linear_model_is_better(embedded: TaskData) -> None:
    from sklearn.linear_model import Ridge

    train, _, test = splits(embedded)
    last = error(np.repeat(test.inputs[:, -1:], 6, axis=1), test.targets)
    assert last == pytest.approx(11.29, abs=0.005)
    assert last <= embedded.source.baseline.value == 11.3
    assert error(Ridge(10).fit(train.inputs, train.targets).predict(test.inputs), test.targets) == pytest.approx(
        7.24, abs=0.005
    )


def test_lower_is_better_and_points_follow() -> None:
    from harness.gradebook import points_for

    task = COURSE.task("glucose")
    assert (task.primary.name, task.primary.unit, task.primary.higher_is_better) == (
        "mean_absolute_error",
        "mg/dL",
        False,
    )
    assert [points_for(task, value) for value in (20, 14, 11.3, 7, 3, None)] == [0, 0, 6, 10, 10, 0]


def test_sensor_noise_does_not_change_the_patient(embedded: TaskData) -> None:
    perturb = COURSE.task("glucose").perturb
    assert perturb is not None
    window = embedded.train.inputs[0]
    trembled = np.asarray(perturb(window, np.random.default_rng(0)))
    assert trembled.dtype == np.float32
    assert 0 < abs(trembled - window).mean() < 2
    assert perturb(np.full(24, 20, np.float32), np.random.default_rng(0)).min() >= 20


# an instructor's own readings

NOON = datetime(2024, 3, 1, 12)


def readings(patients: int = 5, count: int = 60, gap_at: int | None = None) -> list[str]:
    rows = ["patient,time,glucose"]
    for patient in range(patients):
        for step in range(count):
            pause = timedelta(hours=1) if gap_at is not None and step >= gap_at else timedelta()
            time = NOON + step * timedelta(minutes=5) + pause
            rows.append(f"p{patient},{time.isoformat()},{100 + 30 * patient + step % 20}")
    return rows


def load_csv(tmp_path: Path, rows: list[str]) -> TaskData:
    root = place(tmp_path / "root", "glucose", glucose__csv="\n".join(rows) + "\n")
    return load("glucose", tmp_path / "cache", root)


def test_an_instructors_readings_are_divided_by_patient(tmp_path: Path) -> None:
    data = load_csv(tmp_path, readings())
    assert data.source.kind == "local"
    assert counts(data) == (33, 11, 11)  # 11 windows of each of 3, 1 and 1 patients
    levels = [set((split.inputs.min(axis=1) // 30).tolist()) for split in splits(data)]
    assert sum(map(len, levels)) == 5


def test_rows_may_come_in_any_order(tmp_path: Path) -> None:
    header, *rows = readings()
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    first = load_csv(tmp_path / "a", [header, *rows])
    by_patient = load_csv(tmp_path / "b", [header, *sorted(shuffled, key=lambda row: row[:2])])
    assert first.digest == by_patient.digest


def test_no_window_reaches_across_a_gap(tmp_path: Path) -> None:
    assert counts(load_csv(tmp_path, readings(gap_at=30))) == (6, 2, 2)  # one window before it, one behind


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda rows: [*rows[:7], "p0,2024-03-01T12:30", *rows[8:]], r"row 7: 2 fields, expected 3"),
        (lambda rows: [*rows[:7], "p0,2024-03-01T12:30,high", *rows[8:]], r"row 7: 'high' is no finite number"),
        (lambda rows: [*rows[:7], "p0,2024-03-01T12:30,5.5", *rows[8:]], r"row 7: glucose 5\.5, expected 20 to 600"),
        (lambda rows: [*rows[:7], "p0,half past,101", *rows[8:]], r"row 7: 'half past' is no time, expected 2024"),
        (lambda rows: ["who,when,what", *rows[1:]], r"row 0: the header has no patient, time, glucose"),
        (lambda rows: rows[:100], r"row 99: the file ends here with 2 patients, expected at least 3"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, spoil: object, says: str) -> None:
    with pytest.raises(InfrastructureError, match=rf"glucose\.csv, {says}"):
        load_csv(tmp_path, spoil(readings()))  # type: ignore[operator]
