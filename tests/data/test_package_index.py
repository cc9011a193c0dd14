"""Files from the package index: pip brings them, the digest judges them, nothing is installed or run."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

import harness
from harness.data import Places, TaskData, load_data
from harness.errors import InfrastructureError, TaskError
from tests.data.test_sources import COMMON, EMBEDDED, OFFICIAL, task

WHEEL = "harness_test_points-1.0-py3-none-any.whl"
RELEASE = "pip:harness-test-points==1.0"


def make_wheel(folder: Path) -> str:
    """Write a wheel that holds the points and demands a package that does not exist; return its digest."""
    path = folder / WHEEL
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("points.bin", OFFICIAL)
        wheel.writestr(
            "harness_test_points-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: harness-test-points\nVersion: 1.0\nRequires-Dist: no-such-package-at-all\n",
        )
        wheel.writestr("harness_test_points-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("harness_test_points-1.0.dist-info/RECORD", "")
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def read(folder: Path) -> harness.Parts:
    from tests.data.test_sources import read as read_points

    with zipfile.ZipFile(folder / WHEEL) as wheel:
        wheel.extract("points.bin", folder)
    return read_points(folder)


def on_index(digest: str, url: str = RELEASE) -> harness.Canonical:
    file = harness.File(name=WHEEL, url=url, digest=digest)
    return harness.Canonical(title="a wheel", files=(file,), load=read, **COMMON)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the only index there is."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(root=None, cache=tmp_path / "cache", private=None, offline=False)


def load(places: Places, source: harness.Canonical, choice: str = "auto") -> TaskData:
    return load_data(task(source, EMBEDDED), "sha256:task", places, choice)  # type: ignore[arg-type]


def kept(places: Places) -> list[str]:
    return sorted(path.name for path in (places.cache / "files").rglob("*"))


@pytest.mark.worker
def test_a_wheel_is_downloaded_and_kept_without_its_dependencies(index: Path, places: Places) -> None:
    source = on_index(make_wheel(index))
    assert load(places, source).source.kind == "canonical"
    assert kept(places) == [WHEEL, "points", "points.bin"]
    (index / WHEEL).unlink()
    assert load(places, source).source.kind == "canonical", "the cache holds it"


@pytest.mark.worker
def test_a_wheel_of_other_bytes_is_an_error_and_not_kept(index: Path, places: Places) -> None:
    make_wheel(index)
    with pytest.raises(InfrastructureError, match="nothing was stored") as caught:
        load(places, on_index("sha256:" + "0" * 64))
    assert RELEASE in str(caught.value)
    assert kept(places) == ["points"]


@pytest.mark.worker
def test_a_missing_release_is_skipped_with_the_message_of_pip(index: Path, places: Places) -> None:
    data = load(places, on_index("sha256:" + "0" * 64))
    assert data.source.kind == "embedded"
    (reason,) = [reason for reason in data.passed_over if "cannot be downloaded" in reason]
    assert "pip: ERROR: No matching distribution found for harness-test-points==1.0" in reason
    assert kept(places) == ["points"]


@pytest.mark.worker
def test_a_release_with_a_file_of_another_name_is_skipped(index: Path, places: Places) -> None:
    digest = make_wheel(index)
    other = harness.File(name="other.whl", url=RELEASE, digest=digest)
    source = harness.Canonical(title="a wheel", files=(other,), load=read, **COMMON)
    assert any(f"pip downloaded {WHEEL}" in reason for reason in load(places, source).passed_over)


@pytest.mark.worker
def test_no_source_package_is_ever_built(index: Path, places: Places) -> None:
    import tarfile

    (index / "setup.py").write_text("raise SystemExit('this ran')")
    with tarfile.open(index / "harness_test_points-1.0.tar.gz", "w:gz") as archive:
        archive.add(index / "setup.py", "harness_test_points-1.0/setup.py")
    data = load(places, on_index("sha256:" + "0" * 64))
    assert any("No matching distribution" in reason for reason in data.passed_over)


def test_offline_asks_no_index(index: Path, tmp_path: Path) -> None:
    source = on_index(make_wheel(index))
    data = load(Places(root=None, cache=tmp_path / "cache", private=None, offline=True), source)
    assert data.source.kind == "embedded"
    assert any("nothing is downloaded" in reason for reason in data.passed_over)


@pytest.mark.parametrize("url", ["pip:", "pip:points", "pip:points>=1", "pip:points==1 --index-url=x", "pip:-r==1"])
def test_a_release_must_be_named_exactly(url: str) -> None:
    with pytest.raises(TaskError, match=r"expected .* pip:<name>==<version>"):
        on_index("sha256:" + "0" * 64, url)
