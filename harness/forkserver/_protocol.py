"""The messages between a host and a fork server, and those that a spawned worker's supervisor sends to the host."""

from __future__ import annotations

import msgspec

JOB, STAGING = "/job", "/staging"
"""The folder in which a worker finds its files, and the folder in which the fork server finds those of every worker."""


class _ForkMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    pass


class Preload(_ForkMessage, frozen=True, tag="preload"):
    """Import these modules and answer with `Preloaded`; a module that cannot be imported is skipped."""

    modules: tuple[str, ...]


class Connect(_ForkMessage, frozen=True, tag="connect"):
    """Serve one more connection, whose socket is attached as a descriptor."""


class Retire(_ForkMessage, frozen=True, tag="retire"):
    """Exit as soon as all other connections are closed and all workers have exited."""


class SpawnRequest(_ForkMessage, frozen=True, tag="spawn"):
    """Fork a worker; its notification socket, request pipe, reply pipe and output pipe are attached as descriptors.

    The message contains nothing from a student, because the next worker inherits the memory that it is read into.
    """

    job: str
    """The folder of the staging folder that becomes ``/job``."""
    home: str
    visible: tuple[str, ...]
    """Paths that must stay visible although they are below folders that are separate for each worker."""
    links: tuple[tuple[str, str], ...]
    """Symbolic links to create below these folders, each with its target."""
    environment: dict[str, str]
    threads: int
    cores: tuple[int, ...]
    scratch_bytes: int
    shared_memory_bytes: int
    seccomp_filter: bytes | None


ForkServerRequest = Preload | Connect | Retire | SpawnRequest


class Preloaded(_ForkMessage, frozen=True, tag="preloaded"):
    """The top-level names of all modules that are loaded."""

    packages: tuple[str, ...]


class Spawned(_ForkMessage, frozen=True, tag="spawned"):
    """The init process of the worker's namespaces is set up and waits for permission to continue.

    Its pid is attached as credentials.
    """


class SpawnFailed(_ForkMessage, frozen=True, tag="failed"):
    """No worker could be started."""

    reason: str


class Exited(_ForkMessage, frozen=True, tag="exited"):
    """The init process has exited, and every other process of its namespace with it; 128 + N stands for signal N."""

    code: int


ForkServerReply = Preloaded | Spawned | SpawnFailed | Exited
