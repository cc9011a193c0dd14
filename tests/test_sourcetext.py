"""A file that should be text in UTF-8 and is not is named, with what it is and what to do."""

from __future__ import annotations

import codecs
import importlib
import pickle
import re
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from harness.course import Course
from harness.errors import TaskError
from harness.notebooks import NotebookError, read_notebook
from harness.sourcetext import not_text, unreadable_source
from harness.worker._explain import explain

pytestmark = [pytest.mark.unit]

TEXT = "# Größe\nimport math\n"


def archive() -> bytes:
    with BytesIO() as file:
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("model.py", TEXT)
        return file.getvalue()


WRONG = {
    "utf-16": (TEXT.encode("utf-16"), "in UTF-16, which Windows Notepad and PowerShell call Unicode, .*encoding UTF-8"),
    "utf-16 big": (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "is text in UTF-16"),
    "utf-16 without a mark": (TEXT.encode("utf-16-le"), "is text in UTF-16"),
    "utf-16 big without a mark": (TEXT.encode("utf-16-be"), "is text in UTF-16"),
    "utf-32": (TEXT.encode("utf-32"), "is text in UTF-32 instead"),
    "only nulls": (bytes(4096), "contains 4,096 null bytes, the first in line 1"),
    "a null at the end": (b"x = 1\ny = 2\n\0", "contains 1 null bytes, the first in line 3: .* restore it from a copy"),
    "latin-1": (b"x = 1\n" + "s = 'ü'\n".encode("latin-1"), r"0xfc in line 2, .*\(in Windows-1252 it would be ü\)"),
    "euro": ("s = '€'\n".encode("cp1252"), "0x80 in line 1, .*would be €"),
    "half a surrogate pair": (b"s = '\xed\xa0\x80'\n", "0xed in line 1"),
    "utf-8 cut off": (b"s = '\xc3'\n", "0xc3 in line 1"),
    "utf-8 declared": (b"# coding: utf-8\n" + "s = 'ö'\n".encode("latin-1"), "0xf6 in line 2"),
    "ascii declared": (
        b"# -*- coding: ascii -*-\n" + TEXT.encode(),
        "ascii in line 1, but line 2 contains other bytes",
    ),
    "unknown": (b"#!/usr/bin/python\n# vim: set fileencoding=utf_9 :\n", "utf_9 in line 2, which Python does not know"),
    "utf-16 declared": (b"# coding: utf-16\nx = 1\n", "utf-16 in line 1.*delete that declaration"),
    "no encoding of text": (b"# coding: rot13\nx = 1\n", "rot13 in line 1, which no source can have"),
    "mark and declaration": (codecs.BOM_UTF8 + b"# coding: latin-1\n", "latin-1 in line 1, but begins with the mark"),
    "archive": (archive(), "is a ZIP archive .*, not a text: replace it by the source itself"),
    "pickle": (pickle.dumps([1, 2]), "is a pickle, not a text"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF document"),
}
RIGHT = {
    "empty": b"",
    "utf-8": TEXT.encode(),
    "with a mark": TEXT.encode("utf-8-sig"),
    "with a mark and its declaration": codecs.BOM_UTF8 + b"# coding: utf-8\n" + TEXT.encode(),
    "windows": TEXT.replace("\n", "\r\n").encode(),
    "old mac": TEXT.replace("\n", "\r").encode(),
    "latin-1 declared": b"# coding: latin-1\n" + TEXT.encode("latin-1"),
    "declared too late": b"x = 1\n# coding: utf_9\n",
    "declared in the third line": b"\n\n# coding: utf_9\n",
    "not a declaration": b"coding = 'rot13'\n",
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_text_in_utf8_is_described_with_a_remedy(case: str) -> None:
    content, said = WRONG[case]
    found = not_text(content)
    assert re.search(said, found), found
    assert ": " in found
    assert "\n" not in found


@pytest.mark.parametrize("case", RIGHT)
def test_text_that_python_reads_is_not_complained_about(case: str) -> None:
    assert not_text(RIGHT[case]) == ""
    compile(RIGHT[case], "model.py", "exec")


@pytest.mark.parametrize("name", ["model", "helper"])
@pytest.mark.parametrize("case", WRONG)
def test_an_import_that_fails_by_its_encoding_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, name: str
) -> None:
    (tmp_path / "model.py").write_text("import helper")
    (tmp_path / f"{name}.py").write_bytes(WRONG[case][0])
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("model", "helper"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(Exception) as caught:
        importlib.import_module("model")
    raised = explain(caught.value, tmp_path, "import")
    assert raised.file == f"{name}.py"
    assert f"{name}.py {not_text(WRONG[case][0])}" in raised.message


def test_other_text_that_cannot_be_decoded_is_not_blamed_on_sources(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_bytes(b"# \xfc\n")
    with pytest.raises(UnicodeDecodeError) as caught:
        b"words \xff".decode()
    assert "model.py" not in explain(caught.value, tmp_path, "import").message


def test_a_task_in_utf16_names_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "tasks" / "digits"
    folder.mkdir(parents=True)
    (folder / "task.py").write_bytes("import harness\n".encode("utf-16"))
    with pytest.raises(TaskError, match=r"task digits does not load: .*task\.py is text in UTF-16, .*encoding UTF-8"):
        Course(tmp_path).task("digits")


def test_a_notebook_in_utf16_is_told_its_encoding() -> None:
    with pytest.raises(NotebookError, match=r"^model\.ipynb cannot be read: it is text in UTF-16, .*encoding UTF-8$"):
        read_notebook("model.ipynb", '{"cells": []}'.encode("utf-16"))


def test_another_error_that_mentions_an_encoding_blames_no_file(tmp_path: Path) -> None:
    (tmp_path / "notes.py").write_bytes("# é".encode("cp1252"))
    assert unreadable_source(ValueError("unknown encoding 'onehot'"), "unknown encoding 'onehot'", tmp_path) is None
