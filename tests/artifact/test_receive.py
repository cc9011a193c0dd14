"""The size and the number of the files that the host writes for an artifact are limited."""

import pytest

from harness.artifact import ArtifactTooLargeError, BadFileNameError, Receiver
from harness.artifact._saved_form import MAX_FILES, MAX_FOLDERS

pytestmark = pytest.mark.unit


def test_files_are_written_to_the_paths_that_were_sent(tmp_path):
    receiver = Receiver(tmp_path, 10)
    receiver.announce(2)
    receiver.write("a/b/c.bin", b"12")
    assert (tmp_path / "a" / "b" / "c.bin").read_bytes() == b"12"


def test_more_folders_than_the_limit_are_refused(tmp_path):
    receiver = Receiver(tmp_path, 10)
    with pytest.raises(ArtifactTooLargeError, match=f"more than {MAX_FOLDERS} folders"):
        for number in range(MAX_FILES):
            receiver.write(f"{number:03}/a/b/c/d/e/f", b"")
    assert sum(path.is_dir() for path in tmp_path.rglob("*")) <= MAX_FOLDERS


def test_many_files_in_few_folders_are_taken(tmp_path):
    receiver = Receiver(tmp_path, 10)
    for number in range(MAX_FILES):
        receiver.announce(0)
        receiver.write(f"{number % MAX_FOLDERS:03}/{number}", b"")
    with pytest.raises(ArtifactTooLargeError, match="files"):
        receiver.announce(0)


@pytest.mark.parametrize("name", ["../x", "/x", "", "a/../../x", "a\0b", "/".join("a" * 17), "a" * 256])
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path, name):
    with pytest.raises(BadFileNameError):
        Receiver(tmp_path, 10).write(name, b"")
