"""Take the pictures of the documentation: pages of a site by the system's Chromium, and a student's terminal.

To make the pictures, with the extra ``test`` installed::

    harness evaluate submissions/alice reference && harness site -o SITE
    python docs/pictures.py SITE
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

DOCS = Path(__file__).parent
PAGES = {
    "site-course": ("index.html", 1280),
    "site-task": ("tasks/usps.html", 1280),
    "site-report": ("tasks/usps/alice.html", 820),
}
"""The page of each picture, and its width."""
HEIGHT = 1120
COLOURS = 96
MOST_BYTES = 100 * 1024
"""The size limit of a picture, because the README shows three of them."""
TERMINAL = {
    "student-check": ("check", "submissions/bob"),
    "student-evaluate": ("evaluate", "submissions/bob", "--data", "embedded"),
}
"""The command of each picture of a terminal."""
COLUMNS = 110


def take_pages(site: Path, folder: Path) -> None:
    """Write the pictures of `site` into `folder`."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as started:
        # the browser opens our own pages only, and a container has no user namespaces for its sandbox
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (path, width) in PAGES.items():
            page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme="light")
            page.goto((site.resolve() / path).as_uri())
            page.wait_for_timeout(1000)  # charts are drawn when they are about to be visible
            file = io.BytesIO()
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS).save(file, "PNG", optimize=True)
            if file.tell() > MOST_BYTES:
                sys.exit(f"{name}.png has {file.tell():,} bytes, more than {MOST_BYTES:,}: show less of the page")
            (folder / f"{name}.png").write_bytes(file.getvalue())
        browser.close()


def take_terminals(folder: Path) -> None:
    """Write pictures of the output for the model of the page for students into `folder`."""
    page = (DOCS / "students.md").read_text(encoding="utf-8")
    model = re.search(r"```python\n(.*?)```", page.partition("## A model in 15 lines")[2], re.DOTALL)
    assert model is not None
    with tempfile.TemporaryDirectory() as made:
        course = Path(made, "course")
        _harness(Path(made), "new", "course", "course", "--tasks", "usps")
        (course / "submissions" / "bob" / "usps").mkdir(parents=True)
        (course / "submissions" / "bob" / "usps" / "model.py").write_text(model[1], encoding="utf-8")
        for name, command in TERMINAL.items():
            output = _harness(course, *command).replace(str(course), "~/course")
            (folder / f"{name}.svg").write_text(_svg(f"$ harness {' '.join(command)}\n{output}"), encoding="utf-8")


def _harness(where: Path, *command: str) -> str:
    shown = {"FORCE_COLOR": "1", "TTY_INTERACTIVE": "0", "COLUMNS": str(COLUMNS)}  # in colour, without progress bars
    environment = os.environ | shown | {"HARNESS_OFFLINE": "1", "HARNESS_DATA": ""}
    done = subprocess.run(
        [sys.executable, "-m", "harness", *command], cwd=where, env=environment, capture_output=True, text=True
    )
    if done.returncode > 1:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def _svg(output: str) -> str:
    """Draw a terminal with a font of the reader's system; the font that rich names would be downloaded."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(output))
    drawn = console.export_svg(title="", theme=DEFAULT_TERMINAL_THEME, unique_id="terminal")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL).replace("Fira Code, ", "")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take_pages(Path(sys.argv[1]), DOCS / "pictures")
    take_terminals(DOCS / "pictures")
