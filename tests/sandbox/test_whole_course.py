"""Attacks on the whole program: the exit code is that of a failed submission, without a traceback of the harness."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from harness.terminal.shown_progress import watching

HEAD = """
import io, json, os, sys, time, zipfile
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        {fit}
    def predict(self, inputs):
        return np.zeros(len(inputs), int)
    def save(self, folder):
        super().save(folder)
        {save}
"""

BROKEN_ZIP = """
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.{method}) as archive:
            archive.writestr("a.npy", bytes(1000))
        content = bytearray(stream.getvalue())
        content[{where}] = b"\\xff" * len(content[{where}])
        (folder / "a.npz").write_bytes(content)
"""


def evaluate(course, fit="pass", save="pass"):
    course.submit(HEAD.format(fit=fit, save=save))
    done = course.harness("evaluate", "submissions/bob")
    assert "Traceback (most recent call last)" not in done.stderr
    assert done.returncode == 1, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    return course.record()


@pytest.mark.parametrize(
    ("method", "where"),
    [("ZIP_DEFLATED", "35:45"), ("ZIP_LZMA", "44:60"), ("ZIP_BZIP2", "40:60")],
)
def test_an_archive_that_cannot_be_unpacked_is_weighed_as_bytes(course, method, where):
    record = evaluate(course, save=BROKEN_ZIP.format(method=method, where=where).strip())
    assert record["status"] == "below_baseline"
    assert record["cost"]["parameters"] > 0


def test_a_forged_file_name_is_shown_without_control_characters(course):
    fit = (
        "from harness.wire import Raised; import gc; from harness.worker import _loop; "
        "_loop.explain = lambda error, folder: Raised('E', 'm', '\\x1b[31mmodel.py\\n[/red]', 1, '', 'error'); 1 / 0"
    )
    assert evaluate(course, fit=fit)["failure"]["kind"] == "fit_error"


def test_a_file_name_that_the_host_cannot_create_is_the_students_failure(course):
    fit = "from harness.worker import _loop; _loop.read_files = lambda folder: [('é' * 200, np.zeros(4, np.uint8))]"
    assert evaluate(course, fit=fit)["failure"]["phase"] == "save"


def test_numbers_that_a_progress_bar_cannot_show_do_not_end_the_evaluation():
    """`self.log(epoch=..., epochs=1e308)` is finite and comes through as it is."""
    console = Console(file=io.StringIO(), force_terminal=True)
    with watching(console, "bob · blobs") as observer:
        observer.phase("fit")
        for number in range(1, 4):
            observer.logged({"epoch": number * 1e-308, "epochs": 1e308})
            time.sleep(0.01)
        observer.logged({"epoch": -1e308, "epochs": 1e308})
