"""The host reads a course's repository and starts nothing that a student's files, or their repositories, name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness import git as host_git
from harness.ci import Repository
from harness.errors import InfrastructureError
from harness.evaluation import describe_git
from harness.git import run_git, run_git_on_files
from harness.gradebook import History

pytestmark = [pytest.mark.worker, pytest.mark.user]


@pytest.fixture
def loot(tmp_path: Path) -> Path:
    """What a program that git should not have started would leave behind."""
    return tmp_path / "loot"


def git(root: Path, *arguments: str) -> str:
    """Run git as an instructor or a student would."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course in a repository: one task, ann's work, and mallory's, which holds a repository of her own."""
    root = tmp_path / "course"
    for name in ("tasks/blobs/task.py", "submissions/ann/blobs/model.py", "submissions/mallory/blobs/model.py"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("first\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def plant_repository(folder: Path, loot: Path) -> None:
    """Make `folder` a repository whose configuration starts programs."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    (folder / "a.py").write_text("first\n")
    git(folder, "add", "a.py")
    git(folder, "commit", "-qm", "hers")
    config = folder / ".git" / "config"
    config.write_text(config.read_text() + programs(loot))
    (folder / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n")
    (folder / "a.py").write_text("other\n")  # as long as before: git must look into it, through her filter


def programs(loot: Path) -> str:
    """Return a configuration in which whatever may be a program is one."""
    run = loot.with_name("run")
    run.write_text(f"#!/bin/sh\necho $0 >>{loot}\nexec cat\n")
    run.chmod(0o755)
    return "\n".join(
        [
            "[core]",
            *(f"{key} = {run}" for key in ("fsmonitor", "sshCommand", "editor", "pager", "askPass", "gitProxy")),
            f"hooksPath = {loot.parent}",
            '[filter "x"]',
            *(f"{key} = {run}" for key in ("clean", "smudge")),
            "required = true",
            "[diff]",
            f"external = {run}",
            '[diff "x"]',
            *(f"{key} = {run}" for key in ("command", "textconv")),
            "[log]",
            "showSignature = true",
            "[gpg]",
            f"program = {run}",
            "[status]",
            "submoduleSummary = true",
            "",
        ]
    )


def everything(root: Path) -> None:
    """Have the host ask git all that it ever asks."""
    describe_git(root)
    History(root).claim("submissions/mallory/blobs")
    repository = Repository.of(root)
    head = repository.commit("HEAD")
    repository.changes(repository.merge_base(head, repository.commit("HEAD~1")), head)
    list(repository.contents(entry for entry in repository.files(head, "submissions") if entry.is_file))


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("place", ["submissions", "submissions/mallory", "submissions/mallory/blobs/lib"])
def test_settings_of_a_repository_in_a_submission_are_ignored(
    root: Path, loot: Path, place: str, indexed: bool
) -> None:
    plant_repository(root / place, loot)
    if indexed:
        commit = git(root / place, "rev-parse", "HEAD")
        git(root, "rm", "-rq", "--cached", "--ignore-unmatch", place)
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{commit},{place}")
        (root / ".gitmodules").write_text(f'[submodule "hers"]\npath = {place}\nurl = .\nignore = none\n')
    git(root, "commit", "-q", "--allow-empty", "-m", "second")
    everything(root)
    assert not loot.exists()
    git(root / place, "status")
    assert loot.exists(), "the trap is none"


def test_git_attributes_of_a_submission_start_no_filter(root: Path, loot: Path) -> None:
    git(root, "commit", "-q", "--allow-empty", "-m", "second")
    config = root / ".git" / "config"
    config.write_text(config.read_text() + programs(loot) + f'[filter "a=b.c"]\nclean = {loot.with_name("run")}\n')
    for name, driver in (("ann", "a=b.c"), ("mallory", "x")):
        mine = root / "submissions" / name / "blobs"
        (mine / ".gitattributes").write_text(f"* filter={driver} diff=x\n")
        (mine / "model.py").write_text("other\n")  # as long as before: git must look into it
    everything(root)
    assert not loot.exists()
    found = describe_git(root)
    assert found is not None
    assert found.dirty
    assert not loot.exists()
    for name in ("ann", "mallory"):
        git(root, "-c", "core.fsmonitor=false", "status", "--", f"submissions/{name}")
        assert loot.exists(), "the trap is none"
        loot.unlink()


def test_no_signature_is_verified(root: Path, loot: Path) -> None:
    config = root / ".git" / "config"
    before = config.read_text()
    signed = git(root, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n", 1
    )
    (root / "commit").write_text(signed + "\n")
    git(root, "update-ref", "HEAD", git(root, "hash-object", "-t", "commit", "-w", "commit"))
    config.write_text(before + programs(loot))
    History(root).claim("submissions/mallory/blobs")
    assert not loot.exists()
    git(root, "log", "-1")
    assert loot.exists(), "the trap is none"


def test_git_variables_of_a_hook_are_ignored(
    root: Path, loot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_repository(tmp_path / "hers", loot)
    for name, value in {
        "GIT_DIR": str(tmp_path / "hers" / ".git"),
        "GIT_WORK_TREE": str(tmp_path / "hers"),
        "GIT_INDEX_FILE": str(tmp_path / "hers" / ".git" / "index"),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='touch {loot}' 'alias.x'='y'",
        "GIT_EXTERNAL_DIFF": f"touch {loot}",
        "GIT_PAGER": f"touch {loot}",
        "GIT_TRACE": str(loot),
    }.items():
        monkeypatch.setenv(name, value)
    assert run_git(root, "rev-parse", "--show-toplevel").stdout.strip() == os.fsencode(root)
    assert run_git(root, "config", "alias.x").returncode != 0
    monkeypatch.delenv("GIT_TRACE")
    everything_said = run_git_on_files(root, "status", "--porcelain")
    assert everything_said.stdout == b""
    assert not loot.exists()


def test_git_settings_of_the_owner_in_variables_are_used(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COUNT": "1", "KEY_0": "filter.y.clean", "VALUE_0": "cat"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert run_git(root, "config", "filter.y.clean").stdout == b"cat\n"
    assert run_git_on_files(root, "config", "filter.y.clean").stdout == b"\n"


def test_a_missing_commit_is_not_fetched(root: Path, loot: Path) -> None:
    git(root, "config", "core.repositoryFormatVersion", "1")
    git(root, "config", "extensions.partialClone", "origin")
    git(root, "config", "remote.origin.promisor", "true")
    git(root, "config", "remote.origin.url", f"ext::touch {loot}")
    git(root, "config", "protocol.ext.allow", "always")
    assert run_git(root, "cat-file", "-p", "1" * 40).returncode != 0
    assert not loot.exists()
    subprocess.run(["git", "-C", root, "cat-file", "-p", "1" * 40], capture_output=True, check=False)
    assert loot.exists(), "the trap is none"


def test_a_bare_repository_in_a_course_is_ignored(root: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    git(root, "clone", "-q", "--bare", str(root), str(bare))
    assert describe_git(bare) is None


def test_git_is_ended_after_a_time_limit(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(host_git, "SECONDS", 0.05)
    with pytest.raises(InfrastructureError, match=r"git log in .* took more than"):
        run_git(root, "log")
    assert describe_git(root) is None


def test_without_git_nothing_is_known(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert describe_git(root) is None
    assert History(root).claim("submissions/ann/blobs") is None
    with pytest.raises(InfrastructureError, match="install it"):
        Repository.of(root)
