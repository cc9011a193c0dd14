"""Put the course's tasks and references into the wheel; all else is declared in `pyproject.toml`."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

COURSE = ("tasks", "reference")


class BuildWithCourse(build_py):
    """Copies the folders of the course to where `harness.bundled` looks for them."""

    def run(self) -> None:
        """Build the package; an editable one has the folders beside it."""
        super().run()
        if self.editable_mode:
            return
        for name in COURSE:
            if Path(name).is_dir():
                to = Path(self.build_lib, "harness_course", name)  # beside the package: workers see all of that
                shutil.copytree(name, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*"))


setup(cmdclass={"build_py": BuildWithCourse})
