"""Pages for the people who mark: all grades with reasons, and the submitted documents. They are not for students."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from harness.gradebook._documents import CONTENT_POLICY, Document, document_paths, read_document
from harness.gradebook._gradebook import Entry
from harness.gradebook._words import describe
from harness.text import neutral_html

_INDEX, _DOCUMENTS = "index.html", "documents"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}"
    "tr{border-top:1px solid #ddd}pre{background:#f4f4f4;padding:.6rem;overflow:auto}pre.code{background:#eef3fa}"
    "img{max-width:100%}iframe{width:100%;height:36rem;border:1px solid #ccc}"
)


@dataclass(frozen=True)
class MarkingFile:
    """A file to write below the folder of the pages."""

    path: str
    content: bytes


def marking_pages(
    title: str,
    entries: Sequence[Entry],
    folders: Mapping[str, Path],
    feedback: Mapping[str, Path],
    below: Path,
    claims: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[MarkingFile]:
    """Yield an index of all people, and a page for each submission with documents.

    `folders` holds the folder of each submission by name, `feedback` the page of each person by key, and `claims`
    sentences about claimed scores; `below` is the folder of the pages.
    """
    documents = {name: found for name, folder in sorted(folders.items()) if (found := document_paths(folder))}
    for name, found in documents.items():
        yield from _documents_of(title, name, (read_document(folders[name], path) for path in found))
    given = claims or {}
    rows = [
        _row(entry, documents.get(entry.person.submission, []), feedback, below, given.get(entry.person.submission, ()))
        for entry in entries
    ]
    heading = "<tr><th>who</th><th>grade</th><th>why</th><th>handed in</th><th>claims</th><th>to be read</th></tr>"
    body = f"<h1>{neutral_html(title)}</h1><table>{heading}{''.join(rows)}</table>"
    yield MarkingFile(_INDEX, _page(title, body))


def _row(
    entry: Entry,
    documents: Sequence[PurePosixPath],
    feedback: Mapping[str, Path],
    below: Path,
    claims: Sequence[str],
) -> str:
    grade = (
        "–" if entry.final is None else f"{entry.final:g}" + ("" if entry.maximum is None else f"/{entry.maximum:g}")
    )
    handed_in = f"{entry.submitted}, {entry.source}" if entry.submitted else ""
    links = []
    if (page := feedback.get(entry.person.key)) is not None:
        links.append(_link(Path(os.path.relpath(page, below)).as_posix(), "feedback"))
    if documents:
        links.append(_link(f"{_DOCUMENTS}/{entry.person.submission}.html", _listed(documents)))
    cells = [neutral_html(text) for text in (str(entry.person), grade, describe(entry), handed_in)]
    return (
        "<tr>"
        + "".join(f"<td>{cell}</td>" for cell in [*cells, "<br>".join(map(neutral_html, claims)), "<br>".join(links)])
        + "</tr>"
    )


def _listed(documents: Sequence[PurePosixPath]) -> str:
    names = ", ".join(map(str, documents[:3]))
    return names + (f" and {len(documents) - 3} more" if len(documents) > 3 else "")


def _documents_of(title: str, name: str, documents: Iterable[Document]) -> Iterator[MarkingFile]:
    parts = [f"<h1>{neutral_html(f'{name}: {title}')}</h1>", f"<p>{_link(f'../{_INDEX}', 'everybody')}</p>"]
    for number, one in enumerate(documents):
        parts.append(f"<h2>{neutral_html(str(one.path))}</h2>")
        if one.content is None:
            parts.append(f"<p>It cannot be shown here ({one.size:,} bytes): look into the submission's folder.</p>")
        elif one.is_shown:
            parts.append(one.markup)
        else:
            copy = f"{name}/{number}{_safe_suffix(one)}"
            yield MarkingFile(f"{_DOCUMENTS}/{copy}", one.content)
            parts.append(f"<p>{_link(copy, f'open a copy ({one.size:,} bytes) in its own program')}</p>")
    yield MarkingFile(f"{_DOCUMENTS}/{name}.html", _page(f"{name}: {title}", "\n".join(parts)))


def _safe_suffix(document: Document) -> str:
    """Return a file name suffix that keeps browsers from showing a copy as a page."""
    suffix = document.path.suffix.lower()
    return suffix if suffix in (".pdf", ".docx", ".odt", ".pptx", ".tif", ".tiff", ".png", ".jpg", ".jpeg") else ".bin"


def _link(target: str, words: str) -> str:
    return f'<a href="{quote(target)}" rel="noreferrer">{neutral_html(words)}</a>'


def _page(title: str, body: str) -> bytes:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
        f"<title>{neutral_html(title)}</title><style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    ).encode("utf-8", "replace")
