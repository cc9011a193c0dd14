"""What `harness doctor` finds, from facts that are given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.diagnosis import BubblewrapFacts, Finding, MachineFacts, findings
from harness.diagnosis._machine_facts import _of_linux, describe
from harness.sandbox import Level
from harness.versions import Version, parse_version

pytestmark = pytest.mark.unit

GOOD = MachineFacts(
    system="Linux",
    kernel=(7, 1),
    bubblewraps=(BubblewrapFacts(path=Path("/usr/bin/bwrap"), version=(0, 12, 0)),),
    landlock_abi=7,
)
ALL = frozenset(Level)
WITHOUT_NAMESPACES = frozenset({Level.LANDLOCK, Level.RLIMITS})
ALONE = frozenset({Level.RLIMITS})


def found(facts: MachineFacts, levels: frozenset[Level] = ALL) -> list[Finding]:
    return list(findings(facts, levels))


def only(facts: MachineFacts, levels: frozenset[Level] = ALL) -> Finding:
    (one,) = found(facts, levels)
    return one


def bubblewrap(*version: int, setuid: bool = False) -> MachineFacts:
    return replace(GOOD, bubblewraps=(BubblewrapFacts(path=Path("/opt/bwrap"), version=version, setuid=setuid),))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("bubblewrap 0.11.0\n", (0, 11, 0)),
        ("6.18.44-fc-v669", (6, 18, 44)),
        ("5.15.0-173-generic", (5, 15, 0)),
        ("7.1-rc1", (7, 1)),
        ("", None),
        ("bubblewrap (unknown)", None),
    ],
)
def test_a_version_is_the_first_dotted_number(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


def test_a_machine_without_flaws_has_no_findings() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize("version", [(0, 8, 0), (0, 11, 2), (0, 11, 9)])
def test_an_older_bubblewrap_is_reported_with_its_effect_and_a_remedy(version: Version) -> None:
    one = only(bubblewrap(*version))
    assert "CVE-2026-87766" in one.text
    assert "/opt/bwrap" in one.text
    assert "no way to exploit this here is known" in one.text
    assert "0.12.0 or newer" in one.remedy
    assert not one.is_open


@pytest.mark.parametrize(
    ("version", "flawed"), [((0, 10, 0), False), ((0, 11, 0), True), ((0, 11, 1), True), ((0, 11, 2), False)]
)
def test_a_setuid_bubblewrap_is_reported_with_its_vulnerability_if_any(version: Version, flawed: bool) -> None:
    one = found(bubblewrap(*version, setuid=True))[-1]
    assert ("CVE-2026-41163" in one.text) == flawed
    assert one.remedy.startswith("sudo chmod u-s /opt/bwrap")
    assert one.is_open


def test_a_setuid_program_is_one_that_runs_as_root(tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.touch()
    program.chmod(0o4755)
    own = program.stat().st_uid == 0
    assert describe(program, "bubblewrap 0.9.0") == BubblewrapFacts(path=program, version=(0, 9, 0), setuid=own)
    program.chmod(0o755)
    assert not describe(program, "bubblewrap 0.9.0").setuid


@pytest.mark.parametrize(
    ("kernel", "cves"),
    [
        ((7, 1), ""),
        ((7, 0, 4), ""),
        ((7, 0, 3), "43499"),
        ((6, 19, 12), "43499"),
        ((6, 19, 11), "31431 43499"),
        ((6, 18, 22), "43499"),
        ((6, 18, 21), "31431 43499"),
        ((6, 12, 85), "43499"),
        ((6, 12, 84), "31431 43499"),
        ((6, 15, 9), "31431 43499"),
        ((5, 15, 0), "31431 43499"),
        ((4, 13), "43499"),
        ((2, 6, 32), ""),
    ],
)
def test_a_kernel_is_compared_within_its_own_series(kernel: Version, cves: str) -> None:
    assert [one.text.partition("CVE-2026-")[2][:5] for one in found(replace(GOOD, kernel=kernel))] == cves.split()


def test_a_vulnerability_behind_a_filtered_system_call_is_not_open() -> None:
    old = replace(GOOD, kernel=(6, 18, 1))
    assert [one.is_open for one in found(old)] == [False, False]
    assert "Workers are denied sockets of the family AF_ALG" in found(old)[0].text
    for facts, levels in ((replace(old, filters_calls=False), ALL), (old, ALONE)):
        of_kernel = [one for one in found(facts, levels) if "CVE" in one.text]
        assert [one.is_open for one in of_kernel] == [True, True]
        assert "Workers are not denied" in of_kernel[0].text
    assert all("without changing its version" in one.remedy for one in found(old))


@pytest.mark.parametrize(
    ("change", "text", "remedy"),
    [
        (
            {"bubblewraps": ()},
            "bubblewrap, which the levels of namespaces need, is not installed",
            "install bubblewrap",
        ),
        ({"most_user_namespaces": 0}, "user.max_user_namespaces is 0", "sysctl -w user.max_user_namespaces="),
        ({"unprivileged_userns_clone": 0}, "only to root", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"apparmor_restricts_userns": True}, "AppArmor", "/usr/bin/bwrap with the rule `userns,`"),
        ({"container": "Docker"}, "a Docker container", "docker run --security-opt seccomp=unconfined"),
        ({"container": "Podman"}, "a Podman container", "--security-opt unmask=ALL"),
    ],
)
def test_why_there_are_no_namespaces_is_reported_with_the_remedy(
    change: dict[str, object], text: str, remedy: str
) -> None:
    facts = replace(GOOD, **change)  # type: ignore[arg-type] # as the table says
    one = only(facts, WITHOUT_NAMESPACES)
    assert text in one.text
    assert remedy in one.remedy
    assert one.is_open
    assert found(facts) == []  # where namespaces work, nothing stands in their way


@pytest.mark.parametrize(
    ("abi", "kernel", "remedy"),
    [(0, (7, 1), "lsm="), (0, (5, 4), "Linux 6.12"), (4, (6, 8), "Linux 6.12")],
)
def test_a_kernel_with_too_old_a_landlock_is_reported(abi: int, kernel: Version, remedy: str) -> None:
    facts = replace(GOOD, landlock_abi=abi, kernel=kernel)
    for levels, is_open in ((ALL - {Level.LANDLOCK}, False), (ALONE, True)):
        (one,) = (one for one in found(facts, levels) if "Landlock" in one.text)
        assert remedy in one.remedy
        assert one.is_open == is_open


@pytest.mark.parametrize(("system", "name", "other"), [("Windows", "Windows", True), ("Darwin", "macOS", False)])
def test_on_a_system_without_isolation_the_remedy_is_linux(system: str, name: str, other: bool) -> None:
    one = only(MachineFacts(system=system), ALONE)
    assert one.text.startswith(name)
    assert "use Linux" in one.remedy
    assert ("WSL 2" in one.remedy) == other


def test_settings_of_the_kernel_are_read_from_proc(tmp_path: Path) -> None:
    (tmp_path / "proc/sys/user").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel").mkdir()
    assert _of_linux(tmp_path).most_user_namespaces is None
    (tmp_path / "proc/sys/user/max_user_namespaces").write_text("0\n")
    (tmp_path / "proc/sys/kernel/unprivileged_userns_clone").write_text("0\n")
    (tmp_path / "proc/sys/kernel/apparmor_restrict_unprivileged_userns").write_text("1\n")
    (tmp_path / ".dockerenv").touch()
    facts = _of_linux(tmp_path)
    assert (facts.most_user_namespaces, facts.unprivileged_userns_clone) == (0, 0)
    assert facts.apparmor_restricts_userns
    assert facts.container == "Docker"
