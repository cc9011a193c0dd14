"""Where people install the harness, how, as whom, where they run it and what: all combinations, and enough of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import combinations, product

USERS = ("root", "user")
PLACES = {
    "private-home": "an environment in a home of mode 0700",
    "course": "an environment .venv in the course itself",
    "tmp": "an environment below /tmp",
    "var-tmp": "an environment below /var/tmp",
    "own-packages": "no environment: packages in the interpreter's own folder, in a home of mode 0700",
    "apart": "an interpreter in one folder of mode 0700, the environment in another",
}
INSTALLS = ("editable", "wheel")
FOLDERS = ("course", "submission", "copy", "top")
"""The folder a command is run from: the course, a submission, one that holds another copy of `harness/`, or ``/``."""
ROLES = ("student", "instructor")
"""Whose commands are run: `doctor` and `evaluate`, or `check` and `grade`."""

_PLACE_AND_FOLDER = (1, 3)


@dataclass(frozen=True, order=True)
class Cell:
    """One combination."""

    user: str
    place: str
    install: str
    folder: str
    role: str

    def __str__(self) -> str:
        return "-".join(astuple(self))

    @property
    def pairs(self) -> frozenset[tuple[int, str, int, str]]:
        """Each two of the values but place and folder: all of these together are most of the combinations there are."""
        values = enumerate(astuple(self))
        return frozenset((i, a, j, b) for (i, a), (j, b) in combinations(values, 2) if (i, j) != _PLACE_AND_FOLDER)


def every(users: Sequence[str]) -> tuple[Cell, ...]:
    """Return all combinations as these users."""
    return tuple(Cell(*values) for values in product(users, PLACES, INSTALLS, FOLDERS, ROLES))


def covering(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return some of `cells`, in which each pair of values is that is in one of all: always the one with most news."""
    return tuple(_chosen(cells))


def pairs_of(cells: Iterable[Cell]) -> set[tuple[int, str, int, str]]:
    """Return each pair of values in `cells`."""
    return {pair for cell in cells for pair in cell.pairs}


def _chosen(cells: Sequence[Cell]) -> Iterator[Cell]:
    left = pairs_of(cells)
    while left:
        best = max(cells, key=lambda cell: len(cell.pairs & left))
        left -= best.pairs
        yield best
