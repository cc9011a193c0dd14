"""`docs/ci.md` does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.ci.conftest import TemporaryRepository
from tests.conftest import REPOSITORY, TemporaryCourse

pytestmark = pytest.mark.line

PAGE = (REPOSITORY / "docs" / "ci.md").read_text()


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.replace("\N{NO-BREAK SPACE}", " ").split("|")[1:-1]]


@pytest.mark.thorough
def test_the_example_on_the_page_gives_the_grade_that_it_shows(tmp_path: Path) -> None:
    environment = {"HARNESS_OFFLINE": "1", "XDG_CACHE_HOME": str(tmp_path / "cache"), "GITHUB_ACTIONS": ""}
    shell = TemporaryCourse(tmp_path, environment)
    (new,) = re.findall(r"^    harness (new course) (\S+) --harness (\"[^\"]*\")$", PAGE, re.MULTILINE)
    assert shell.harness(*new[0].split(), new[1], "--harness", new[2].strip('"')).returncode == 0
    repository = TemporaryRepository(TemporaryCourse(tmp_path / new[1], environment))
    repository.git("init", "-q", "-b", "main")
    for name in ("user.name", "user.email"):
        repository.git("config", name, "a@example.org")
    repository.commit()
    repository.git("switch", "-q", "-c", "hand-in")
    (start,) = re.findall(r"^    harness (new submission .*?)  ", PAGE, re.MULTILINE)
    assert repository.course.harness(*start.split()).returncode == 0
    repository.commit()
    (ci,) = re.findall(r"^    harness (ci .*)$", PAGE, re.MULTILINE)
    assert repository.course.harness(*ci.split()).returncode == 1
    (shown,) = [row for row in PAGE.splitlines() if row.startswith("| `ada`<br>")]
    (given,) = [row for row in repository.summary().splitlines() if row.startswith("| `ada`<br>")]
    assert cells(shown) == cells(given)


def test_a_new_course_has_the_files_that_the_page_names(tmp_path: Path) -> None:
    TemporaryCourse(tmp_path).harness("new", "course", "course")
    for name in re.findall(r"^\| `(\.[^`]*)`(?:, `([^`]*)`)? \| ", PAGE, re.MULTILINE):
        for path in filter(None, name):
            assert (tmp_path / "course" / path).is_file(), path
