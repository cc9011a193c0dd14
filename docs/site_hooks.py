"""Hooks of MkDocs that add the pages next to ``docs/``, in the top folder of the repository, to the site."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
TOP_PAGES = {f"{name}.md": f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "NOTICE", "RELEASING", "SECURITY")}
TOP_PAGES |= {"README.md": "index.md"}
"""The pages in the top folder of the repository, and their names on the site."""
_LINK = re.compile(r"(?<=\]\()(?:\.\./|docs/)?([\w./-]+?)(?=[#)])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages in the top folder of the repository."""
    for name, called in TOP_PAGES.items():
        files.append(File.generated(config, called, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Return the page with its links changed for a site with all pages in one folder; MkDocs then checks them."""
    if "/" in page.file.src_uri:
        return markdown
    return _LINK.sub(lambda found: TOP_PAGES.get(found[1], found[1]), markdown)
