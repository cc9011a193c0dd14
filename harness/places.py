"""The folders in which data may be on this machine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from platformdirs import user_cache_path

from harness.errors import UsageError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Places:
    """The folders to search for data, and whether downloads are allowed."""

    root: Path | None
    """The instructor's data root, with files ``<root>/<task>/<file>``."""
    cache: Path
    private: Path | None
    """The folder with test parts that are hidden from students."""
    offline: bool
    why_offline: str = "nothing is downloaded for this"
    """The reason in the message if a file is missing that could be downloaded."""

    @classmethod
    def of(
        cls, environment: Mapping[str, str], data_root: Path | None = None, course_data: Path | None = None
    ) -> Places:
        """Read ``HARNESS_DATA``, ``HARNESS_PRIVATE`` and ``HARNESS_OFFLINE``; `data_root` overrides the first.

        `course_data`, the folder ``data/`` of the course, is the data root if it exists and neither of them names one.

        Raises:
            UsageError: one of the folders does not exist.
        """
        root = data_root or _folder(environment, "HARNESS_DATA")
        if root is None and course_data is not None and course_data.is_dir():
            root = course_data
        private = _folder(environment, "HARNESS_PRIVATE")
        for name, folder in (("data root", root), ("HARNESS_PRIVATE", private)):
            if folder is not None and not folder.is_dir():
                raise UsageError(f"the {name} {folder} is not a folder")
        offline = environment.get("HARNESS_OFFLINE", "") not in ("", "0")
        given = "--data-root" if data_root else "the course's data/" if root == course_data else "HARNESS_DATA"
        _log.info(
            "%s; downloads are %s.",
            f"There is no data root ({given} is not set)" if root is None else f"The data root is {root} ({given})",
            "off (HARNESS_OFFLINE)" if offline else "allowed",
        )
        places = cls(root=root, cache=user_cache_path("harness"), private=private, offline=offline)
        return replace(places, why_offline="HARNESS_OFFLINE is set") if offline else places

    def all(self) -> tuple[Path, ...]:
        """Return all folders with data, none of which a worker may see."""
        return tuple(path.resolve() for path in (self.root, self.cache, self.private) if path is not None)


def _folder(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]).absolute() if environment.get(name) else None
