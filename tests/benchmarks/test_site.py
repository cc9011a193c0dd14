"""How long a site of 1,000 submissions takes: boards, a report the first time, and a second run without changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from harness.api._course_site import _Pages
from harness.report import Audience
from harness.site import SitePage
from tests.conftest import TemporaryCourse
from tests.site.made import TEXTS, keep_class, open_site

pytestmark = pytest.mark.worker

COUNT = 1_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> TemporaryCourse:
    course = TemporaryCourse.below(tmp_path_factory.mktemp("large"))
    course.add_task("texts", text=TEXTS)
    keep_class(course, count=COUNT)
    return course


def pages(course: TemporaryCourse) -> list[SitePage]:
    opened = open_site(course)
    return list(_Pages(opened.folders, opened.places, Audience.PUBLIC).all())


def test_boards_of_a_large_class(benchmark, large: TemporaryCourse) -> None:
    def boards() -> dict[str, bytes]:
        return {one.path: one.make() for one in pages(large) if one.digest is None}

    made = benchmark.pedantic(boards, rounds=3)
    assert {path for path, content in made.items() if len(content) > 1_000_000} == set()


def test_a_report_the_first_time(benchmark, large: TemporaryCourse) -> None:
    reports: Iterator[SitePage] = cycle(one for one in pages(large) if one.digest is not None)
    benchmark.pedantic(lambda: next(reports).make(), rounds=200, warmup_rounds=1)


def test_a_site_in_which_nothing_changed(benchmark, large: TemporaryCourse, tmp_path: Path) -> None:
    first = open_site(large).site(folder=tmp_path)
    again = benchmark.pedantic(lambda: open_site(large).site(folder=tmp_path), rounds=3)
    assert first.written == first.pages
    assert again.written == 0
