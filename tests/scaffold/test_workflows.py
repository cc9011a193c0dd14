"""The workflows are well-formed, hold no more rights than they need, and their shell does what it says.

The shell is taken out of the YAML and run by bash, as GitHub's runner does; `gh`, `pip` and `sudo` are doubles.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.scaffold import new_course
from tests.ci.conftest import RAISES, TemporaryRepository
from tests.conftest import REPOSITORY, TemporaryCourse
from tests.tools import actionlint, shellcheck

WORKFLOWS = ("grade", "comment", "leaderboard")


@pytest.fixture
def repository(tmp_path: Path) -> TemporaryRepository:
    root = tmp_path / "course"
    new_course(root, "coursework-harness @ file:///nowhere")
    temporary = TemporaryRepository(TemporaryCourse.at(root, tmp_path / "cache"))
    temporary.course.submit(name="alice", task="clouds")
    temporary.start()
    return temporary


def load(root: Path, name: str) -> dict[str, Any]:
    path = root / ".github" / ("actions/harness/action.yml" if name == "action" else f"workflows/{name}.yml")
    return yaml.load(path.read_text(), yaml.BaseLoader)


def steps_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def test_actionlint_and_shellcheck_find_nothing(repository: TemporaryRepository) -> None:
    done = subprocess.run(
        [actionlint(), "-no-color", f"-shellcheck={shellcheck()}", "-pyflakes="],
        cwd=repository.root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.worker
def test_this_repositorys_own_workflow_is_well_formed_and_may_only_read() -> None:
    done = subprocess.run(
        [actionlint(), "-no-color", f"-shellcheck={shellcheck()}", "-pyflakes="],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tests = load(REPOSITORY, "tests")
    assert tests["permissions"] == {"contents": "read"}
    assert "secrets." not in (REPOSITORY / ".github" / "workflows" / "tests.yml").read_text()


def test_actionlint_finds_a_mistake(repository: TemporaryRepository) -> None:
    repository.write(
        ".github/workflows/grade.yml", "on: pull_request\njobs:\n  a:\n    runs-on: nowhere\n    steps: []\n"
    )
    done = subprocess.run([actionlint()], cwd=repository.root, capture_output=True)
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["action", *WORKFLOWS])
def test_the_shell_passes_shellcheck_and_holds_no_expression(repository: TemporaryRepository, name: str) -> None:
    for step in steps_of(load(repository.root, name)):
        if "run" in step:
            assert "${{" not in step["run"], "what a stranger chose would become part of the script"
            assert step["shell"] == "bash"
            done = subprocess.run(
                [shellcheck(), "--shell=bash", "-"], input=step["run"], capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout


def test_jobs_that_run_submitted_code_may_only_read(repository: TemporaryRepository) -> None:
    grade = load(repository.root, "grade")
    assert set(grade["on"]) == {"pull_request"}
    assert set(grade["permissions"].values()) == {"read"}
    text = (repository.root / ".github" / "workflows" / "grade.yml").read_text()
    assert "secrets." not in text
    used = [step for step in steps_of(grade) + steps_of(load(repository.root, "action")) if "uses" in step]
    assert not [step for step in used if "cache" in step["uses"] or "cache" in step.get("with", {})]
    for job in load(repository.root, "leaderboard")["jobs"].values():
        if "write" in job.get("permissions", {}).values():
            assert not [step for step in job["steps"] if "run" in step]


def test_jobs_that_may_write_run_nothing_of_the_change(repository: TemporaryRepository) -> None:
    comment = load(repository.root, "comment")
    assert set(comment["on"]) == {"workflow_run"}
    assert comment["permissions"] == {}
    (job,) = comment["jobs"].values()
    assert [name for name, right in job["permissions"].items() if right == "write"] == ["pull-requests"]
    assert "ref" not in "".join(str(step.get("with", "")) for step in job["steps"])
    assert "pull_request_target" not in json.dumps(comment)


def test_the_file_for_gitlab_has_one_job_with_a_junit_report(repository: TemporaryRepository) -> None:
    (include,) = yaml.safe_load((repository.root / ".gitlab-ci.yml").read_text())["include"]
    job = yaml.safe_load((repository.root / include["local"]).read_text())["harness"]
    assert job["artifacts"]["reports"] == {"junit": "harness.xml"}


@dataclass
class Runner:
    """Runs the steps' shell where a runner would, with doubles of what is not here."""

    repository: TemporaryRepository
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.double("sudo", 'echo "sudo $*" >>"$DOUBLES/log"')
        self.double("sysctl", "echo 1")
        self.double(
            "python", f'case "$*" in *pip*) echo "$*" >>"$DOUBLES/log" ;; *) exec {sys.executable} "$@" ;; esac'
        )
        self.double("harness", f'exec {sys.executable} -P -m harness "$@"')
        self.double("gh", 'echo "gh $*" >>"$DOUBLES/log"')

    def double(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def run(self, document: str, step: str, **given: str) -> subprocess.CompletedProcess[str]:
        """Run the shell of a named step with these variables in the place of its expressions."""
        (found,) = [one for one in steps_of(load(self.repository.root, document)) if one.get("name") == step]
        missing = {name for name, value in found.get("env", {}).items() if "${{" in value} - set(given)
        assert not missing, missing
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
            cwd=self.repository.root,
            env=os.environ
            | self.repository.course.environment
            | {
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "DOUBLES": str(self.folder),
                "RUNNER_TEMP": str(self.folder),
                "GITHUB_OUTPUT": str(self.folder / "output"),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                "GITHUB_ACTIONS": "true",
                "GH_REPO": "org/course",
            }
            | given,
            capture_output=True,
            text=True,
        )

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @property
    def outputs(self) -> dict[str, str]:
        path = self.folder / "output"
        lines = path.read_text().splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(repository: TemporaryRepository, tmp_path: Path) -> Runner:
    """A clone, with the origin beside it, that holds a pull request number 7 by bob."""
    repository.branch("theirs")
    repository.course.submit(RAISES, name="bob", task="clouds")
    repository.commit()
    repository.git("update-ref", "refs/pull/7/head", "theirs")
    repository.git("checkout", "-q", "main")
    repository.git("branch", "-q", "-D", "theirs")
    clone = tmp_path / "clone"
    repository.git("clone", "-q", str(repository.root), str(clone))
    course = TemporaryCourse(clone, repository.course.environment)
    return Runner(TemporaryRepository(course), tmp_path / "runner")


