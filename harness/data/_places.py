"""Where data may lie on this machine."""

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
    """Folders to look in, and whether the network may be asked."""

    root: Path | None
    """An instructor's data root, ``<root>/<task>/<file>``."""
    cache: Path
    private: Path | None
    """Holds test parts that are kept from students."""
    offline: bool
    why_offline: str = "nothing is downloaded for this"
    """Said where a file that could be downloaded is missing."""

    @classmethod
    def of(cls, environment: Mapping[str, str], data_root: Path | None = None) -> Places:
        """Read ``HARNESS_DATA``, ``HARNESS_PRIVATE`` and ``HARNESS_OFFLINE``; `data_root` wins over the first.

        Raises:
            UsageError: a folder that is named does not exist.
        """
        root = data_root or _folder(environment, "HARNESS_DATA")
        private = _folder(environment, "HARNESS_PRIVATE")
        for name, folder in (("data root", root), ("HARNESS_PRIVATE", private)):
            if folder is not None and not folder.is_dir():
                raise UsageError(f"the {name} {folder} is not a folder")
        offline = environment.get("HARNESS_OFFLINE", "") not in ("", "0")
        given = "--data-root" if data_root else "HARNESS_DATA"
        _log.info(
            "%s; downloads are %s.",
            f"There is no data root ({given} is not set)" if root is None else f"The data root is {root} ({given})",
            "off (HARNESS_OFFLINE)" if offline else "allowed",
        )
        places = cls(root=root, cache=user_cache_path("harness"), private=private, offline=offline)
        return replace(places, why_offline="HARNESS_OFFLINE is set") if offline else places

    def all(self) -> tuple[Path, ...]:
        """Return every folder that holds data: what a worker must not see."""
        return tuple(path.resolve() for path in (self.root, self.cache, self.private) if path is not None)


def _folder(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]).absolute() if environment.get(name) else None
