"""Installed packages bring tasks, kinds, metrics and platforms to the courses that name them, and to no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

from harness.bundled import chosen_tasks, copy_tasks
from harness.course import Course
from harness.errors import TaskError, UsageError
from harness.lms import system_of
from harness.plugins import METRIC_GROUP, CourseFile
from tests.conftest import BLOBS, CENTROIDS, PATIENCE, REPOSITORY, TemporaryCourse
from tests.declared import info
from tests.places._site import package_folders
from tests.test_wheel import build

EXAMPLE = Path(__file__).with_name("plugin_example")
METRIC = "from harness import metrics\nclose = metrics.accuracy\n"
USES = BLOBS.replace("{limits}", "").replace("{more}", "")
USES = "from .._plugins import close\n" + USES.replace("(harness.metrics.accuracy,", "(close,")


class Packages:
    """A folder of installed packages, first on the path of this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, entries: str, module: str = METRIC, *, version: str = "1.0") -> None:
        """Lay out a package of one module, named as the package is with underscores, as pip would."""
        stem = name.replace("-", "_")
        (self.folder / f"{stem}.py").write_text(module)
        facts = self.folder / f"{stem}-{version}.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (facts / "entry_points.txt").write_text(entries)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packages:
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return Packages(folder)


def course_of(course: TemporaryCourse, *plugins: str) -> Course:
    (course.root / "course.toml").write_text(f"plugins = {list(plugins)}\n")
    return Course(course.root)


def metric(value: str, name: str = "close") -> str:
    return f"[harness.metrics]\n{name} = {value}\n"


@pytest.mark.unit
def test_a_task_imports_the_metric_of_a_named_package(course: TemporaryCourse, packages: Packages) -> None:
    packages.install("close-one", metric("close_one:close"))
    course.add_task("uses", text=USES)
    assert course_of(course, "Close_One").task("uses").primary.name == "accuracy"


@pytest.mark.unit
def test_nothing_is_imported_of_a_package_that_is_not_named(course: TemporaryCourse, packages: Packages) -> None:
    packages.install("unnamed-one", metric("unnamed_one:close") + "[harness.tasks]\nward = unnamed_one\n", METRIC)
    course.add_task("uses", text=USES)
    here = Course(course.root)
    with pytest.raises(TaskError, match=r"no plug-in offers a kind or metric 'close' .*course\.toml names no plugins"):
        here.task("uses")
    with pytest.raises(UsageError, match="no task 'ward' comes with the harness or a plug-in that this course names"):
        chosen_tasks("ward", here)
    assert "unnamed_one" not in sys.modules
    assert dict(here.plugins.installed())["unnamed-one 1.0 (metric close, task ward)"] is False
    assert here.task("blobs").name == "blobs"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("package", "value", "module", "problem"),
    [
        (
            "bad-import",
            "bad_import:close",
            "import nothing_like_that",
            "cannot be imported (ModuleNotFoundError: No mod",
        ),
        ("bad-value", "-:", METRIC, "cannot be imported ("),
        ("bad-exit", "bad_exit:close", "raise SystemExit('no')", "cannot be imported (SystemExit: no)"),
        ("bad-name", "bad_name:closer", METRIC, "cannot be imported (AttributeError: module 'bad_name' has no attr"),
        (
            "bad-type",
            "bad_type:close",
            "close = 'accuracy'",
            "is of type str; expected harness.contract.Metric",
        ),
    ],
)
def test_a_mistake_in_a_plugin_is_an_instructors_and_affects_one_task(
    course: TemporaryCourse, packages: Packages, package: str, value: str, module: str, problem: str
) -> None:
    packages.install(package, metric(value), module)
    course.add_task("uses", text=USES)
    here = course_of(course, package)
    with pytest.raises(TaskError) as caught:
        here.task("uses")
    said = str(caught.value)
    assert problem in said
    assert f"task uses: the metric 'close' of {package} 1.0 (entry point {value!r} of group harness.metrics)" in said
    assert f"correct or reinstall {package}, or remove it from {course.root / 'course.toml'}" in said
    assert "tasks/uses/task.py:1" in said
    assert here.task("blobs").name == "blobs"


ORDINAL = (EXAMPLE / "wards_for_harness" / "ordinal.py").read_text()
ORDERED = "from .._plugins import ordinal\n" + BLOBS.replace("{limits}", "").replace("{more}", "")
ORDERED = ORDERED.replace('kind="classification"', "kind=ordinal").replace(
    "metrics=(harness.metrics.accuracy, harness.metrics.macro_f1)",
    "metrics=(harness.Metric('closeness', lambda targets, told: float((targets == told.values).mean()), True),)",
)
KIND = "[harness.kinds]\nordinal = {module}:ORDINAL\n"


