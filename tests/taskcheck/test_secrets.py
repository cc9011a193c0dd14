"""What students must not have is not where a commit would publish it; baselines are compared with records."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.course import Course
from harness.data import Places
from harness.taskcheck import check_task
from tests.conftest import TemporaryCourse

LOCAL = "harness.Local(title='l', licence='l', files=('x',), load=lambda f: clouds(), baseline=harness.Baseline(0.8))"


def git(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)


def found(course: TemporaryCourse, private: Path | None = None, root: Path | None = None) -> list[str]:
    places = Places(root=root, cache=course.root / "cache", private=private, offline=True)
    return [one.text for one in check_task(Course(course.root), "blobs", places) if one.outcome in ("mistake", "doubt")]


def test_private_parts_that_git_does_not_ignore_are_a_mistake(course: TemporaryCourse, tmp_path: Path) -> None:
    course.add_task(more="private_test=True,")
    private = tmp_path / "staff" / "private"
    (private / "blobs").mkdir(parents=True)
    assert not [text for text in found(course, private) if "HARNESS_PRIVATE is" in text]
    git(tmp_path / "staff")
    (mistake,) = [text for text in found(course, private) if "HARNESS_PRIVATE is" in text]
    assert "in a git repository that does not ignore it" in mistake
    (tmp_path / "staff" / ".gitignore").write_text("private/\n")
    assert not [text for text in found(course, private) if "HARNESS_PRIVATE is" in text]


def test_data_and_evidence_that_git_does_not_ignore_are_a_doubt(course: TemporaryCourse) -> None:
    path = course.add_task(more="private_test=True,")
    path.write_text(path.read_text().replace("    sources=(\n", f"    sources=(\n        {LOCAL},\n"))
    (course.root / "data" / "blobs").mkdir(parents=True)
    git(course.root)
    told = found(course, root=course.root / "data")
    assert len([text for text in told if "git does not ignore them: a commit would publish them" in text]) == 1
    assert len([text for text in told if "git does not ignore" in text and ".harness, which contains" in text]) == 1
    (course.root / ".gitignore").write_text("data/\n.harness/\n")
    assert not [text for text in found(course, root=course.root / "data") if "git does not" in text]


def test_a_baseline_is_compared_with_what_its_reference_gets(course: TemporaryCourse) -> None:
    path = course.add_task()
    path.write_text(path.read_text().replace("harness.Baseline(0.8)", "harness.Baseline(0.2, reference='middle')"))
    course.submit(name="middle", base="reference")
    doubt = "! blobs: embedded data: the baseline of 'generated clouds' is 0.2, and reference/middle reaches accuracy"
    said = course.harness("tasks", "check", "blobs").stdout
    assert "reference/middle: it has no record here; --references evaluates it" in " ".join(said.split())
    assert doubt in " ".join(course.harness("tasks", "check", "blobs", "--references").stdout.split())
    course.harness("evaluate", "reference/middle")
    assert doubt in " ".join(course.harness("tasks", "check", "blobs").stdout.split())
    got = course.record("reference/middle")["scores"][0]["value"]
    path.write_text(path.read_text().replace("Baseline(0.2,", f"Baseline({got},"))
    course.harness("evaluate", "reference/middle")
    assert "reference/middle gets the baseline, accuracy " in course.harness("tasks", "check", "blobs").stdout
