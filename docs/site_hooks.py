"""What MkDocs does not do by itself: the pages that lie beside ``docs/`` become part of the site."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BESIDE = {f"{name}.md": f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "NOTICE", "RELEASING", "SECURITY")}
BESIDE |= {"README.md": "index.md"}
"""Each page that lies in the repository's folder, and what it is called on the site."""
_LINK = re.compile(r"(?<=\]\()(?:\.\./|docs/)?([\w./-]+?)(?=[#)])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie beside the folder of the documentation."""
    for name, called in BESIDE.items():
        files.append(File.generated(config, called, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Return the page with its links as they are where all pages lie in one folder; MkDocs then checks them."""
    if "/" in page.file.src_uri:
        return markdown
    return _LINK.sub(lambda found: BESIDE.get(found[1], found[1]), markdown)