@pytest.mark.unit
def test_a_task_is_of_the_kind_of_a_named_package(course: TemporaryCourse, packages: Packages) -> None:
    packages.install("kind-one", KIND.format(module="kind_one"), ORDINAL)
    course.add_task("uses", text=ORDERED)
    with pytest.raises(TaskError, match=r"no plug-in offers a kind or metric 'ordinal'"):
        Course(course.root).task("uses")
    assert "kind_one" not in sys.modules
    task = course_of(course, "kind-one").task("uses")
    assert task.kind_name == "ordinal"
    assert task.kind_definition.form == "array"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("package", "before", "after", "problem"),
    [
        ("kind-named", 'name = "ordinal"', 'name = "places"', "has the name 'places'; expected 'ordinal'"),
        (
            "kind-form",
            'name = "ordinal"',
            'name = "ordinal"\n    form = "tree"',
            "its form is 'tree'; expected one of 'arr",
        ),
        ("kind-silent", "returns = ", "told = ", "its returns is None; expected a text"),
        ("kind-class", "ORDINAL = Ordinal()", "ORDINAL = Ordinal", r"is of type ABCMeta; expected harness.kinds.Kind"),
        ("kind-torn", "yield Expected(len", "yield 1 / 0, Expected(len", "expectations raised ZeroDivisionError: div"),
        ("kind-odd", "yield Expected(len(facts.classes) >= 3,", "yield (", "expectations returned ('classes', "),
    ],
)
def test_a_mistake_in_a_kind_is_an_instructors_and_affects_one_task(
    course: TemporaryCourse, packages: Packages, package: str, before: str, after: str, problem: str
) -> None:
    assert before in ORDINAL
    packages.install(package, KIND.format(module=package.replace("-", "_")), ORDINAL.replace(before, after))
    course.add_task("uses", text=ORDERED)
    here = course_of(course, package)
    with pytest.raises(TaskError) as caught:
        here.task("uses")
    assert problem in str(caught.value)
    assert "tasks/uses/task.py:" in str(caught.value)
    assert here.task("blobs").name == "blobs"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("package", "before", "after", "problem"),
    [
        (
            "late-one",
            "return Accepted(received.astype(np.int64))",
            "return received",
            "expected harness.kinds.Accepted",
        ),
        (
            "late-two",
            "last = len(facts.classes) - 1",
            "last = facts.classes[9]",
            r"accept raised IndexError: .*late_two\.py",
        ),
    ],
)
def test_a_kind_that_fails_on_predictions_is_not_a_students_failure(
    course: TemporaryCourse, packages: Packages, package: str, before: str, after: str, problem: str
) -> None:
    packages.install(package, KIND.format(module=package.replace("-", "_")), ORDINAL.replace(before, after))
    course.add_task("uses", text=ORDERED)
    kind = course_of(course, package).task("uses").kind_definition
    with pytest.raises(TaskError, match=rf"the kind 'ordinal' \({package.replace('-', '_')}\.Ordinal\): .*{problem}"):
        kind.accept(info(classes=("a", "b", "c")), np.zeros(3))


@pytest.mark.unit
def test_a_kind_may_not_use_a_name_of_the_harness(course: TemporaryCourse, packages: Packages) -> None:
    entries = "[harness.kinds]\nregression = kind_taker:ORDINAL\n"
    packages.install("kind-taker", entries, ORDINAL.replace('name = "ordinal"', 'name = "regression"'))
    course.add_task("uses", text=ORDERED.replace("import ordinal", "import regression as ordinal"))
    with pytest.raises(
        TaskError, match="its name is 'regression', which is the name of a kind that comes with the harness"
    ):
        course_of(course, "kind-taker").task("uses")


@pytest.mark.unit
def test_a_kind_and_a_metric_of_one_name_are_refused(course: TemporaryCourse, packages: Packages) -> None:
    packages.install("name-kind", KIND.format(module="name_kind"), ORDINAL)
    packages.install("name-metric", metric("name_metric:close", "ordinal"))
    course.add_task("uses", text=ORDERED)
    with pytest.raises(TaskError, match="plug-ins provide both a kind and a metric 'ordinal': name only one"):
        course_of(course, "name-kind", "name-metric").task("uses")


@pytest.mark.unit
def test_a_named_package_that_is_not_installed_is_reported(course: TemporaryCourse, packages: Packages) -> None:
    packages.install("there-one", metric("there_one:close"))
    course.add_task("uses", text=USES)
    assert course_of(course, "there-one", "not-there-9").task("uses").name == "uses"
    here = course_of(course, "not-there-9")
    assert "course.toml names not-there-9, which is not installed: pip install" in "".join(here.plugins.problems())
    with pytest.raises(TaskError, match="which offer none; not installed: not-there-9: pip install not-there-9"):
        here.task("uses")
    with pytest.raises(UsageError, match=r"course\.toml names not-there-9, which is not installed"):
        chosen_tasks("ward", here)


