"""The documentation is built without a warning, needs no other machine, and has every public name."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness import api, kinds, metrics, record
from tests.conftest import PATIENCE, REPOSITORY

PAGES = REPOSITORY / "docs" / "api"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},  # what the theme says about its future
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def loaded(page: str) -> list[str]:
    """What a browser loads as it opens a page: scripts, styles, fonts, pictures."""
    elements = re.findall(r"<(?:script|img|iframe|source|link)\b[^>]*>", page)
    elements = [one for one in elements if not re.search(r'rel="?(?:canonical|next|prev)\b', one)]
    return [where for one in elements for where in re.findall(r'\b(?:src|href)="?([^"\s>]+)', one)]


@pytest.mark.worker
@pytest.mark.thorough
def test_the_site_is_built_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    asked = {f"{path.stem}.html" for path in (REPOSITORY / "docs").glob("*.md")} | {"index.html", "SECURITY.html"}
    assert asked | {f"api/{path.stem}.html" for path in PAGES.glob("*.md")} <= set(pages)
    for name, page in pages.items():
        assert [where for where in loaded(page) if re.match(r"(?:\w+:)?//", where)] == [], name
        assert 'class="mermaid"' not in page, "a diagram of this kind has the theme load a script from elsewhere"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")), style


@pytest.mark.worker
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("contract", [f"harness.{name}" for name in harness.__all__ if isinstance(getattr(harness, name), type)]),
        ("metrics", [f"harness.metrics.{name}" for name in metrics.__all__]),
        ("course", [f"harness.api.{name}" for name in api.__all__]),
        ("course", [f"harness.interactive.{name}" for name in ("load_data", "check", "evaluate")]),
        ("kinds", [f"harness.kinds.{name}" for name in kinds.__all__]),
        ("errors", [f"harness.errors.{name}" for name in harness.errors.__all__]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_public_name_is_in_the_reference(site: Path, page: str, names: list[str]) -> None:
    anchors = set(re.findall(r'id="(harness\.[\w.]+)"', (site / "api" / f"{page}.html").read_text(encoding="utf-8")))
    assert sorted(set(names) - anchors) == []


def fields_of_records() -> list[tuple[str, str, bool]]:
    """The class and name of each field that a record may have, and whether it is described."""
    (source,) = [Path(path).parent / "_types.py" for path in [record.__file__] if path]
    found = []
    for one in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
            for field, after in zip(one.body, [*one.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    described = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                    found.append((one.name, field.target.id, described))
    return found


@pytest.mark.unit
def test_every_field_of_a_record_is_described() -> None:
    fields = fields_of_records()
    assert [f"{owner}.{name}" for owner, name, described in fields if not described] == []
    page = (PAGES / "records.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^::: harness\.record\.(\w+)$", page, re.MULTILINE)) == {owner for owner, _, _ in fields}
