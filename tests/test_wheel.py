"""The wheel, built from the sdist, installed into an environment of its own, and used outside of the checkout."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from harness._version import DISTRIBUTION, __version__
from tests.conftest import BRIEFLY, PATIENCE, REPOSITORY
from tests.places._site import package_folders

pytestmark = pytest.mark.skipif(
    int(metadata.version("setuptools").split(".")[0]) < 77, reason="an older setuptools stands before the one installed"
)
DECLARED = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
BUILT = {
    "harness",
    "tasks",
    "reference",
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "NOTICE.md",
}


STUDENTS = (REPOSITORY / "docs" / "students.md").read_text(encoding="utf-8")
LEAST_SQUARES = re.findall(r"```python\n(.*?)```", STUDENTS.partition("## A model in 15 lines")[2], re.DOTALL)[0]


@dataclass(frozen=True)
class Outside:
    """An environment with the wheel installed, and an empty folder."""

    wheel: Path
    program: Path
    folder: Path

    def harness(self, *arguments: str, code: int = 0, where: str = ".") -> str:
        """Run the installed command in the empty folder and return what it printed."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTHON"))},
            "XDG_CACHE_HOME": str(self.folder.parent / "cache"),
            "HARNESS_OFFLINE": "1",
            "HARNESS_LATENCY_SECONDS": BRIEFLY,
            "HARNESS_AUDIT_LEARNING": "no",
            "HARNESS_LOCKS": os.environ["HARNESS_LOCKS"],
        }
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder / where,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