@pytest.mark.unit
def test_a_name_that_two_packages_provide_is_refused(course: TemporaryCourse, packages: Packages) -> None:
    for name in ("twice-one", "twice-two"):
        packages.install(name, metric(f"{name.replace('-', '_')}:close"))
    plugins = course_of(course, "twice-one", "twice-two").plugins
    problem = "the metric 'close' is provided by twice-one and twice-two: name only one of them in "
    assert [text.startswith(problem) for text in plugins.problems()] == [True]
    with pytest.raises(TaskError, match=problem):
        plugins.load(METRIC_GROUP, "close", object)


@pytest.mark.unit
def test_a_package_may_not_use_a_name_of_the_harness(course: TemporaryCourse, packages: Packages) -> None:
    entries = "[harness.platforms]\nmoodle = taker:close\n[harness.tasks]\nusps = harness_course.taker.tasks.usps\n"
    packages.install("taker", entries)
    folder = packages.folder / "harness_course" / "taker" / "tasks" / "usps"
    folder.mkdir(parents=True)
    (folder / "task.py").write_text(USES)
    here = course_of(course, "taker")
    with pytest.raises(TaskError, match=r"platform 'moodle' of taker 1\.0 has the same name as one that comes with"):
        system_of("moodle", here.plugins)
    assert system_of("canvas", here.plugins).name == "canvas"
    with pytest.raises(TaskError, match="has the name of a task that comes with the harness"):
        chosen_tasks("usps", here)
    assert chosen_tasks("spect", here) == ["spect"]


@pytest.mark.unit
def test_a_platform_of_another_name_or_type_is_refused(course: TemporaryCourse, packages: Packages) -> None:
    module = "from harness.lms import SYSTEMS\nother = SYSTEMS['moodle']\nthing = 7\n"
    packages.install(
        "platform-one", "[harness.platforms]\nbox = platform_one:other\nbin = platform_one:thing\n", module
    )
    plugins = course_of(course, "platform-one").plugins
    with pytest.raises(TaskError, match="calls itself 'moodle'; expected 'box', the name of its entry point"):
        system_of("box", plugins)
    with pytest.raises(TaskError, match=r"is of type int; expected harness\.lms\.System"):
        system_of("bin", plugins)


@pytest.mark.unit
@pytest.mark.parametrize(
    "within", ["opened.tasks.ward", "opened.inner.tasks.ward", "opened.harness_course.x.tasks.ward"]
)
def test_a_task_that_workers_could_read_is_refused(course: TemporaryCourse, packages: Packages, within: str) -> None:
    folder = packages.folder.joinpath(*within.split("."))
    folder.mkdir(parents=True)
    (folder / "task.py").write_text(USES)
    packages.install("open-one", f"[harness.tasks]\nward = {within}\n")
    with pytest.raises(TaskError, match=r"expected the package harness_course\.NAME_OF_THE_PACKAGE\.tasks\.ward, whi"):
        chosen_tasks("ward", course_of(course, "open-one"))


@pytest.mark.unit
def test_a_task_missing_from_its_package_is_reported(course: TemporaryCourse, packages: Packages) -> None:
    packages.install(
        "void-one", "[harness.tasks]\ngone = harness_course.void.tasks.gone\nno = harness_course.void.tasks.no\n"
    )
    (packages.folder / "harness_course" / "void" / "tasks" / "no").mkdir(parents=True)
    here = course_of(course, "void-one")
    with pytest.raises(TaskError, match=r"the task 'gone' of void-one 1\.0 .* is missing; expected the package"):
        chosen_tasks("gone", here)
    with pytest.raises(TaskError, match=r"the task 'no' of void-one 1\.0 .* is a folder without task\.py, .*/no;"):
        chosen_tasks("no", here)


@pytest.mark.unit
def test_a_task_of_a_package_that_does_not_load_is_not_copied(course: TemporaryCourse, packages: Packages) -> None:
    packages.install("broken-one", "[harness.tasks]\nward = harness_course.broken_one.tasks.ward\n")
    folder = packages.folder / "harness_course" / "broken_one" / "tasks" / "ward"
    folder.mkdir(parents=True)
    (folder / "task.py").write_text("TASK = 3\n")
    here = course_of(course, "broken-one")
    with pytest.raises(TaskError, match=r"task ward: found TASK = 3 \(int\); expected TASK = harness\.Task"):
        copy_tasks(here, ["ward"])
    assert here.task_names() == ["blobs"]


