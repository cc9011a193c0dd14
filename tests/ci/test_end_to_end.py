"""`harness ci` on real changes of real repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.ci.conftest import RAISES, WORSE, TemporaryRepository, outcomes
from tests.conftest import CENTROIDS


def test_a_first_submission_is_graded_on_validation(repository: TemporaryRepository) -> None:
    repository.branch("bob")
    repository.course.submit(name="bob")
    repository.commit()
    result = repository.ci()
    assert outcomes(result) == {"bob": "passed"}
    (one,) = result["graded"]
    assert one["record"]["task"]["scored_on"] == "validation"
    assert one["record"]["task"]["n_test"] == 0
    assert one["former"] is None
    assert one["place"] == {"low": 1, "high": 1, "of": 1}
    assert (result["base"], result["head"]) == (repository.git("rev-parse", "main"), repository.git("rev-parse", "bob"))
    assert "| `bob`<br>`blobs` |" in repository.summary()
    assert "validation" in repository.summary()
    assert not (repository.root / "leaderboard").exists()
    assert repository.git("status", "--porcelain") == ""


def test_a_changed_submission_is_compared_with_its_earlier_version(repository: TemporaryRepository) -> None:
    first = repository.git("rev-parse", "main")
    repository.branch("better")
    repository.course.submit(WORSE, name="alice")
    repository.commit()
    worse = repository.ci(status=0)["graded"][0]
    repository.course.submit(CENTROIDS, name="alice")
    repository.write("submissions/alice/blobs/more.py", "")
    repository.commit()
    result = repository.ci(base=first)
    better = result["graded"][0]
    assert better["former"]["score"] == worse["record"]["scores"][0]
    assert better["record"]["scores"][0]["value"] > worse["record"]["scores"][0]["value"]
    assert better["former"]["started"] == worse["record"]["run"]["started"]
    assert f"{better['former']['score']['value']:.4f}" in repository.summary()
    again = repository.ci(base=first)["graded"][0]
    assert again["reused"]
    assert again["record"] == better["record"]


@pytest.mark.thorough
def test_two_submissions_in_one_change_are_graded_and_no_others(repository: TemporaryRepository) -> None:
    repository.branch("both")
    repository.course.submit(name="bob")
    repository.course.submit(RAISES, name="carol")
    repository.commit()
    result = repository.ci(status=1)
    assert outcomes(result) == {"bob": "passed", "carol": "failed"}
    xml = ElementTree.parse(repository.root / ".harness" / "ci" / "junit.xml").getroot()
    cases = {case.get("classname"): case for case in xml.iter("testcase") if list(case)}
    assert set(cases) == {"blobs.carol"}
    assert [error.get("type") for error in xml.iter("error")] == ["predict_error"]


@pytest.mark.thorough
def test_a_renamed_submission_keeps_its_earlier_result(repository: TemporaryRepository) -> None:
    first = repository.git("rev-parse", "main")
    repository.branch("rename")
    repository.write("submissions/alice/blobs/more.py", "")
    repository.commit()
    before = repository.ci(base=first)["graded"][0]
    repository.branch("rename")
    repository.git("mv", "submissions/alice", "submissions/alicia")
    repository.write("submissions/alicia/blobs/other.py", "")
    repository.commit()
    result = repository.ci(base=first)
    (one,) = result["graded"]
    assert (one["record"]["submission"]["name"], one["renamed_from"]) == ("alicia", "alice")
    assert one["former"]["started"] == before["record"]["run"]["started"]
    assert result["deleted"] == ["alice · blobs"]


def test_a_deleted_submission_is_not_evaluated(repository: TemporaryRepository) -> None:
    repository.branch("gone")
    shutil.rmtree(repository.root / "submissions" / "alice")
    repository.commit()
    result = repository.ci()
    assert result["graded"] == []
    assert result["deleted"] == ["alice · blobs"]
    assert "alice · blobs" in repository.summary()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("tasks/blobs/task.py", "tasks come from the base"),
        ("harness/__init__.py", "it comes from the base"),
        ("leaderboard/records/blobs/bob.json", "only the grader makes them"),
        (".github/workflows/grade.yml", "workflows"),
        ("reference/knn/blobs/model.py", "staff"),
        ("README.md", "outside submissions/"),
        ("submissions/README.md", "outside submissions/"),
        ("submissions/Bob!/blobs/model.py", "not allowed"),
    ],
)
def test_a_change_outside_submissions_is_refused(repository: TemporaryRepository, path: str, says: str) -> None:
    repository.branch("outside")
    repository.course.submit(name="bob")
    repository.write(path, "raise SystemExit('never run')\n")
    repository.commit()
    repository.git("checkout", "-q", "main")  # as in the workflow: what runs is the base's
    result = repository.ci("--head", "outside", status=1)
    assert result["refused"]
    assert result["graded"] == []
    assert [one["path"] for one in result["findings"]] == [path]
    assert says in result["findings"][0]["message"]
    assert "Refused" in repository.summary()


def test_a_fork_is_graded_with_the_harness_and_tasks_of_the_base(repository: TemporaryRepository) -> None:
    repository.branch("fork")
    repository.course.submit(WORSE, name="bob")
    repository.write("harness/__init__.py", "raise SystemExit('never run')\n")
    task = (repository.root / "tasks" / "blobs" / "task.py").read_text()
    repository.write("tasks/blobs/task.py", task.replace("Baseline(0.8)", "Baseline(0.0)"))
    repository.commit()
    repository.git("checkout", "-q", "main")
    result = repository.ci("--head", "fork", "--outside", "report")
    assert result["graded"][0]["record"]["baseline"]["value"] == 0.8
    assert {one["severity"] for one in result["findings"]} == {"warning"}


@pytest.mark.thorough
def test_scores_are_on_test_if_asked_for_and_shipped_weights_do_not_count(repository: TemporaryRepository) -> None:
    repository.branch("weights")
    folder = repository.course.submit(name="bob")
    (folder / "weights").mkdir()
    (folder / "weights" / "x.bin").write_bytes(b"learned at home")
    repository.commit()
    (one,) = repository.ci("--score-on", "test")["graded"]
    assert one["record"]["task"]["scored_on"] == "test"
    assert one["record"]["submission"]["mode"] == "trained"
    assert "on the test part" in repository.summary()


def test_an_author_may_not_change_somebody_elses_submission(repository: TemporaryRepository) -> None:
    repository.branch("bob")
    repository.course.submit(name="bob")
    repository.course.submit(WORSE, name="alice")
    repository.commit()
    result = repository.ci("--author", "bob", status=1)
    assert [one["path"] for one in result["findings"]] == ["submissions/alice/blobs/model.py"]
    assert result["graded"] == []


def test_conflict_markers_of_a_merge_are_reported_with_their_line(repository: TemporaryRepository) -> None:
    repository.branch("merge")
    text = 'size: 1\n<<<<<<< HEAD\nwidth: 2\n=======\nwidth: "3\n>>>>>>> other\n'
    folder = repository.course.submit(
        CENTROIDS.replace(
            "import numpy as np",
            "import numpy as np\nimport yaml\nfrom pathlib import Path\n"
            "CONFIG = yaml.safe_load((Path(__file__).parent / 'config.yaml').read_text())",
        ),
        name="bob",
    )
    (folder / "config.yaml").write_text(text)
    repository.commit()
    result = repository.ci(status=1)
    (finding,) = result["findings"]
    assert (finding["path"], finding["line"], finding["severity"]) == (
        "submissions/bob/blobs/config.yaml",
        2,
        "warning",
    )
    failure = result["graded"][0]["record"]["failure"]
    assert failure["kind"] == "invalid_submission"
    assert failure["file"] == "submissions/bob/blobs/model.py"


def test_a_change_of_notes_alone_evaluates_nothing(repository: TemporaryRepository) -> None:
    repository.branch("notes")
    repository.write("submissions/alice/notes.md", "what I tried\n")
    repository.commit()
    result = repository.ci()
    assert (result["graded"], result["findings"]) == ([], [])
    assert "No submission to evaluate" in repository.summary()


def test_a_misspelt_task_is_reported_at_its_file_with_a_suggestion(repository: TemporaryRepository) -> None:
    repository.branch("typo")
    repository.course.submit(name="bob", task="blops")
    repository.commit()
    result = repository.ci(status=1)
    (finding,) = result["findings"]
    assert finding["path"] == "submissions/bob/blops/model.py"
    assert "did you mean 'blobs'?" in finding["message"]


def test_on_github_results_are_reported_and_no_command_is_injected(
    repository: TemporaryRepository, tmp_path: Path
) -> None:
    repository.branch("hostile")
    repository.course.submit(RAISES, name="bob")
    repository.commit()
    repository.course.environment |= {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    (tmp_path / "summary").write_text("before\n")
    done = repository.run("--base", "main")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    word = lines[0].removeprefix("::stop-commands::")
    assert len(word) == 32
    after = lines[lines.index(f"::{word}::") + 1 :]
    commands = [line for line in after if line.startswith("::")]
    assert [line.split(" ")[0] for line in commands] == ["::error"]
    assert "file=submissions/bob/blobs/model.py,line=12," in commands[0]
    assert (tmp_path / "summary").read_text().startswith("before\n## ")
    assert "<b>" not in (tmp_path / "summary").read_text().replace("`", "\0").split("\0")[::2]
    assert (tmp_path / "output").read_text() == "outcome=failed\nevaluated=1\n"


def test_a_link_and_a_submodule_are_refused_by_name(repository: TemporaryRepository) -> None:
    repository.branch("links")
    folder = repository.course.submit(name="bob")
    (folder / "secret").symlink_to("/etc/passwd")
    repository.commit()
    commit = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},submissions/bob/blobs/module")
    repository.git("commit", "-q", "-m", "module")
    result = repository.ci(status=1)
    assert "submodule" in result["findings"][0]["message"]
    failure = result["graded"][0]["record"]["failure"]
    assert failure["kind"] == "invalid_submission"
    assert "'module', 'secret'" in failure["message"]


def forged(repository: TemporaryRepository, entries: list[tuple[str, str, str]]) -> str:
    """Write a tree that git itself would refuse."""
    content = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(identity) for mode, name, identity in entries)
    return repository.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=content)


def test_a_forged_git_tree_cannot_write_outside_its_folder(repository: TemporaryRepository, tmp_path: Path) -> None:
    repository.branch("forged")
    repository.course.submit(name="bob")
    repository.commit()
    blob = repository.git("hash-object", "-w", "--stdin", given=b"stolen")
    link = repository.git("hash-object", "-w", "--stdin", given=bytes(tmp_path))
    model = repository.git("rev-parse", "HEAD:submissions/bob/blobs/model.py")
    inner = forged(repository, [("100644", "escaped", blob)])
    folder = forged(
        repository,
        [
            ("100644", "../../escaped", blob),
            ("40000", "..", inner),
            ("120000", "a", link),
            ("40000", "a", inner),
            ("100644", "model.py", model),
            ("100644", "n" * 300, blob),
        ],
    )
    bob = forged(repository, [("40000", "blobs", folder)])
    alice = repository.git("rev-parse", "HEAD:submissions/alice")
    submissions = forged(repository, [("40000", "alice", alice), ("40000", "bob", bob)])
    top = [line.split() for line in repository.git("ls-tree", "HEAD").splitlines()]
    root = forged(
        repository,
        [
            (mode.lstrip("0"), name, submissions if name == "submissions" else identity)
            for mode, _, identity, name in top
        ],
    )
    commit = repository.git("commit-tree", root, "-p", "main", "-m", "forged")
    before = {path for path in tmp_path.rglob("*") if ".git" not in path.parts}
    result = repository.ci("--head", commit, status=1)
    assert result["refused"]
    result = repository.ci("--head", commit, "--outside", "report")
    assert outcomes(result) == {"bob": "passed"}  # by the files that can be, and are its own
    new = {path for path in tmp_path.rglob("*") if ".git" not in path.parts} - before
    assert not [path for path in new if path.name == "escaped"]


@pytest.mark.thorough
def test_isolation_weaker_than_allowed_gives_no_grade(repository: TemporaryRepository) -> None:
    repository.branch("bob")
    repository.course.submit(name="bob")
    repository.commit()
    done = repository.run("--base", "main", "--isolation", "namespaces+cgroup")
    if done.returncode == 0:
        pytest.skip("this machine offers the strongest isolation")
    assert done.returncode == 3
    assert "expected at least namespaces+cgroup" in done.stderr


def test_without_data_there_is_no_grade_and_no_substitute_is_used(repository: TemporaryRepository) -> None:
    repository.branch("bob")
    repository.course.submit(name="bob")
    repository.commit()
    done = repository.course.harness("ci", "--base", "main")
    assert done.returncode == 3
    result = repository.result()
    assert result["graded"] == []
    assert "--data embedded" in result["problems"][0]["message"]
    assert "could not be evaluated" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("reference", ["nothing", "-x", "--all", "main:tasks", ""])
def test_a_commit_that_does_not_exist_is_a_usage_error(repository: TemporaryRepository, reference: str) -> None:
    done = repository.run(f"--base={reference}")
    assert done.returncode == 2
    assert "there is no commit" in done.stderr


def test_a_course_may_lie_in_a_folder_of_its_repository(repository: TemporaryRepository) -> None:
    root = repository.root
    (root / "course").mkdir()
    for name in ("tasks", "submissions"):
        repository.git("mv", name, f"course/{name}")
    repository.commit()
    repository.git("branch", "-f", "start")
    repository.write("course/submissions/bob/blobs/model.py", RAISES)
    repository.write("submissions/eve/blobs/model.py", CENTROIDS)
    repository.commit()
    repository.course.root = root / "course"
    repository.course.environment["GITHUB_ACTIONS"] = "true"
    done = repository.run("--base", "start", "--outside", "report")
    assert done.returncode == 1
    result = json.loads((root / "course" / ".harness" / "ci" / "result.json").read_text())
    assert outcomes(result) == {"bob": "failed"}
    assert [one["path"] for one in result["findings"]] == ["/submissions/eve/blobs/model.py"]
    assert "file=course/submissions/bob/blobs/model.py,line=12" in done.stdout
    assert "file=submissions/eve/blobs/model.py" in done.stdout


def test_outside_of_git_is_a_usage_error(repository: TemporaryRepository) -> None:
    shutil.rmtree(repository.root / ".git")
    done = repository.run("--base", "main")
    assert done.returncode == 2
    assert "is not in a git repository" in done.stderr


def test_a_record_that_cannot_be_read_is_reported_once_and_stops_nothing(repository: TemporaryRepository) -> None:
    repository.write("leaderboard/records/blobs/eve.json", "<<<<<<< HEAD")
    repository.commit("a merge went wrong")
    repository.branch("ann")
    repository.course.submit(CENTROIDS, name="ann")
    repository.commit()
    done = repository.run("--base", "main")
    assert done.returncode == 0, done.stdout + done.stderr
    said = "warning: leaderboard/records/blobs/eve.json: this record cannot be read"
    assert done.stdout.count(said) == 1
    assert outcomes(repository.result()) == {"ann": "passed"}
