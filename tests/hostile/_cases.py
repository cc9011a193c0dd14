"""The submissions of this folder, and what each states in its docstring about how it is checked."""

from __future__ import annotations

import ast
import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
KIT = HERE / "kit.py"

Group = Literal["attacks", "careless", "unusual", "pairs"]


@dataclass(frozen=True)
class Case:
    """One submission: a file, or a folder with more beside its ``model.py``.

    Those of ``pairs/`` are not submissions: each is imported by two workers that run at once (`tests.hostile._pair`).

    The docstring begins with a sentence that states what is tried. Then come lines ``Key: value``:

    - ``Held:`` how the record must look: ``contained`` (the attack ran to its end and got nothing), ``passed``,
      ``below_baseline`` or ``KIND in PHASE``; several with ``or``.
    - ``Checked by:`` what the test checks: what must be true, or what the attack would report if it had succeeded.
    - ``Task:`` which task it is handed in for. If not said, it is the one with tight limits where a timeout in ``fit``
      is right, and the same with time enough for any machine where it is not.
    - ``Alone:`` why it must not share a run of the harness with others where it is not isolated.
    - ``Known:`` at which level, best first, it is known not to be held, and why: ``LEVEL, … (WHY)``.
    """

    group: Group
    name: str
    path: Path
    tries: str
    held: tuple[str, ...]
    checked_by: str
    task: str
    alone: bool
    known: str
    form: Literal["source", "notebook"] = "source"
    """How it is handed in: as it is, or its ``model.py`` as the one cell of a notebook."""

    def known_at(self, level: str) -> bool:
        """Return whether this is known not to be held at `level`."""
        return bool(level) and level in self.known.partition(" (")[0].split(", ")

    @property
    def why_known(self) -> str:
        """Why it is known not to be held."""
        return self.known.partition(" (")[2].removesuffix(")")

    @property
    def needs_decoy(self) -> bool:
        """Whether a process of the host is this one's target."""
        return '"decoy"' in self.model.read_text()

    @property
    def model(self) -> Path:
        """The ``model.py`` itself."""
        return self.path / "model.py" if self.path.is_dir() else self.path

    def hand_in(self, folder: Path) -> None:
        """Copy the submission to `folder`, the attacker's kit beside it."""
        if self.path.is_dir():
            shutil.copytree(self.path, folder)
        else:
            folder.mkdir(parents=True)
            shutil.copyfile(self.path, folder / "model.py")
        if self.group == "attacks":
            shutil.copyfile(KIT, folder / "kit.py")
        if self.form == "notebook":
            source = (folder / "model.py").read_text()
            (folder / "model.py").unlink()
            cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": f"#| harness\n{source}"}
            (folder / "attack.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4, "metadata": {}}))


def cases(*groups: Group) -> list[Case]:
    """Return the submissions of `groups`, by name."""
    return [_case(group, path) for group in groups for path in sorted((HERE / group).iterdir()) if _is_case(path)]


def by_name(case: Case) -> str:
    """Return a case's name, to tell tests apart."""
    return case.name


def _is_case(path: Path) -> bool:
    return path.suffix == ".py" or (path / "model.py").is_file()


def _case(group: Group, path: Path) -> Case:
    model = path / "model.py" if path.is_dir() else path
    docstring = ast.get_docstring(ast.parse(model.read_text())) or ""
    said = dict(re.findall(r"^([A-Z][a-z ]+): (.+(?:\n  .+)*)", docstring, re.MULTILINE))
    return Case(
        group=group,
        name=path.stem.replace("_", "-"),
        path=path,
        tries=docstring.splitlines()[0],
        held=tuple(" ".join(said["Held"].split()).split(" or ")),
        checked_by=" ".join(said["Checked by"].split()),
        task=said.get("Task") or _task_for(group, said["Held"]),
        alone="Alone" in said,
        known=said.get("Known", ""),
    )


def _task_for(group: Group, held: str) -> str:
    if group == "unusual":
        return "blobs"
    return "tight" if "timeout in fit" in held else "unhurried"


COLD = cases("attacks", "careless", "unusual")[::4]
"""A quarter of everything: enough to see that both ways of starting hold the same."""
NOTEBOOKS = [replace(case, form="notebook") for case in cases("attacks")[1::12]]
"""One attack in twelve as a notebook: it can do no more than a ``model.py``."""
SMOKE = frozenset(
    {
        "artifact-link", "artifact-pickle", "asks-questions", "child-process", "daemon", "dropout-left-on",
        "environment", "forged-answer", "forged-blame", "inherited-descriptors", "labels-in-memory", "network",
        "other-submissions", "preload", "processes", "ptrace", "shadow-modules", "signals", "sniffing",
        "weights-in-lists", "workflow-commands", "writes-outside",
    }
)  # fmt: skip
"""One or two for each kind of protection, and none that waits for a limit: every run of the tests includes them."""
