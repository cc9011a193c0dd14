"""What a host orders of its fork server, and what it hears of each worker."""

from __future__ import annotations

import msgspec

JOB, SPOOL = "/job", "/spool"
"""Where a worker finds what it is given, and where the fork server finds what each will be given."""


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    pass


class Learn(_Message, frozen=True, tag="learn"):
    """Import these modules and answer `Known`; what cannot be imported is left to who needs it."""

    modules: tuple[str, ...]


class Birth(_Message, frozen=True, tag="birth"):
    """Fork a worker; its socket for news, its requests, its replies and its output come along as descriptors.

    Nothing in it is a student's: the next worker inherits the memory that it was read into.
    """

    job: str
    """The folder of the spool that becomes ``/job``."""
    home: str
    shown: tuple[str, ...]
    """What lies below the folders that are each worker's own, and must show all the same."""
    links: tuple[tuple[str, str], ...]
    """Symbolic links to be made there, and where they lead."""
    environment: dict[str, str]
    threads: int
    cores: tuple[int, ...]
    scratch_bytes: int
    shared_bytes: int
    calls: bytes | None
    """The seccomp filter."""


Order = Learn | Birth


class Known(_Message, frozen=True, tag="known"):
    """The packages and modules without a package that have been imported, for whatever reason."""

    names: tuple[str, ...]


class Here(_Message, frozen=True, tag="here"):
    """The first process of the worker's namespaces stands, and waits for a word; its number comes as credentials."""


class Refused(_Message, frozen=True, tag="refused"):
    """There will be no worker."""

    why: str


class Ended(_Message, frozen=True, tag="ended"):
    """The first process has ended, and all others with it; 128 more than the number for a signal."""

    code: int


News = Known | Here | Refused | Ended
