"""An npz file is opened only if its directory is short and its members are packed as NumPy packs them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from harness.artifact import open_npz
from harness.artifact._open_npz import MAX_DIRECTORY_BYTES, MAX_MEMBERS

pytestmark = pytest.mark.unit

END, LOCATOR = b"PK\x05\x06", b"PK\x06\x07"


def archive(members: int = 1, method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    """Return an archive of empty members."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as file:
        for number in range(members):
            file.writestr(str(number), b"")
        file.comment = comment
    return written.getvalue()


def end_of(stated_bytes: int) -> bytes:
    """Return the end of an archive that states the size of its directory."""
    return END + bytes(8) + stated_bytes.to_bytes(4, "little") + bytes(6)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_opened(save) -> None:
    written = io.BytesIO()
    save(written, a=np.arange(3), b=np.zeros(2))
    assert open_npz(written).namelist() == ["a.npy", "b.npy"]


def test_an_archive_with_a_comment_is_opened() -> None:
    assert open_npz(io.BytesIO(archive(comment=b"made at home"))).namelist() == ["0"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bounds_are_refused(method: int) -> None:
    with pytest.raises(ValueError, match="neither stored nor deflated"):
        open_npz(io.BytesIO(archive(method=method)))


def test_one_member_too_many_is_refused() -> None:
    assert len(open_npz(io.BytesIO(archive(MAX_MEMBERS))).infolist()) == MAX_MEMBERS
    with pytest.raises(ValueError, match="too many members"):
        open_npz(io.BytesIO(archive(MAX_MEMBERS + 1)))


@pytest.mark.parametrize(
    "end",
    [
        b"",
        b"PK",
        END,
        end_of(MAX_DIRECTORY_BYTES + 1),
        end_of(int.from_bytes(END, "little")),
        end_of(MAX_DIRECTORY_BYTES + 1)[:-2] + b"\x04\0" + bytes(4),
        LOCATOR + bytes(16) + end_of(0),
    ],
    ids=["nothing", "too short", "no size", "too long", "the size looks like an end", "a comment", "stated again"],
)
def test_a_directory_is_not_read_if_it_is_long(end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the directory was read"))
    with pytest.raises(ValueError, match="directory of members"):
        open_npz(io.BytesIO(bytes(100) + end))
