"""Windows of continuous glucose, divided by patient: nobody's day is in two parts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from harness import Parts, Split

from .._shared.tables import BadFileError, number, read_table
from .patients import simulate

FILE = "glucose.csv"
PAST, FUTURE = 24, 6  # readings, one every five minutes
STRIDE = 3
SEED = 0
LOW, HIGH = 20, 600  # mg/dL: no sensor shows more
SHARES = (0.2, 0.25)  # of the patients for validation, for test
PATIENTS, DAYS = 12, 3
STEP, SLACK = timedelta(minutes=5), timedelta(minutes=1)


def generate_patients() -> Parts:
    readings = simulate(PATIENTS, DAYS, np.random.Generator(np.random.PCG64(SEED)))
    return divide([[patient] for patient in readings])


def read_csv(folder: Path) -> Parts:
    """Read the columns patient, time (ISO 8601) and glucose (mg/dL); a gap begins a new stretch."""
    path = folder / FILE
    readings: dict[str, list[tuple[datetime, float]]] = {}
    row = 0
    for row, fields in read_table(path, ("patient", "time", "glucose")):
        glucose = number(path, row, fields["glucose"])
        if not LOW <= glucose <= HIGH:
            raise BadFileError(path, row, f"glucose {glucose:g}, expected {LOW} to {HIGH} mg/dL")
        readings.setdefault(fields["patient"], []).append((_time(path, row, fields["time"]), glucose))
    if len(readings) < 3:
        raise BadFileError(path, row, f"the file ends here with {len(readings)} patients, expected at least 3")
    return divide([_stretches(sorted(one)) for one in readings.values()])


def divide(patients: Sequence[Sequence[np.ndarray]]) -> Parts:
    """Cut each patient's stretches into windows and deal the patients out."""
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(patients))
    validation, test = (max(1, round(share * len(patients))) for share in SHARES)
    parts = (order[validation + test :], order[:validation], order[validation : validation + test])
    return Parts(*(_windows({int(patient): patients[patient] for patient in part}) for part in parts))


def _windows(patients: Mapping[int, Sequence[np.ndarray]]) -> Split:
    cut = [
        (patient, stretch[start : start + PAST + FUTURE])
        for patient, stretches in patients.items()
        for stretch in stretches
        for start in range(0, len(stretch) - PAST - FUTURE + 1, STRIDE)
    ]
    windows = np.array([window for _, window in cut], np.float32).reshape(-1, PAST + FUTURE)
    groups = np.array([patient for patient, _ in cut], np.int64)
    return Split(windows[:, :PAST].copy(), windows[:, PAST:].copy(), groups)


def _stretches(readings: Sequence[tuple[datetime, float]]) -> list[np.ndarray]:
    times = np.array([time for time, _ in readings], "datetime64[s]")
    breaks = np.flatnonzero(abs(np.diff(times) - np.timedelta64(STEP)) > np.timedelta64(SLACK)) + 1
    return np.split(np.array([glucose for _, glucose in readings]), breaks)


def _time(path: Path, row: int, field: str) -> datetime:
    try:
        return datetime.fromisoformat(field).replace(tzinfo=None)
    except ValueError:
        raise BadFileError(path, row, f"{field[:40]!r} is no time, expected 2024-03-01T08:05 or the like") from None


def tremble(window: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Add what a sensor's own noise is, a milligram or so: the next half hour stays what it is."""
    return np.clip(window + generator.normal(0, 1, window.shape), LOW, HIGH).astype(np.float32)
