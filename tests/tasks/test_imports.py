"""To declare a task loads nothing that only its files, its metrics or its models need."""

import json
import subprocess
import sys

import pytest

from tests.tasks.images import COURSE

pytestmark = pytest.mark.worker

HEAVY = {"PIL", "nibabel", "pycocotools", "pydicom", "sklearn", "torch", "torchmetrics", "torchvision"}


@pytest.mark.parametrize("task", ["bccd", "bloodmnist", "nuclei", "pneumoniamnist", "spect"])
def test_a_declaration_is_light(task: str) -> None:
    code = (
        "import json, sys; from pathlib import Path; from harness.course import Course; "
        f"Course(Path('.')).task({task!r}); "
        "print(json.dumps([name for name in sys.modules if '.' not in name]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=COURSE.root, capture_output=True, text=True, check=True)
    assert not HEAVY & set(json.loads(done.stdout))
