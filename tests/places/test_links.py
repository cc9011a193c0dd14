"""Folders that are reached through links, and folders that are closed to others, as root."""

from __future__ import annotations

import os
import shutil

import pytest

from harness.sandbox._interpreter import package_folders
from tests.places._cells import Cell
from tests.places._site import UID, Environment, Mount, Site, make_course, make_environment, mount_packages, open_folder

pytestmark = [
    pytest.mark.line,
    pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's workers read what that user can read"),
]
CAP_SYS_ADMIN = 21
ROOT = Cell("root", "private-home", "wheel", "course", "student")


def check_and_evaluate(site: Site, best: str, umask: int = 0o022) -> None:
    again = ("evaluate", "submissions/bob", "--force", "--cold")
    doctor, evaluate, cold, weaker = site.run(
        ("doctor",), ("evaluate", "submissions/bob"), again, (*again, "--isolation", "exactly:landlock"), umask=umask
    )
    assert "workers are forked" in doctor.stdout, doctor
    assert f"ready: isolation {best}\n" in doctor.stdout, doctor
    assert evaluate.code == 0, evaluate
    assert evaluate.stderr == "", evaluate
    assert "not forked" in cold.stdout, cold  # bob's own words: his worker came as far as his code
    assert "not forked" in weaker.stdout, weaker


@pytest.fixture
def home():
    with open_folder("/var/tmp") as top:
        (top / "home").mkdir(mode=0o700)
        yield top / "home"


@pytest.mark.thorough
def test_every_link_to_the_interpreter_is_followed(home, python_of, level_of, layers):
    """~/env is a link to a release, whose interpreter is one to a version, whose name is one; all private, or not."""
    python = python_of(ROOT)
    course, outside, versions = home / "course", home.parent / "outside", home / "versions"
    make_course(course)
    for folder in (outside, versions):
        folder.mkdir()
    (versions / python.version).symlink_to(outside / "python", target_is_directory=True)
    (versions / python.minor).symlink_to(python.version, target_is_directory=True)
    (outside / "python").symlink_to(python.prefix, target_is_directory=True)
    made = make_environment(home / "releases" / "one", versions / python.minor, python)
    (home / "env").symlink_to("releases/one", target_is_directory=True)
    (outside / "env").symlink_to(home / "env", target_is_directory=True)
    made.harness.write_text(made.harness.read_text().replace(str(made.python), str(outside / "env" / "bin" / "python")))
    site = Site(
        user="root",
        home=home,
        course=course,
        environment=Environment(outside / "env" / "bin" / "python", outside / "env" / "bin" / "harness", made.packages),
        mounts=mount_packages(layers, "editable", course, made.packages, home.parent),
        folder=course,
    )
    check_and_evaluate(site, level_of(ROOT))


@pytest.mark.thorough
def test_packages_installed_with_umask_077_can_be_read_by_workers(home, python_of, level_of, layers):
    """Packages lie in folders that a ``.pth`` file names, themselves below a folder that is closed."""
    python = python_of(ROOT)
    course = home / "course"
    make_course(course)
    made = make_environment(home / "env", python.prefix, python)
    closed = home / "env" / "lib" / "closed"
    mounts = []
    shutil.copytree(layers.wheel / "harness", made.packages / "harness")
    for number, packages in enumerate(package_folders()):
        place = closed / str(number) / "site-packages"
        place.mkdir(parents=True)
        mounts.append(Mount((packages,), place))
    (made.packages / "more.pth").write_text("".join(f"{mount.target}\n" for mount in mounts))
    for path in (home / "env", *(home / "env").rglob("*")):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() or path.parent.name == "bin" else 0o600)
    site = Site(user="root", home=home, course=course, environment=made, mounts=mounts, folder=course)
    check_and_evaluate(site, level_of(ROOT), umask=0o077)


@pytest.mark.thorough
def test_bytecode_that_only_root_may_read_causes_no_failure(home, python_of, level_of, layers):
    """As root leaves it in a shared installation, under a umask of 077."""
    user = Cell("user", "var-tmp", "wheel", "course", "student")
    course, installed = home.parent / "course", home.parent / "harness"
    make_course(course)
    shutil.copytree(layers.wheel / "harness", installed)
    made = make_environment(home.parent / "env", python_of(user).prefix, python_of(user))
    for path in (home, course, *course.rglob("*")):
        os.chown(path, UID, UID)
    kept = list(installed.rglob("__pycache__"))
    assert kept
    for folder in kept:
        folder.chmod(0o700)
    mounts = mount_packages(layers, "wheel", course, made.packages, home.parent)
    mounts.append(Mount((installed,), made.packages / "harness"))
    site = Site(user="user", home=home, course=course, environment=made, mounts=mounts, folder=course)
    check_and_evaluate(site, level_of(user))


@pytest.mark.thorough
def test_where_nothing_can_be_mounted_the_reason_and_a_remedy_are_reported(home, python_of, layers):
    """As in a container whose root may not mount."""
    course = home / "course"
    make_course(course)
    made = make_environment(home / "env", python_of(ROOT).prefix, python_of(ROOT))
    mounts = mount_packages(layers, "wheel", course, made.packages, home.parent)
    site = Site(user="root", home=home, course=course, environment=made, mounts=mounts, folder=course)
    evaluate, doctor = site.run(("evaluate", "submissions/bob"), ("doctor",), without=[CAP_SYS_ADMIN])
    for done in (evaluate, doctor):
        assert done.code == 3, done
        assert f"chmod o+x {home}" in (done.stdout + done.stderr).replace("; ", " "), done
        assert "Traceback" not in done.stdout + done.stderr
    assert not (course / "leaderboard").exists()