def fetch(runner: Runner) -> None:
    done = runner.run("grade", "Fetch the change, as objects only", NUMBER="7", TOKEN="t")
    assert done.returncode == 0, done.stderr


def test_a_pull_request_is_fetched_and_graded(runner: Runner) -> None:
    fetch(runner)
    assert not (runner.repository.root / "submissions" / "bob").exists()
    done = runner.run(
        "action",
        "Evaluate what the change touches",
        BASE="HEAD",
        HEAD="refs/harness/head",
        AUTHOR="Bob",
        OUTSIDE="refuse",
        SCORE_ON="validation",
        DATA="embedded",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert runner.outputs == {"outcome": "failed", "evaluated": "1"}
    assert "predict_error" in (runner.folder / "summary").read_text()
    assert "::error file=submissions/bob/clouds/model.py,line=12," in done.stdout


def test_the_namespaces_are_allowed_where_they_are_blocked(runner: Runner) -> None:
    assert runner.run("action", "Let the sandbox start").returncode == 0
    assert runner.log == "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n"
    runner.double("sysctl", "exit 255")
    (runner.folder / "log").unlink()
    assert runner.run("action", "Let the sandbox start").returncode == 0
    assert runner.log == ""


def test_the_harness_is_installed_from_the_base(runner: Runner) -> None:
    assert runner.run("action", "Install the harness of the base").returncode == 0
    assert "install --quiet --requirement .github/harness.txt" in runner.log
    (runner.repository.root / ".github" / "harness.txt").write_text("# nothing yet\n\n")
    done = runner.run("action", "Install the harness of the base")
    assert done.returncode == 3
    assert "write here" in done.stdout


def test_earlier_records_come_from_the_base_alone(runner: Runner) -> None:
    runner.double("gh", 'echo "gh $*" >>"$DOUBLES/log"; case "$1 $2" in "run list") echo 42 ;; esac')
    done = runner.run("grade", "Get the records of earlier runs on the base", GH_TOKEN="t", BRANCH="main")
    assert done.returncode == 0, done.stderr
    listed, downloaded = runner.log.splitlines()
    assert "--branch main --event push --status success" in listed
    assert downloaded == "gh run download 42 --name harness-records --dir .harness/ci/records"


@pytest.mark.parametrize("gh", ["exit 1", "true"])
def test_without_earlier_records_the_job_continues(runner: Runner, gh: str) -> None:
    runner.double("gh", gh)
    given = {"GH_TOKEN": "t", "BRANCH": "main"}
    assert runner.run("grade", "Get the records of earlier runs on the base", **given).returncode == 0
    done = runner.run("leaderboard", "Get the records kept so far", GH_TOKEN="t", BEFORE="0" * 40)
    assert done.returncode == 0, done.stderr
    assert runner.outputs == {"commit": "HEAD"}


GH = """
echo "gh $*" >>"$DOUBLES/log"
case "$*" in
  *"/pulls -f"*) echo "$NUMBER_FOUND" ;;
  *.base.sha) git rev-parse main ;;
  *.author_association) echo "$ASSOCIATION" ;;
  *.user.login) echo Bob ;;
esac
"""


def find(runner: Runner, **given: str) -> subprocess.CompletedProcess[str]:
    runner.double("gh", GH)
    sha = runner.repository.git("ls-remote", "origin", "refs/pull/7/head").split()[0]
    given = {
        "NUMBER_FOUND": "7",
        "ASSOCIATION": "NONE",
        "SHA": sha,
        "OWNER": "bob",
        "BRANCH": "main&state=closed",
        "DEFAULT": "main",
    } | given
    return runner.run("comment", "Find the pull request", **given)


def test_the_comment_finds_its_pull_request_at_github(runner: Runner) -> None:
    done = find(runner)
    assert done.returncode == 0, done.stderr
    base = runner.repository.git("rev-parse", "main")
    assert runner.outputs == {"number": "7", "base": base, "author": "Bob", "outside": "refuse"}
    assert "-f base=main -f head=bob:main&state=closed" in runner.log


def test_staff_may_change_more(runner: Runner) -> None:
    find(runner, ASSOCIATION="OWNER")
    assert runner.outputs["outside"] == "report"


@pytest.mark.parametrize("given", [{"NUMBER_FOUND": ""}, {"NUMBER_FOUND": "7; rm -rf /"}, {"SHA": "0" * 40}])
def test_a_pull_request_that_is_gone_gets_no_comment(runner: Runner, given: dict[str, str]) -> None:
    done = find(runner, **given)
    assert done.returncode == 0
    assert runner.outputs == {}


HOSTILE = b'{"comment": "[x](http://evil) @everyone"}'


MALFORMED = [pytest.param(text, marks=pytest.mark.thorough) for text in (b"\xff\xfe", b"[" * 100_000)]


@pytest.mark.parametrize("artifact", [None, HOSTILE, *MALFORMED])
def test_an_invalid_artifact_is_not_shown(runner: Runner, artifact: bytes | None) -> None:
    find(runner)
    download = "exit 1" if artifact is None else 'cp "$DOUBLES/hostile" "${!#}/result.json"'
    if artifact is not None:
        (runner.folder / "hostile").write_bytes(artifact)
    runner.double("gh", f'case "$*" in "run download"*) {download} ;; esac')
    done = runner.run("comment", "Write the comment", RUN="1", BASE="main", AUTHOR="Bob", OUTSIDE="refuse")
    assert done.returncode == 0, done.stdout + done.stderr
    body = (runner.folder / "comment.md").read_text()
    assert "evil" not in body
    assert "0 passed" in body


def test_the_comment_is_posted_once_and_then_renewed(runner: Runner) -> None:
    runner.folder.joinpath("comment.md").write_text("## 1 passed\n")
    assert runner.run("comment", "Post it, or renew the one that is there", NUMBER="7").returncode == 0
    assert "--method POST repos/org/course/issues/7/comments" in runner.log
    assert (runner.folder / "body.md").read_text() == "<!-- harness -->\n## 1 passed\n"
    runner.double("gh", 'echo "gh $*" >>"$DOUBLES/log"; case "$*" in *--paginate*) echo 99 ;; esac')
    assert runner.run("comment", "Post it, or renew the one that is there", NUMBER="7").returncode == 0
    assert "--method PATCH repos/org/course/issues/comments/99" in runner.log


@pytest.mark.thorough
def test_gitlab_grades_a_merge_request(runner: Runner) -> None:
    fetch(runner)
    head = runner.repository.git("rev-parse", "refs/harness/head")
    script = yaml.safe_load((runner.repository.root / ".gitlab" / "harness.yml").read_text())["harness"]["script"]
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(script)],
        cwd=runner.repository.root,
        env=os.environ
        | runner.repository.course.environment
        | {
            "PATH": f"{runner.folder / 'bin'}:{os.environ['PATH']}",
            "DOUBLES": str(runner.folder),
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_COMMIT_SHA": head,
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stdout + done.stderr  # no embedded stand-in for real data
    assert "testsuite" in (runner.repository.root / "harness.xml").read_text()
    assert "--data embedded" in (runner.repository.root / "harness.md").read_text()
