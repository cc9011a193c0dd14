"""Static pages about a course: its boards and reports, made from records; the same records give the same bytes."""

from harness.site._board_sections import BoardSection, by_machine, sections_of
from harness.site._class_pages import ClassTask, class_page
from harness.site._course_table import SiteCourse
from harness.site._site_pages import SiteContent, assets, course_page, report_path, site_report, task_page
from harness.site._write_site import SiteFiles, SitePage, write_site

__all__ = [
    "BoardSection",
    "ClassTask",
    "SiteContent",
    "SiteCourse",
    "SiteFiles",
    "SitePage",
    "assets",
    "by_machine",
    "class_page",
    "course_page",
    "report_path",
    "sections_of",
    "site_report",
    "task_page",
    "write_site",
]
