"""A submission is copied file by file: nothing followed, nothing hidden, everything counted."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import pytest

import harness
from harness.errors import SubmissionError
from harness.evaluation._folder import _by_path, open_folder
from harness.evaluation._snapshot import Snapshot, check_snapshot, read_files, take_snapshot
from tests.declared import task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "blobs"
    folder.mkdir()
    (folder / "model.py").write_text("x = 1\n")
    return folder


def taken(folder: Path, **limits: int) -> Snapshot:
    to = folder.parent / f"work-{len(list(folder.parent.iterdir()))}" / "submission"
    return take_snapshot(folder, to, harness.Limits(**limits))


def names(folder: Path | None) -> list[str]:
    assert folder is not None
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_lies_beside_the_model_is_copied_and_counted_by_its_role(folder: Path) -> None:
    (folder / "layers").mkdir()
    (folder / "layers" / "dense.py").write_text("y = 22\n")
    (folder / "words.txt").write_bytes(b"12345")
    (folder / "weights" / "deep").mkdir(parents=True)
    (folder / "weights" / "deep" / "a.npy").write_bytes(b"123")
    snapshot = taken(folder)
    assert names(snapshot.files) == ["layers/dense.py", "model.py", "words.txt"]
    assert names(snapshot.weights) == ["deep/a.npy"]
    assert (snapshot.source_bytes, snapshot.shipped_bytes) == (6 + 7, 5)
    assert snapshot.problem is None


def test_hidden_files_notebooks_and_caches_are_neither_copied_nor_counted(folder: Path) -> None:
    plain = taken(folder)
    for name in (".git/config", ".env", "__pycache__/model.pyc", "try.ipynb", "lib/.x", "lib/__pycache__/x.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(1000))
    (folder / ".link").symlink_to("/etc/passwd")
    snapshot = taken(folder)
    assert names(snapshot.files) == ["model.py"]
    assert (snapshot.source_bytes, snapshot.shipped_bytes) == (6, 0)
    assert snapshot.digest == plain.digest
    assert snapshot.problem is None


@pytest.mark.parametrize("inside", [(), (".gitkeep",), ("deep/.hidden",)], ids=["empty", "gitkeep", "hidden"])
def test_weights_without_a_file_are_none(folder: Path, inside: tuple[str, ...]) -> None:
    (folder / "weights" / "deep").mkdir(parents=True)
    for name in inside:
        (folder / "weights" / name).touch()
    assert taken(folder).weights is None


def test_a_file_called_weights_is_no_artifact_and_never_shown(folder: Path) -> None:
    (folder / "weights").write_bytes(bytes(100))
    snapshot = taken(folder)
    assert snapshot.weights is None
    assert names(snapshot.files) == ["model.py"]


def refuse(folder: Path) -> SubmissionError:
    snapshot = taken(folder)
    with pytest.raises(SubmissionError) as caught:
        check_snapshot(snapshot, "trained", harness.Limits())
    assert caught.value.phase == "import"
    return caught.value


def test_links_pipes_and_sockets_are_refused_by_name(folder: Path) -> None:
    (folder / "link.py").symlink_to("model.py")
    (folder / "weights").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    error = refuse(folder)
    assert error.kind == "invalid_submission"
    assert all(name in error.message for name in ("'link.py'", "'weights'", "'pipe'"))


def test_nothing_behind_a_link_is_copied(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "etc").symlink_to("/etc")
    assert names(taken(folder).files) == ["model.py"]


@pytest.mark.parametrize("opened", [open_folder, _by_path], ids=["by descriptor", "by path"])
def test_a_file_replaced_by_a_link_while_copying_is_not_read(folder: Path, opened: Any) -> None:
    (folder / "parts").mkdir()
    with opened(folder) as found:
        assert (stat.S_ISREG(found.mode("model.py")), stat.S_ISDIR(found.mode("parts"))) == (True, True)
        (folder / "model.py").unlink()
        (folder / "model.py").symlink_to("/etc/passwd")
        (folder / "parts").rmdir()
        (folder / "parts").symlink_to("/etc")
        with suppress(OSError):
            assert found.read("model.py", 10) is None
        with pytest.raises(OSError), found.enter("parts"):
            pass


def test_a_folder_that_is_a_link_is_not_a_submission(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert refuse(link).kind == "invalid_submission"


def test_a_copy_is_independent_of_what_its_owner_does_later(folder: Path) -> None:
    snapshot = taken(folder)
    (folder / "model.py").write_text("changed")
    assert (snapshot.files / "model.py").read_text() == "x = 1\n"


def test_a_copy_can_be_read_by_any_uid_whatever_the_original_allows(folder: Path) -> None:
    (folder / "lib").mkdir(mode=0o700)
    (folder / "lib" / "a.py").touch(mode=0o600)
    files = taken(folder).files
    assert (files / "lib").stat().st_mode & 0o777 == 0o755
    assert (files / "lib" / "a.py").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("change", ["content", "name", "more", "weights"])
def test_the_digest_changes_with_every_file(folder: Path, change: str) -> None:
    (folder / "a.txt").write_text("a")
    before = taken(folder).digest
    assert taken(folder).digest == before
    match change:
        case "content":
            (folder / "a.txt").write_text("b")
        case "name":
            (folder / "a.txt").rename(folder / "b.txt")
        case "more":
            (folder / "b.txt").touch()
        case "weights":
            (folder / "weights").mkdir()
            (folder / "weights" / "w").touch()
    assert taken(folder).digest != before


def test_shipped_data_is_limited_when_the_model_is_trained(folder: Path) -> None:
    (folder / "table.bin").write_bytes(bytes(65_537))
    snapshot = taken(folder)
    with pytest.raises(SubmissionError, match="65537 bytes, limit shipped_bytes 65536") as caught:
        check_snapshot(snapshot, "trained", harness.Limits())
    assert (caught.value.kind, caught.value.phase) == ("resource_limit", "import")
    check_snapshot(snapshot, "loaded", harness.Limits())


def test_a_submission_too_large_to_copy_is_refused_and_not_copied(folder: Path) -> None:
    with (folder / "big.bin").open("wb") as file:
        file.truncate(20 << 20)
    snapshot = taken(folder, artifact_bytes=1, shipped_bytes=1)
    assert snapshot.problem is not None
    assert snapshot.problem.kind == "resource_limit"
    assert "big.bin" not in names(snapshot.files)


def test_a_submission_of_too_many_files_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.evaluation._snapshot._MAX_FILES", 20)
    for number in range(19):  # and model.py
        (folder / f"{number}.py").touch()
    assert taken(folder).problem is None
    (folder / "one_too_many.py").touch()
    problem = taken(folder).problem
    assert problem is not None
    assert "20 files" in problem.message


def test_a_submission_of_too_many_folders_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.evaluation._snapshot._MAX_FOLDERS", 10)
    for name in (*map(str, range(9)), "one_too_many"):  # and the submission's own
        assert taken(folder).problem is None
        (folder / name).mkdir()
        (folder / name / "x.py").touch()
    problem = taken(folder).problem
    assert problem is not None
    assert "10 folders" in problem.message


def test_the_number_of_links_and_empty_folders_is_limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.evaluation._snapshot._MAX_LOOKED_AT", 30)
    for number in range(29):
        (folder / f"{number}").mkdir()
    assert taken(folder).problem is None
    (folder / "one-too-many").mkdir()
    problem = taken(folder).problem
    assert problem is not None
    assert problem.kind == "resource_limit"


def test_a_name_that_is_not_unicode_is_copied_or_refused(folder: Path) -> None:
    (folder / os.fsdecode(b"\xff.txt")).touch()
    snapshot = taken(folder)
    assert snapshot.problem is None or snapshot.problem.kind == "invalid_submission"


def test_a_name_with_control_characters_is_shown_escaped(folder: Path) -> None:
    (folder / "a\n\x1b[31m").symlink_to("x")
    message = refuse(folder).message
    assert "\x1b" not in message
    assert "\n" not in message


@pytest.mark.worker
def test_folders_nested_too_deeply_are_refused(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("deep.py", os.O_CREAT, dir_fd=here))
    os.close(here)
    try:
        assert refuse(folder).kind in ("invalid_submission", "resource_limit")
    finally:  # Python cannot
        subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    shared = tmp_path / "reference" / "_shared"
    (shared / "nets").mkdir(parents=True)
    (shared / "loops.py").write_text("z = 333\n")
    (shared / "nets" / "small.py").write_text("w = 1\n")
    return shared


def taken_with(folder: Path, shared: Path | None) -> Snapshot:
    to = folder.parent / f"work-{len(list(folder.parent.iterdir()))}" / "submission"
    return take_snapshot(folder, to, harness.Limits(), shared)


def test_shared_code_is_copied_and_counted_for_those_that_import_it(folder: Path, shared: Path) -> None:
    (folder / "model.py").write_text("from _shared.loops import z\n")
    alone = taken_with(folder, None)
    first = taken_with(folder, shared)
    assert names(alone.files) == ["model.py"]
    assert names(first.files) == ["_shared/loops.py", "_shared/nets/small.py", "model.py"]
    assert first.source_bytes == alone.source_bytes + 8 + 6
    (shared / "loops.py").write_text("z = 334\n")
    assert len({alone.digest, first.digest, taken_with(folder, shared).digest}) == 3


def test_shared_code_does_not_count_for_those_that_do_not_import_it(folder: Path, shared: Path) -> None:
    assert names(taken_with(folder, shared).files) == ["model.py"]
    assert taken_with(folder, shared).digest == taken_with(folder, None).digest


def test_a_link_among_shared_code_is_refused_by_name(folder: Path, shared: Path) -> None:
    (folder / "model.py").write_text("from _shared.loops import z\n")
    (shared / "secret.py").symlink_to("/etc/passwd")
    problem = taken_with(folder, shared).problem
    assert problem is not None
    assert "'_shared/secret.py'" in str(problem)


DOCUMENTS = ["README.md", "report.pdf", "plot.png", "page.html", "old.ipynb", "results.csv"]


def test_documents_are_not_shown_to_workers_and_change_no_result(folder: Path) -> None:
    plain = taken(folder)
    for name in DOCUMENTS:
        (folder / name).write_bytes(bytes(200_000))
    snapshot = taken(folder)
    check_snapshot(snapshot, "trained", harness.Limits())
    assert names(snapshot.files) == ["model.py"]
    assert (snapshot.digest, snapshot.shipped_bytes) == (plain.digest, 0)


def test_trained_files_are_set_aside_where_the_model_is_trained(folder: Path) -> None:
    (folder / "best.pt").write_bytes(bytes(300_000))
    (folder / "best_model").mkdir()
    (folder / "best_model" / "x.bin").write_bytes(bytes(300_000))
    (folder / "weights").mkdir()
    (folder / "weights" / "net.pt").write_bytes(b"123")
    snapshot = taken(folder).in_mode("trained", task())
    check_snapshot(snapshot, "trained", harness.Limits())
    assert names(snapshot.files) == ["model.py"]
    assert snapshot.notes == (
        "set aside: best.pt, best_model/x.bin, weights/; the model is trained here, so trained files are not used",
    )


TRAINED_HERE = "the model is trained here"
INTO_WEIGHTS = (
    "; this task also accepts trained weights: put what `save` wrote into the folder weights/ next to model.py"
)


@pytest.mark.parametrize(("policy", "advice"), [("retrain", ""), ("allowed", INTO_WEIGHTS)])
def test_weights_outside_their_folder_are_told_where_they_belong(
    folder: Path, policy: Literal["retrain", "allowed"], advice: str
) -> None:
    (folder / "best.pt").write_bytes(b"12")
    snapshot = taken(folder).in_mode("trained", task(weights=policy))
    assert snapshot.notes == (f"set aside: best.pt; {TRAINED_HERE}, so trained files are not used{advice}",)
    said = "FileNotFoundError: [Errno 2] No such file or directory: 'best.pt'"
    error = SubmissionError("fit_error", "fit", f"{said}: it may be elsewhere", file="model.py", line=3)
    explained = snapshot.explained(error)
    assert (explained.file, explained.line) == ("model.py", 3)
    assert explained.message == (f"{said}: best.pt was set aside, because {TRAINED_HERE}: learn it in fit{advice}")


def test_weights_in_their_folder_are_not_told_where_they_belong(folder: Path) -> None:
    (folder / "weights").mkdir()
    (folder / "weights" / "net.pt").write_bytes(b"123")
    snapshot = taken(folder).in_mode("trained", task(weights="allowed"))
    assert snapshot.notes == (f"set aside: weights/; {TRAINED_HERE}, so trained files are not used",)


def test_an_error_about_another_file_is_explained_as_it_is(folder: Path) -> None:
    (folder / "best.pt").write_bytes(b"12")
    error = SubmissionError("fit_error", "fit", "FileNotFoundError: 'words.txt'")
    assert taken(folder).in_mode("trained", task()).explained(error) is error
    missing = SubmissionError("load_error", "load", "FileNotFoundError: 'best.pt'")
    assert taken(folder).in_mode("loaded", task()).explained(missing) is missing


def test_a_worker_that_loads_sees_trained_files_beside_the_model(folder: Path) -> None:
    (folder / "best.pt").write_bytes(b"12")
    (folder / "weights" / "deep").mkdir(parents=True)
    (folder / "weights" / "deep" / "net.pt").write_bytes(b"123")
    snapshot = taken(folder).in_mode("loaded", task())
    assert names(snapshot.files) == ["best.pt", "model.py", "weights/deep/net.pt"]
    assert names(snapshot.weights) == ["deep/net.pt"]
    assert snapshot.shipped_bytes == 2  # the weights are counted as the artifact, once
    assert (snapshot.files / "weights" / "deep").stat().st_mode & 0o777 == 0o755


def test_a_package_that_hides_the_model_is_named(folder: Path) -> None:
    (folder / "model").mkdir()
    (folder / "model" / "__init__.py").touch()
    assert "the package model/ hides model.py" in refuse(folder).message


def test_outputs_of_a_notebook_do_not_change_the_digest(folder: Path) -> None:
    cell = {"cell_type": "code", "source": "import harness", "outputs": []}
    (folder / "model.py").unlink()
    (folder / "work.ipynb").write_text(json.dumps({"cells": [cell]}))
    first = taken(folder)
    assert (first.problem, first.notebook and first.notebook.cells) == (None, ("import harness",))
    assert names(first.files) == []
    cell["outputs"] = [{"text": "x" * 100_000}]
    (folder / "work.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert taken(folder).digest == first.digest
    cell["source"] = "import torch"
    (folder / "work.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert taken(folder).digest != first.digest


def test_a_notebook_that_cannot_be_read_is_reported(folder: Path) -> None:
    (folder / "model.py").unlink()
    (folder / "work.ipynb").write_text("{")
    assert "work.ipynb: it cannot be read" in refuse(folder).message


def test_a_link_in_place_of_a_notebook_is_refused(folder: Path) -> None:
    (folder / "model.py").rename(folder / "old.txt")
    (folder / "work.ipynb").symlink_to("/etc/passwd")
    assert "'work.ipynb'" in refuse(folder).message


def test_contents_that_are_read_hold_the_notebook_and_no_document(folder: Path) -> None:
    (folder / "model.py").unlink()
    (folder / "work.ipynb").write_text("{}")
    (folder / "README.md").touch()
    assert dict(read_files(folder, harness.Limits())) == {PurePosixPath("work.ipynb"): b"{}"}
