"""Run the audit of similar code: gather the code, compare it, and write the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.api._follow import Follower
from harness.course import REFERENCE, SUBMISSIONS, Course, folders_in
from harness.files import write_atomically
from harness.similarity import MOST_CODE, Pair, Text, compare, gather, report_html

_ON_THE_PAGE = 200


@dataclass(frozen=True, kw_only=True)
class ComparedCode:
    """The arguments of `CourseAudits.similarity`: the code to compare."""

    task: str
    against: tuple[Path, ...]
    boilerplate: tuple[Path, ...]
    least: float


@dataclass(frozen=True, kw_only=True)
class SimilarCode:
    """The result of `CourseAudits.similarity`.

    Attributes
    ----------
    pairs : tuple of Pair
        The pairs that share enough code, those that share most first.
    compared : int
        The number of pairs that were compared.
    path : pathlib.Path
        The page that shows the first pairs side by side.
    """

    pairs: tuple[Pair, ...]
    compared: int
    path: Path


def find_similar_code(course: Course, asked: ComparedCode, path: Path | None, follower: Follower) -> SimilarCode:
    """Compare the submissions of one task with each other, the references and earlier years, and write the page."""
    course.require_task(asked.task)
    for name in folders_in(course.submissions_folder):
        if (course.submissions_folder / name).is_symlink():
            follower.left_out(f"{SUBMISSIONS}/{name} is a link")
    texts = list(gather(course.submissions_folder, asked.task))
    others = list(_others(course, asked))
    for text in (*texts, *others):
        if text.is_cut:
            follower.left_out(f"{text.name} has more than {MOST_CODE:,} characters of code: the rest is not compared")
    compared = len(texts) * (len(texts) - 1) // 2 + len(texts) * len(others)
    handed_out = [file.read_text("utf-8", "replace") for file in asked.boilerplate]
    with follower.comparing(compared) as advance:
        pairs = []
        for pair in compare(texts, others, handed_out, asked.least):
            advance()
            pairs += [] if pair is None else [pair]
    pairs.sort(key=lambda pair: (-max(pair.shares), pair.first.name, pair.second.name))
    page = path or course.private / "similarity" / f"{asked.task}.html"
    write_atomically(page, report_html(asked.task, pairs[:_ON_THE_PAGE], compared).encode(), 0o600)
    return SimilarCode(pairs=tuple(pairs), compared=compared, path=page)


def _others(course: Course, asked: ComparedCode) -> Iterable[Text]:
    """Yield the code with which submissions are compared, in addition to each other's."""
    for folder in asked.against:
        yield from gather(folder, asked.task, f"{folder.name}/")
    if course.reference_folder.is_dir():
        yield from gather(course.reference_folder, asked.task, f"{REFERENCE}/")
