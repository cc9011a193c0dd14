"""What `save` wrote is read back file by file."""

import os

import pytest

from harness.artifact import NotAFileError, read_files


def test_files_come_in_order_with_their_bytes_and_folders(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "inner.bin").write_bytes(b"12")
    (tmp_path / "a.bin").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    found = [(path, content.tobytes()) for path, content in read_files(tmp_path)]
    assert found == [("a.bin", b""), ("b/inner.bin", b"12")]


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: (folder / "x").symlink_to("/etc/hostname"),
        lambda folder: (folder / "x").symlink_to("/etc"),
        lambda folder: (folder / "x").symlink_to("nowhere"),
        lambda folder: os.mkfifo(folder / "x"),
    ],
    ids=["link", "link-to-folder", "broken-link", "fifo"],
)
def test_what_is_not_a_regular_file_is_refused_by_name(tmp_path, make):
    make(tmp_path)
    with pytest.raises(NotAFileError, match="'x', which is not a regular file"):
        list(read_files(tmp_path))
