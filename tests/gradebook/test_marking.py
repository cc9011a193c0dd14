"""Pages for people who mark show the documents that were handed in, and run nothing of them."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.gradebook.marking import marking_pages
from tests.conftest import TemporaryCourse
from tests.people import ANN, BOB, grade

ELEMENTS = ("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "a", "pre", "img", "iframe")
EVIL = "<script>fetch('//x')</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>"
NOTEBOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "markdown", "source": ["# Results\n", EVIL]},
        {
            "cell_type": "code",
            "source": "print(1)",
            "outputs": [
                {"output_type": "stream", "text": ["printed ", EVIL]},
                {"output_type": "display_data", "data": {"image/png": "iVBORw0K\nGgo=", "text/html": EVIL}},
                {"output_type": "execute_result", "data": {"text/html": EVIL, "text/plain": "a table"}},
                {"output_type": "error", "traceback": ["Traceback", "ValueError"]},
            ],
        },
    ],
}


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.found if name == tag]


def pages(folder: Path, files: dict[str, bytes | str]) -> dict[str, bytes]:
    for name, content in files.items():
        path = folder / "ann" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "ann").mkdir(exist_ok=True)
    links = {ANN.key: folder / "feedback" / "ann.html"}
    made = marking_pages(EVIL, [grade(ANN), grade(BOB, None)], {"ann": folder / "ann"}, links, folder / "marking")
    return {file.path: file.content for file in made}


def test_everybody_is_in_the_index_with_grade_reason_and_links(tmp_path: Path) -> None:
    index = pages(tmp_path, {"README.md": "x", "plots/a.png": b"x", "model.py": "x"})["index.html"].decode()
    for words in ("Ann Ark (ann)", "7.5/10", "score 0.9500, 7.50 points", "Böb Berg (bob)", "README.md, plots/a.png"):
        assert words in index
    assert [one["href"] for one in Elements(index).of("a")] == ["../feedback/ann.html", "documents/ann.html"]


def test_documents_are_shown_and_nothing_of_them_runs(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "README.md": EVIL,
        "plot.svg": f"<svg onload='alert(1)'>{EVIL}</svg>",
        "report.html": f'"></iframe>{EVIL}',
        "analysis.ipynb": json.dumps(NOTEBOOK),
        "broken.ipynb": f"{{{EVIL}",
        "results.csv": EVIL,
    }
    page = pages(tmp_path, files)["documents/ann.html"].decode()
    elements = Elements(page)
    assert {tag for tag, _ in elements.found} <= set(ELEMENTS)
    assert elements.of("meta")[1] == {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    }
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on")]
    assert [one["href"] for one in elements.of("a")] == ["../index.html"]
    (frame,) = elements.of("iframe")
    assert frame == {"sandbox": None, "srcdoc": f'"></iframe>{EVIL}'}
    svg = base64.b64encode(str(files["plot.svg"]).encode()).decode()
    assert {one["src"] for one in elements.of("img")} == {
        f"data:image/svg+xml;base64,{svg}",
        "data:image/png;base64,iVBORw0KGgo=",
    }
    for words in ("# Results", "print(1)", "printed ", "a table", "ValueError"):
        assert words in page


def test_files_unsafe_in_a_browser_are_copied_under_a_safe_name(tmp_path: Path) -> None:
    found = pages(tmp_path, {"report.pdf": b"%PDF", "Licence.js": EVIL, "results.json": "{}"})
    assert found["documents/ann/1.pdf"] == b"%PDF"
    assert found["documents/ann/0.bin"] == EVIL.encode()
    assert [one["href"] for one in Elements(found["documents/ann.html"].decode()).of("a")] == [
        "../index.html",
        "ann/0.bin",
        "ann/1.pdf",
    ]


def test_links_hidden_files_and_files_that_are_too_large_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.gradebook._documents._MOST_COPIED", 10)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "ann" / ".git").mkdir(parents=True)
    (tmp_path / "ann" / ".git" / "README.md").write_text("secret")
    (tmp_path / "ann" / "README.md").symlink_to(tmp_path / "secret")
    found = pages(tmp_path, {"large.pdf": b"x" * 11, "fine.md": "fine"})
    page = found["documents/ann.html"].decode()
    assert not [name for name, content in found.items() if b"secret" in content]
    assert page.count("It cannot be shown here") == 2
    assert "fine" in page


def test_the_command_writes_pages_for_markers_apart_from_feedback(course: TemporaryCourse) -> None:
    folder = course.submit(None)
    (folder / "README.md").write_text("for the marker")
    for _ in range(2):
        done = course.harness("feedback", "--task", "blobs")
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("marking/blobs/index.html: for the people who mark")
    assert b"for the marker" in (course.root / ".harness/marking/blobs/documents/bob.html").read_bytes()
    given = [path for path in (course.root / ".harness/feedback").rglob("*") if path.is_file()]
    assert given
    assert not [path for path in given if b"for the marker" in path.read_bytes()]
