"""Whether an attack was held, from its record and from the traces it left."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.hostile._cases import Case
from tests.hostile._world import World

ESCAPED = "ESCAPED"
"""What the kit says when it got something."""


def problems_of(case: Case, world: World, survivors: Sequence[str]) -> list[str]:
    """Return what speaks against `case` having been held; nothing if it was."""
    record = world.record(case)
    return [
        *_of_the_record(case, world, record),
        *_of_traces(case, world, survivors),
    ]


def outcome_of(record: dict[str, Any]) -> str:
    """Return how a record ends, in the words of `Case`."""
    failure = record["failure"]
    if failure is None:
        return str(record["status"])
    contained = failure["message"] == "RuntimeError: contained"
    return "contained" if contained else f"{failure['kind']} in {failure['phase']}"


def _of_the_record(case: Case, world: World, record: dict[str, Any] | None) -> list[str]:
    if record is None:
        return ["there is no record"]
    text = json.dumps(record)
    found = [f"it learned the secret of {name}" for name, secret in world.secrets.items() if secret in text]
    message = (record["failure"] or {}).get("message", "")[:300]
    if ESCAPED in message and not found:
        found.append(f"it got something: {message}")
    outcome = outcome_of(record)
    if not found and outcome not in case.held:
        found.append(f"{outcome} ({message}): expected {' or '.join(case.held)}")
    return found


def _of_traces(case: Case, world: World, survivors: Sequence[str]) -> list[str]:
    mark = f"{world.mark}-{case.name}"
    found = [f"it left a process: {line}" for line in survivors if mark in line.split()]
    found += [f"it left {path}" for path in world.left_behind() if Path(path).name == mark]
    if (world.loot / case.name).exists():
        found.append("it wrote to a folder of the host")
    decoy = world.decoys.get(case.name)
    if decoy is not None and not _runs(decoy):
        found.append("it stopped a process of the host")
    return found


def _runs(process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        return False
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state not in "Tt"