@pytest.mark.unit
def test_changed_code_of_a_package_changes_the_digest_of_tasks_that_use_it(
    course: TemporaryCourse, packages: Packages
) -> None:
    packages.install("digest-one", metric("digest_one:close"))
    course.add_task("uses", text=USES)
    here = course_of(course, "digest-one")
    before = {name: here.task_digest(name) for name in here.task_names()}
    (packages.folder / "digest_one.py").write_text(METRIC + "# mended\n")
    after = {name: Course(course.root).task_digest(name) for name in here.task_names()}
    assert after["blobs"] == before["blobs"]
    assert after["uses"] != before["uses"]
    assert len(after["uses"]) == len(after["blobs"])


@pytest.mark.unit
@pytest.mark.parametrize(
    "text", ["plugins = 'one'", "plugins = [1]", "plugins = ['../x']", "plugin = []", "plugins = ["]
)
def test_an_invalid_list_of_plugins_says_what_is_allowed(tmp_path: Path, text: str) -> None:
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(UsageError, match=r"course\.toml: "):
        CourseFile.read(tmp_path / "course.toml")


@pytest.mark.unit
def test_entry_points_that_are_not_used_are_reported(course: TemporaryCourse, packages: Packages) -> None:
    packages.install("rules-one", "[harness.rules]\nlinear = rules_one:close\n")
    packages.install("empty-one", "")
    packages.install("torn-one", "[harness.metrics]\nclose\n")
    plugins = course_of(course, "rules-one", "empty-one", "torn-one").plugins
    problems = list(plugins.problems())
    assert "the entry points of torn-one 1.0 cannot be read: reinstall it" in problems
    assert not any(text.startswith(("torn-one", "empty-one")) for text, _ in plugins.installed())
    assert "rules-one 1.0 has entry points of group harness.rules, which this harness does not use" in problems
    assert any("empty-one 1.0 offers nothing: it has no entry points of harness.tasks" in text for text in problems)


@pytest.mark.line
@pytest.mark.thorough
def test_a_built_package_is_used_from_its_task_to_a_score(course: TemporaryCourse, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "source")
    wheel = build("wheel", tmp_path / "source", tmp_path / "built")
    venv.create(tmp_path / "env", symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    (installed,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (installed / "shared.pth").write_text("".join(f"{one}\n" for one in (*package_folders(), REPOSITORY)))
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", f"--target={installed}", str(wheel)]
    subprocess.run([sys.executable, *install], check=True, capture_output=True, text=True)

    def harness(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [python, "-P", "-m", "harness", *arguments],
            cwd=course.root,
            env=os.environ | course.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "no task 'wards' comes with" in harness("tasks", "add", "wards", code=2)
    brings = "kind ordinal, metric mean_steps, metric within_one_step, platform letterbox, task wards"
    brings = f"wards-for-harness 1.2 ({brings})"
    assert f"plug-in {brings}: installed but not used" in harness("doctor")
    (course.root / "course.toml").write_text('plugins = ["wards-for-harness"]\n')
    assert f"✓ plug-in {brings}" in harness("doctor")
    assert "(of wards-for-harness 1.2, not in this course)" in harness("tasks", "--available")
    harness("tasks", "add", "wards")
    assert "(of wards-for-harness 1.2, in this course, as of wards-for-harness 1.2)" in harness("tasks", "--available")
    assert "no mistake was found" in harness("tasks", "check", "wards")

    download = tmp_path / "download" / "Ann Ark--17"
    download.mkdir(parents=True)
    hidden = installed / "harness_course"
    assert list(hidden.rglob("task.py"))
    (download / "model.py").write_text(
        f"from pathlib import Path\nif list(Path({str(hidden)!r}).rglob('*')): raise SystemExit('a task shows')\n"
        f"if not Path({str(hidden)!r}, '../wards_for_harness').is_dir(): raise SystemExit('no package shows')\n"
        f"{CENTROIDS}"
    )
    assert "imported: 1 new" in harness("import", "letterbox", str(download.parent), "--task", "wards")
    (ann,) = Course(course.root).submission_names()
    harness("evaluate", f"submissions/{ann}", "--isolation", "landlock")
    record = course.record(ann, "wards")
    assert record["status"] == "passed"
    assert [score["name"] for score in record["scores"]] == ["within one step", "mean steps"]
    wrong = course.submit(CENTROIDS.replace(".argmin(axis=1)", ".argmin(axis=1) + 1"), name="eve", task="wards")
    assert "expected a place from 0 to 2" in harness("evaluate", str(wrong), "--isolation", "landlock", code=1)
    assert "kind         ordinal" in harness("tasks", "show", "wards")
    harness("new", "submission", "dan", "--task", "wards")
    assert "the place in the middle" in (course.root / "submissions" / "dan" / "wards" / "model.py").read_text()
    harness("check", "submissions/dan")
    harness("report", f"submissions/{ann}")
