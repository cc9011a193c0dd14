"""Take the pictures of the README from a site, with the system's Chromium.

From nothing to the pictures (the test extra has what it needs)::

    harness evaluate submissions/alice reference && harness site -o SITE
    python docs/pictures.py SITE
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PAGES = {
    "site-course": ("index.html", 1280),
    "site-task": ("tasks/usps.html", 1280),
    "site-report": ("tasks/usps/alice.html", 820),
}
"""The page of each picture, and how wide it is."""
HEIGHT = 1120
COLOURS = 64
MOST_BYTES = 100 * 1024
"""The README shows three of them, so none may be large."""


def main(site: Path, folder: Path) -> None:
    """Write the pictures of `site` into `folder`."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as started:
        # it opens our own pages only, and a container has no user namespaces to sandbox a browser in
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (path, width) in PAGES.items():
            page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme="light")
            page.goto((site.resolve() / path).as_uri())
            file = io.BytesIO()
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS).save(file, "PNG", optimize=True)
            if file.tell() > MOST_BYTES:
                sys.exit(f"{name}.png has {file.tell():,} bytes, more than {MOST_BYTES:,}: show less of the page")
            (folder / f"{name}.png").write_bytes(file.getvalue())
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent / "pictures")
