"""A course in a real git repository, and changes to it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CENTROIDS, TemporaryCourse

WORSE = CENTROIDS.replace("range(3)])", "range(3)]) + [0.18, 0.1]")
RAISES = CENTROIDS.replace("        return", "        raise RuntimeError('::error::no | <b>no</b>')\n        return")


@dataclass
class TemporaryRepository:
    """A course on branch ``main`` of a repository; a change is made on a branch of its own."""

    course: TemporaryCourse

    @property
    def root(self) -> Path:
        return self.course.root

    def git(self, *arguments: str, given: bytes = b"") -> str:
        """Run git, return what it prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            input=given,
            env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def start(self) -> None:
        """Commit what is there as the base."""
        self.git("init", "-q", "-b", "main")
        for name in ("user.name", "user.email"):
            self.git("config", name, "a@example.org")
        (self.root / ".gitignore").write_text(".harness/\n__pycache__/\n")
        self.commit("base")

    def branch(self, name: str) -> None:
        """Start a change from the base."""
        self.git("checkout", "-q", "-B", name, "main")

    def write(self, path: str, text: str) -> None:
        """Write a file of the work tree."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def commit(self, message: str = "change") -> None:
        """Commit all there is."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def ci(self, *options: str, base: str = "main", status: int = 0) -> dict[str, Any]:
        """Run `harness ci` and return its result."""
        done = self.run("--base", base, *options)
        assert done.returncode == status, done.stdout + done.stderr
        return self.result()

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run `harness ci` and see that no traceback of ours is shown."""
        done = self.course.harness("ci", "--data", "embedded", *options)
        assert "Traceback (most recent call last)" not in done.stderr
        return done

    def result(self) -> dict[str, Any]:
        return json.loads((self.root / ".harness" / "ci" / "result.json").read_text())

    def summary(self) -> str:
        return (self.root / ".harness" / "ci" / "summary.md").read_text()


@pytest.fixture
def repository(course: TemporaryCourse) -> TemporaryRepository:
    """The task ``blobs``, alice's submission, and nothing changed yet."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        course.environment[name] = ""
    course.submit(name="alice")
    temporary = TemporaryRepository(course)
    temporary.start()
    return temporary


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    """Return the status of each submission graded."""
    return {one["record"]["submission"]["name"]: one["record"]["status"] for one in result["graded"]}
