"""To declare a task loads nothing that only its files, its metrics or its models need."""

import json
import subprocess
import sys

import pytest

from tests.tasks.images import COURSE

pytestmark = pytest.mark.worker

HEAVY = {"PIL", "nibabel", "pycocotools", "pydicom", "sklearn", "torch", "torchmetrics", "torchvision"}


def test_declarations_import_no_heavy_library() -> None:
    code = """
import json, sys
from pathlib import Path
from harness.course import Course
loaded = {}
for task in ("bccd", "bloodmnist", "nuclei", "pneumoniamnist", "spect"):
    Course(Path(".")).task(task)
    loaded[task] = [name for name in sys.modules if "." not in name]
print(json.dumps(loaded))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=COURSE.root, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert {task: found for task, modules in loaded.items() if (found := HEAVY & set(modules))} == {}
