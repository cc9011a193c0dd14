"""The site in a real browser: its tables, both colour schemes, a phone, no script but ours, and what axe says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import TemporaryCourse
from tests.site.made import TEXTS, keep_class, open_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.worker,
    pytest.mark.thorough,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine: apt-get install chromium"),
]

expect = pytest.importorskip("playwright.sync_api", reason="the test extra is not installed").expect

PAGES = ("index.html", "tasks/texts.html", "tasks/texts/student003.html", "tasks/texts/reference/net.html",
         "tasks/texts/unlucky.html")  # fmt: skip
INSTRUCTORS = (*PAGES, "class.html")
WIDTHS = {"phone": 360, "tablet": 800, "desk": 1280}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the test extra is not installed")
    with playwright.sync_playwright() as started:
        # it opens our own pages only, and a container has no user namespaces to sandbox a browser in
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    course = TemporaryCourse.below(tmp_path_factory.mktemp("site"))
    course.add_task("texts", text=TEXTS)
    keep_class(course)
    return {name: open_site(course).site(audience=name).folder for name in ("public", "instructor")}


@dataclass
class Visit:
    """A page that was opened, and what it did that it should not."""

    page: Page
    wrong: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser, sites: dict[str, Path]):
    opened = []

    def go(path: str, *, site: str = "public", width: int = 1280, scheme: str = "light") -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        opened.append(context)
        visited = Visit(context.new_page())
        page = visited.page
        page.on("console", lambda message: visited.wrong.append(message.text))
        page.on("pageerror", lambda error: visited.wrong.append(str(error)))
        page.on("dialog", lambda dialog: visited.wrong.append(dialog.message))
        page.on(
            "request",
            lambda request: None if request.url.startswith(("file:", "data:")) else visited.wrong.append(request.url),
        )
        page.goto((sites[site] / path).as_uri())
        return visited

    yield go
    for context in opened:
        context.close()


def visible_rows(page: Page) -> Locator:
    return page.locator("table").first.locator("tbody tr:visible")


def column(page: Page, number: int) -> Locator:
    """The visible cells of one column of the first table.

    DataTables sorts and filters in a later turn of the event loop, so what a click did is expected of a locator, which
    waits for it, and never read at once.
    """
    return visible_rows(page).locator(f":is(th, td):nth-child({number + 1})")


def test_a_table_is_sorted_by_numbers_both_ways(visit) -> None:
    page = visit("tasks/texts.html").page
    header = page.get_by_role("button", name="parameters").first
    place = page.locator("table").first.locator("thead th").all_inner_texts().index("parameters")
    heading = page.locator("table").first.locator("thead th").nth(place)
    before = column(page, place).all_inner_texts()
    assert len(before) == 8
    counts = sorted(int(text.rstrip(" ?").replace(",", "")) for text in before)
    rising = [f"{n:,} ?" for n in counts]
    assert before not in (rising, rising[::-1])
    header.click()
    expect(column(page, place)).to_have_text(rising)
    expect(heading).to_have_attribute("aria-sort", "ascending")
    header.press("Enter")  # by the keyboard, too
    expect(column(page, place)).to_have_text(rising[::-1])
    expect(heading).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="submission").first.click()
    expect(column(page, 1)).to_have_text(sorted(column(page, 1).all_inner_texts()))
    expect(heading).not_to_have_attribute("aria-sort", re.compile(""))


def test_a_table_is_filtered_by_words(visit) -> None:
    page = visit("tasks/texts.html").page
    box = page.get_by_role("searchbox", name="Filter")
    status = page.get_by_role("status")
    box.fill("student003")
    expect(column(page, 1)).to_have_text(["student003"])
    expect(status).to_have_text("1 of 8 rows")
    box.fill("nobody")
    expect(visible_rows(page)).to_have_text(["No row has these words."])
    expect(status).to_have_text("0 of 8 rows")
    box.fill("")
    expect(visible_rows(page)).to_have_count(8)


def test_a_long_table_is_divided_into_pages(sites: dict[str, Path], tmp_path: Path, browser: Browser) -> None:
    folder = shutil.copytree(sites["public"], tmp_path / "site")
    place = folder / "tasks" / "texts.html"
    before, rows, after = re.split(r"<tbody>|</tbody>", place.read_text(), maxsplit=2)
    place.write_text(f"{before}<tbody>{rows * 40}</tbody>{after}")
    page = browser.new_page()
    page.goto(place.as_uri())
    expect(page.get_by_role("status")).to_have_text("1 to 250 of 320 rows")
    page.get_by_role("button", name="parameters").first.click()
    expect(column(page, 1).first).to_have_text("student000")
    page.get_by_role("link", name="2", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("251 to 320 of 320 rows")
    expect(column(page, 1).last).to_have_text("student007")
    page.close()


SPEED, PROGRESS = 0, 1
"""The charts that are drawn in the browser, in the order of the page."""


def chart(page: Page, number: int) -> Locator:
    found = page.locator(".drawn").nth(number)
    page.locator("figure:has(svg[data-scale])").nth(number).scroll_into_view_if_needed()
    found.locator("svg.plot").wait_for()
    return found


def test_a_point_under_the_pointer_shows_its_values(visit) -> None:
    visited = visit("tasks/texts.html")
    page = visited.page
    speed = chart(page, SPEED)
    speed.locator("svg.plot").get_by_text("student003", exact=True).wait_for()  # its name stands beside it
    tip = speed.get_by_label("tip")
    assert "latency" not in tip.text_content()
    speed.locator('g[aria-label="dot"] circle').first.hover()
    tip.get_by_text("latency", exact=False).first.wait_for()
    expect(tip).to_have_text(
        re.compile(r"reference/net.*accuracy 0\.\d+ \(.* to .*\).*latency 10 × \(9 to 11\)", re.DOTALL)
    )
    assert visited.wrong == []


def test_points_can_be_selected_by_keyboard_and_lead_to_reports(visit) -> None:
    visited = visit("tasks/texts.html")
    page = visited.page
    speed = chart(page, SPEED)
    speed.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(speed.locator(".unseen")).to_have_text(re.compile(r"student001, accuracy 0\."))
    page.keyboard.press("ArrowLeft")
    expect(speed.locator(".unseen")).to_have_text(re.compile(r"student000, "))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="student000").wait_for()
    assert visited.wrong == []


@pytest.mark.parametrize("number", [SPEED, PROGRESS])
def test_a_chart_is_zoomed_and_shown_whole_again(visit, number: int) -> None:
    visited = visit("tasks/texts.html")
    drawn = chart(visited.page, number)
    ticks = drawn.get_by_label("y-axis tick label").locator("text")
    before = ticks.all_text_contents()
    drawn.get_by_role("button", name="Zoom in").click()
    expect(ticks.first).not_to_have_text(before[0])
    drawn.get_by_role("button", name="Show all points").click()
    expect(ticks).to_have_text(before)
    assert visited.wrong == []


def test_a_filter_of_the_table_applies_to_the_charts(visit) -> None:
    page = visit("tasks/texts.html").page
    speed = chart(page, SPEED)
    faint = speed.locator('g[aria-label="dot"] g[fill-opacity="0.12"] circle')
    assert faint.count() == 0
    page.get_by_role("searchbox", name="Filter").fill("student003")
    expect(faint).to_have_count(7)
    speed.focus()
    page.keyboard.press("ArrowRight")
    expect(speed.locator(".unseen")).to_have_text(re.compile(r"student003, "))


def test_the_printed_page_has_the_static_picture(visit) -> None:
    page = visit("tasks/texts.html").page
    chart(page, SPEED)
    picture = page.locator("svg[data-scale]").nth(SPEED)
    expect(picture).to_be_hidden()
    page.emulate_media(media="print")
    expect(picture).to_be_visible()
    expect(page.locator(".drawn").nth(SPEED)).to_be_hidden()


def test_from_the_course_to_a_report_and_back(visit) -> None:
    visited = visit("index.html")
    page = visited.page
    page.get_by_role("link", name="Texts").click()
    page.get_by_role("link", name="student003").click()
    page.get_by_role("heading", name="student003 · Texts <script>alert(1)</script>", exact=True).wait_for()
    page.get_by_role("heading", name="Confusion matrix").wait_for()
    page.get_by_role("link", name="Leaderboard").click()
    page.get_by_role("heading", name="Leaderboard").wait_for()
    assert visited.wrong == []


@pytest.mark.parametrize("path", INSTRUCTORS)
def test_text_of_submissions_is_escaped_and_nothing_is_loaded(visit, path: str) -> None:
    visited = visit(path, site="instructor")
    page = visited.page
    assert page.locator("body script, img, iframe, b").count() == 0
    assert page.evaluate("[...document.querySelectorAll('*')].flatMap(one => [...one.attributes])"
                         ".filter(one => one.name.startsWith('on')).length") == 0  # fmt: skip
    assert visited.wrong == []


def test_no_page_scrolls_sideways(visit) -> None:
    for path in INSTRUCTORS:
        page = visit(path, site="instructor").page
        for device, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, device)


def test_colours_follow_the_scheme(visit) -> None:
    read = "getComputedStyle(document.body).backgroundColor"
    light, dark = (visit("index.html", scheme=scheme).page.evaluate(read) for scheme in ("light", "dark"))
    assert light == "rgb(255, 255, 255)"
    assert max(int(number) for number in dark[4:-1].split(",")) < 60


AXE = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
"""The options of axe for each colour scheme: only colours depend on it."""


def test_axe_finds_nothing_serious(visit) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the test extra is not installed").Axe()
    for path in INSTRUCTORS:
        page = visit(path, site="instructor", width=360).page
        for scheme, options in AXE.items():
            page.emulate_media(color_scheme=scheme)
            found = axe.run(page, options=options).response["violations"]
            serious = [
                (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], (path, scheme)


def test_a_page_without_scripts_is_complete(browser: Browser, sites: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((sites["public"] / "tasks" / "texts.html").as_uri())
    assert page.locator("table").first.locator("tbody tr").count() == 8
    context.close()


def test_pages_work_under_a_subfolder_of_an_address(
    visit, sites: dict[str, Path], tmp_path: Path, browser: Browser
) -> None:
    moved = tmp_path / "a" / "sub path"
    shutil.copytree(sites["public"], moved)
    page = browser.new_page()
    page.goto((moved / "tasks" / "texts" / "reference" / "net.html").as_uri())
    assert page.evaluate("document.styleSheets.length") == 1
    page.get_by_role("link", name="texts", exact=True).click()
    page.get_by_role("button", name="parameters").first.wait_for()
    page.close()
