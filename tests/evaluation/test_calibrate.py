"""The yardstick is timed against itself in real workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InfrastructureError
from harness.evaluation import calibrate
from harness.sandbox import find_sandbox
from harness.timing import ClockHistory, MachineLock, process_deviation

pytestmark = pytest.mark.worker


@pytest.mark.thorough
def test_what_a_calibration_measures_is_kept_for_later_intervals(tmp_path: Path) -> None:
    sandbox = find_sandbox(())
    try:
        found = calibrate(sandbox, MachineLock(own_folder=tmp_path, shared_folder=tmp_path), 0.0)
    except InfrastructureError as error:  # no test depends on how busy the machine is
        assert "the machine is too busy" in str(error)
        return
    finally:
        sandbox.close()
    assert found.processes == 3
    history = ClockHistory(tmp_path).read()
    assert (len(history), process_deviation(history)) == (found.measurements, found.assumed)
