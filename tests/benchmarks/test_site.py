"""How long a site of 1,000 submissions in each of 10 tasks takes: boards, a report the first time, an unchanged site.

``pytest tests/benchmarks/test_site.py --benchmark-only``; the pages are opened in Chromium where there is one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.api import open_course
from harness.api._course_site import _Pages
from harness.report import Audience
from harness.site import SitePage
from tests.conftest import TemporaryCourse
from tests.site.made import TEXTS, keep_class, open_site

pytestmark = pytest.mark.worker

SUBMISSIONS, TASKS = 1_000, 10
MOST_BYTES = 1_000_000
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> TemporaryCourse:
    course = TemporaryCourse.below(tmp_path_factory.mktemp("large"))
    for number in range(TASKS):
        course.add_task(f"texts{number}", text=TEXTS)
    keep_class(course, "texts0", SUBMISSIONS)
    for number in range(1, TASKS):
        copy_class(course, "texts0", f"texts{number}")
    return course


def copy_class(course: TemporaryCourse, task: str, other: str) -> None:
    """Copy the records and the evidence of a class to another task: writing each of them safely takes much longer."""
    root = Path(course.root)
    for folder in (root / ".harness" / "evidence", root / "leaderboard" / "records"):
        shutil.copytree(folder / task, folder / other)
    for path in (root / "leaderboard" / "records" / other).rglob("*.json"):
        path.write_text(path.read_text().replace(f'"name": "{task}"', f'"name": "{other}"'))


def pages(course: TemporaryCourse) -> list[SitePage]:
    opened = open_course(course.root)
    return list(_Pages(opened.folders, opened.places, Audience.PUBLIC).all())


def boards(course: TemporaryCourse) -> dict[str, bytes]:
    return {one.path: one.make() for one in pages(course) if one.digest is None}


def test_boards_of_a_large_class(benchmark, large: TemporaryCourse) -> None:
    made = benchmark.pedantic(lambda: boards(large), rounds=3, warmup_rounds=1)
    assert {path for path, content in made.items() if len(content) > MOST_BYTES} == set()


def test_a_report_the_first_time(benchmark, large: TemporaryCourse) -> None:
    reports: Iterator[SitePage] = cycle(one for one in pages(large) if one.digest is not None)
    benchmark.pedantic(lambda: next(reports).make(), rounds=200, warmup_rounds=1)


def test_a_site_in_which_nothing_changed(benchmark, large: TemporaryCourse, tmp_path: Path) -> None:
    first = open_site(large).site(folder=tmp_path)
    again = benchmark.pedantic(lambda: open_site(large).site(folder=tmp_path), rounds=3)
    assert first.written == first.pages
    assert again.written == 0


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
@pytest.mark.parametrize("path", ["index.html", "tasks/texts0.html"])
def test_until_the_first_table_is_seen(benchmark, large: TemporaryCourse, tmp_path: Path, path: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    for place, content in boards(large).items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(content)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def fresh() -> tuple[tuple[SimpleNamespace], dict[str, str]]:
            return (browser.new_page(),), {}

        def seen(page) -> None:
            page.goto((tmp_path / path).as_uri(), wait_until="commit")
            page.locator("table").first.locator("tbody tr").first.wait_for(state="visible")

        benchmark.pedantic(seen, setup=fresh, rounds=5, warmup_rounds=1)
        browser.close()
