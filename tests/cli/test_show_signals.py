"""``tasks show`` draws signals as lines, marks where a forecast begins, and shows the beginning of texts."""

from __future__ import annotations

from tests.conftest import TemporaryCourse

TASK = """
import numpy as np
import harness


def parts():
    ramp = np.arange(160, dtype=np.float32).reshape(10, 16)
    {split}
    return harness.Parts(one.take(range(6)), one.take(range(6, 8)), one.take(range(8, 10)))


TASK = harness.Task(
    title="t",
    {more},
    sources=(harness.Embedded(title="e", load=parts, baseline=harness.Baseline(1), licence="none"),),
    split="s",
)
"""
CLASSES = 'kind="classification", classes=("up", "down"), metrics=(harness.metrics.accuracy,), '


def task(split: str, more: str) -> str:
    return TASK.replace("{split}", f"one = harness.Split({split})").replace("{more}", more)


FORECAST = task(
    "ramp[:, :12].copy(), ramp[:, 12:].copy()",
    'kind="forecasting", inputs=harness.Inputs(shape=(12,)), horizon=4, metrics=(harness.metrics.mean_absolute_error,)',
)
SIGNAL = task(
    "ramp * np.tile([[1], [-1]], (5, 1)).astype('float32'), np.arange(10) % 2",
    CLASSES + "inputs=harness.Inputs(shape=(16,))",
)
TEXT = task(
    r"[f'text {n} \x1b[31m' + 'and so on ' * 30 for n in range(10)], np.arange(10) % 2",
    CLASSES + 'inputs=harness.Inputs(shape=None, dtype="str")',
)


def show(course: TemporaryCourse, text: str) -> str:
    course.add_task("shown", text=text)
    done = course.harness("tasks", "show", "shown")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_forecast_is_drawn_on_one_scale_with_a_bar_before_the_future(course: TemporaryCourse) -> None:
    lines = [line for line in show(course, FORECAST).splitlines() if "│" in line]
    assert len(lines) == 4  # from all over the training part
    known, coming = lines[0].split()[0].split("│")
    assert (len(known), len(coming)) == (12, 4)
    assert known + coming == "".join(sorted(known + coming))
    assert (known[0], coming[-1]) == ("▁", "█")
    assert lines[0].endswith("0 … 11 │ 15")
    assert lines[-1].endswith("80 … 91 │ 95")


def test_a_signal_of_each_class_is_drawn_as_a_line(course: TemporaryCourse) -> None:
    shown = show(course, SIGNAL)
    up, down = ([line.split()[0] for line in shown.splitlines() if line.endswith(end)] for end in ("█ up", "▁ down"))
    assert len(up) == 1
    assert up[0] == down[0][::-1]


def test_a_text_of_each_class_is_shown_as_it_begins_and_harmless(course: TemporaryCourse) -> None:
    shown = show(course, TEXT)
    assert "up: text 0" in shown
    assert "down: text 1" in shown
    assert "\x1b" not in shown
