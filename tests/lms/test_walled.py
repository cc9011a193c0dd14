"""Archives that a library in C reads are opened in a sandboxed process, or refused by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.lms import Refused, WalledArchives
from harness.sandbox import Level, Requirement
from harness.worker import _archive

pytestmark = pytest.mark.user  # CI runs it as root and as an ordinary user

try:
    import libarchive
except Exception:  # the package is there, but not the system's library: then it raises whatever ctypes does
    pytest.skip("libarchive is not installed here", allow_module_level=True)


def packed(folder: Path, *, link: bool = False) -> bytes:
    """Return a 7z archive of a model and a helper."""
    (folder / "work").mkdir()
    (folder / "work" / "model.py").write_text("x = 1\n")
    (folder / "work" / "helper.py").write_text("y = 2\n")
    if link:
        (folder / "work" / "passwd").symlink_to("/etc/passwd")
    before = Path.cwd()
    try:
        os.chdir(folder)
        with libarchive.file_writer("work.7z", "7zip") as archive:
            archive.add_files("work")
    finally:
        os.chdir(before)
    return (folder / "work.7z").read_bytes()


@pytest.fixture
def walled() -> Iterator[WalledArchives]:
    with closing(WalledArchives([], Requirement(Level.LANDLOCK))) as archives:
        yield archives


@pytest.mark.worker
def test_a_7z_archive_is_opened_in_the_sandbox(tmp_path: Path, walled: WalledArchives) -> None:
    found = dict(walled("work.7z", packed(tmp_path), 1000))
    assert found == {"work/model.py": b"x = 1\n", "work/helper.py": b"y = 2\n"}


@pytest.mark.worker
@pytest.mark.parametrize(("name", "magic"), [("w.7z", b"7z\xbc\xaf\x27\x1c"), ("w.rar", b"Rar!\x1a\x07\x01\x00")])
def test_a_broken_archive_is_refused_by_name(walled: WalledArchives, name: str, magic: bytes) -> None:
    with pytest.raises(Refused, match=f"'{name}' cannot be unpacked: it is incomplete, encrypted or not an archive"):
        list(walled(name, magic + b"junk" * 30, 1000))


@pytest.mark.worker
def test_links_and_archives_over_the_limit_are_refused(tmp_path: Path, walled: WalledArchives) -> None:
    content = packed(tmp_path, link=True)
    with pytest.raises(Refused, match=r"not a regular file|more than is permitted"):
        list(walled("work.7z", content, 1000))
    with pytest.raises(Refused, match="more than is permitted"):
        list(walled("work.7z", content, 3))


@pytest.mark.unit
def test_reading_ends_at_the_limit_of_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="more than is permitted"):
        list(_archive.read_archive(packed(tmp_path), 1, 1000))
    found = {
        name: content.tobytes() for name, content in _archive.read_archive((tmp_path / "work.7z").read_bytes(), 2, 1000)
    }
    assert found["work/model.py"] == b"x = 1\n"