def build(kind: str, source: Path, into: Path) -> Path:
    into.mkdir()
    command = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(into)!r}))"
    subprocess.run([sys.executable, "-c", command], cwd=source, check=True, capture_output=True, text=True)
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from the files that git knows, so that nothing else decides what is in it."""
    folder = tmp_path_factory.mktemp("sdist")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in listed:
        if name.partition("/")[0] in BUILT and (REPOSITORY / name).is_file():
            path = folder / "source" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((REPOSITORY / name).read_bytes())
    return build("sdist", folder / "source", folder / "built")


@pytest.fixture(scope="module")
def outside(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Outside:
    folder = tmp_path_factory.mktemp("outside")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    wheel = build("wheel", source, folder / "wheel")
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "dependencies.pth").write_text("".join(f"{one}\n" for one in package_folders()))
    program = folder / "env" / "bin" / "harness"
    program.write_text(f"#!{python}\nimport sys\nfrom harness.cli import main\nsys.exit(main())\n")
    program.chmod(0o755)
    (folder / "empty").mkdir()
    return Outside(wheel, program, folder / "empty")


@pytest.mark.worker
def test_a_wheel_holds_the_package_and_the_course(outside: Outside) -> None:
    held = set(zipfile.ZipFile(outside.wheel).namelist())
    files = [path for path in (REPOSITORY / "harness").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(REPOSITORY).as_posix() for path in files} <= held
    for base in ("tasks", "reference"):
        course = [path for path in (REPOSITORY / base).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert {f"harness_course/{path.relative_to(REPOSITORY).as_posix()}" for path in course} <= held
    assert {name.rpartition("/")[2] for name in held if ".dist-info/licenses/" in name} == {"LICENSE", "NOTICE.md"}
    tops = {name.partition("/")[0] for name in held}
    assert tops == {"harness", "harness_course", f"{DISTRIBUTION.replace('-', '_')}-{__version__}.dist-info"}


@pytest.mark.thorough
@pytest.mark.line
def test_a_course_begins_in_an_empty_folder_without_a_checkout(outside: Outside) -> None:
    assert outside.harness("--version").strip() == f"harness, version {__version__}"
    assert "usps" in outside.harness("tasks", "--available")
    outside.harness("new", "course", "mycourse", "--tasks", "all")
    assert "11 tasks, none with a mistake" in outside.harness("tasks", where="mycourse")
    outside.harness("new", "submission", "bob", "--task", "usps", where="mycourse")
    assert "0 failed" in outside.harness(
        "evaluate", "submissions/bob", "reference/knn/usps", code=1, where="mycourse"
    ).replace("failed to", "")


ROSTER = "submission,name,email,canvas_id\nann,Ann Ark,ann@x.org,101\nbob,Bob Bee,bob@x.org,102\n"
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,USPS (7)
    Points Possible,,,,,10
"Ark, Ann",101,s101,ann,A,
"Bee, Bob",102,s102,bob,A,
"""
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade"
"Participant 77","Ann Ark",ann@x.org,"Submitted for grading",,10.00
"Participant 78","Bob Bee",bob@x.org,"Submitted for grading",,10.00
"""


@pytest.mark.line
@pytest.mark.thorough
def test_a_course_from_the_wheel_works_from_pull_request_to_upload(outside: Outside) -> None:
    outside.harness("new", "course", "class", "--tasks", "usps")
    course = outside.folder / "class"

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Staff", "-c", "user.email=staff@x.org", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *arguments], cwd=course, check=True, capture_output=True, text=True)

    git("init")
    git("add", "-A")
    git("commit", "-m", "The course")
    git("switch", "-c", "hand-in")
    for name in ("ann", "bob"):
        outside.harness("new", "submission", name, "--task", "usps", where="class")
    (course / "submissions" / "ann" / "usps" / "model.py").write_text(LEAST_SQUARES)
    git("add", "submissions")
    git("commit", "-m", "Two hand in")
    said = outside.harness("ci", "--base", "main", "--data", "embedded", code=1, where="class")
    assert "ann" in said
    assert "bob" in said
    (course / "roster.csv").write_text(ROSTER)
    graded = ("--roster", "roster.csv", "--task", "usps", "--data", "embedded")
    assert "graded: 2 of 2" in outside.harness("grade", *graded, where="class")
    outside.harness("site", "-o", "pages", where="class")
    assert {path.name for path in (course / "pages" / "tasks").glob("*.html")} >= {"usps.html"}
    for system, sheet, column, more in (
        ("canvas", CANVAS, -1, ("--assignment", "USPS (7)")),
        ("moodle", MOODLE, 4, ()),
    ):
        (course / f"{system}.csv").write_text(sheet)
        files = ("--into", f"{system}.csv", "-o", f"{system}-upload.csv")
        outside.harness("export", system, "--task", "usps", "--roster", "roster.csv", *files, *more, where="class")
        lines = (course / f"{system}-upload.csv").read_text().splitlines()
        ann, bob = (next(csv.reader([line])) for line in lines[-2:])
        assert 0 < float(ann[column]) <= 10
        assert float(bob[column]) == 0


@pytest.mark.thorough
@pytest.mark.line
def test_a_worker_cannot_read_the_solutions_that_came_with_the_wheel(outside: Outside) -> None:
    outside.harness("new", "course", "second", "--tasks", "usps")
    (course,) = outside.program.parents[1].glob("lib/python*/site-packages/harness_course")
    assert len(list(course.rglob("*.py"))) > 50
    model = outside.folder / "second" / "submissions" / "eve" / "usps" / "model.py"
    model.parent.mkdir(parents=True)
    model.write_text(
        f"from pathlib import Path\nimport harness\nfound = list(Path({str(course)!r}).rglob('*'))\n"
        "raise SystemExit(f'found {len(found)} files')\n"
    )
    said = outside.harness("check", "submissions/eve", "--isolation", "namespaces", code=1, where="second")
    assert "found 0 files" in said


@pytest.mark.unit
def test_each_bundled_file_of_others_has_a_licence() -> None:
    typed = {"", ".css", ".gitkeep", ".jinja", ".js", ".md", ".py", ".pyc", ".sh", ".toml", ".typed", ".yml"}
    bundled = [
        path.relative_to(REPOSITORY)
        for base in ("harness", "tasks", "reference")
        for path in (REPOSITORY / base).rglob("*")
        if path.is_file() and path.suffix not in typed
    ]
    rows = re.findall(r"^\| `([^`]+)` \| .+ \| (\S.*) \|$", (REPOSITORY / "NOTICE.md").read_text(), re.MULTILINE)
    found = {pattern: {path for path in bundled if path.match(pattern)} for pattern, _ in rows}
    assert set(bundled) == set().union(*found.values())
    assert [pattern for pattern, files in found.items() if not files] == []
    drawn = {path.parent.name for path in found["tasks/*/samples.png"]} - {"usps"}
    for name in drawn:  # what a picture shows is generated, or it has a row of its own
        sources = (REPOSITORY / "tasks" / name / "task.py").read_text()
        assert "none needed: generated" in sources.partition("Embedded(")[2], name


@pytest.mark.unit
def test_the_metadata_has_what_a_package_index_shows() -> None:
    assert DECLARED["name"] == DISTRIBUTION
    pythons = [one.rpartition(" ")[2] for one in DECLARED["classifiers"] if re.search(r"3\.\d+$", one)]
    assert pythons == ["3.11", "3.12", "3.13"]
    assert "Typing :: Typed" in DECLARED["classifiers"]
    assert DECLARED["requires-python"] == ">=3.11"


def texts() -> list[Path]:
    kinds = {".py", ".md", ".sh", ".yml", ".toml", ".jinja", ""}
    folders = [path for base in ("harness", "docs") for path in (REPOSITORY / base).rglob("*")]
    return [path for path in [*REPOSITORY.glob("*.md"), *folders] if path.is_file() and path.suffix in kinds]


@pytest.mark.unit
def test_every_extra_that_a_message_names_exists() -> None:
    named: set[str] = set()
    for path in texts():
        text = path.read_text(errors="replace")
        assert "pip install 'harness[" not in text, path
        assert "harness @ " not in text.replace(f"{DISTRIBUTION} @ ", ""), path
        named |= set(re.findall(rf"{DISTRIBUTION}\[(\w+)\]", text)) | set(
            re.findall(r"\bextra\(['\"](\w+)['\"]\)", text)
        )
    assert named
    assert named <= set(DECLARED["optional-dependencies"])


@pytest.mark.unit
def test_the_base_install_has_no_package_of_an_extra() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9._-]", one)[0].lower() for one in requirements}

    base = names(DECLARED["dependencies"])
    for extra, requirements in DECLARED["optional-dependencies"].items():
        assert not base & names(requirements) or extra == "test", extra
