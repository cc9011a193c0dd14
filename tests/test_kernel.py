"""System calls without a name in Python, each made by a process that is there for nothing else."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from harness import kernel

pytestmark = [
    pytest.mark.user,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system calls of Linux"),
]
FILE = Path(kernel.__file__)


def told(body: str, *arguments: object) -> object:
    """What a process says that has read the file alone, as the launcher does, and runs `body`."""
    head = "import json, os, sys\nsys.path.insert(0, sys.argv[1])\nimport kernel\n"
    command = [sys.executable, "-I", "-S", "-c", head + dedent(body), str(FILE.parent), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.worker
def test_the_module_is_loaded_without_the_package():
    assert (
        told("print(json.dumps(sorted(name for name in sys.modules if name.startswith(('harness', 'numpy')))))") == []
    )


def test_a_failed_system_call_is_named_with_its_reason():
    with pytest.raises(OSError, match=r"umount2: ") as caught:
        kernel.call("umount2", b"/not/there", 0)
    assert caught.value.errno in (errno.ENOENT, errno.EPERM)


@pytest.mark.worker
def test_dropped_capabilities_are_gone_and_cannot_be_regained():
    status = told("""
        kernel.drop_capabilities()
        lines = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
        print(json.dumps([int(lines[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")]))
    """)
    assert isinstance(status, list)
    assert status[:4] == [0] * 4
    assert status[4] == 0 or os.geteuid() != 0  # without the privilege the bound stays as it is


@pytest.mark.worker
@pytest.mark.skipif(kernel.landlock_abi() < kernel.LANDLOCK_ABI, reason="no Landlock with scopes here")
def test_landlock_allows_only_the_listed_folders(tmp_path):
    for name in ("read", "written", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    answers = told(
        """
        base = sys.argv[2]
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        rules = [(f"{base}/read", kernel.LANDLOCK_READ), (f"{base}/written", kernel.LANDLOCK_ALL), ("/no/such", 1)]
        kernel.landlock(rules, network=0)
        def can(name, mode):
            try:
                open(f"{base}/{name}/file", mode).close()
                return True
            except PermissionError:
                return False
        print(json.dumps([can(name, mode) for name in ("read", "written", "other") for mode in ("r", "a")]))
        """,
        tmp_path,
    )
    assert answers == [True, False, True, True, False, False]


@pytest.mark.worker
def test_a_seccomp_filter_can_be_installed():
    assert told("""
        import struct
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.filter_calls(struct.pack("<HBBI", 0x06, 0, 0, 0x7FFF0000))
        status = open("/proc/self/status").read()
        print(json.dumps(status.split("Seccomp:")[1].split()[0]))
    """) == "2"  # fmt: skip
