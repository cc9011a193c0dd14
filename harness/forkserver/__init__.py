"""The fork server: a process that has imported what workers need, and forks each of them into a separate sandbox.

It runs inside the outer sandbox of a worker, without labels, network or files of the host. This package exports the
messages that it exchanges with the host.
"""

from harness.forkserver._protocol import (
    JOB,
    STAGING,
    Connect,
    Exited,
    ForkServerReply,
    ForkServerRequest,
    Preload,
    Preloaded,
    Retire,
    Spawned,
    SpawnFailed,
    SpawnRequest,
)

__all__ = [
    "JOB",
    "STAGING",
    "Connect",
    "Exited",
    "ForkServerReply",
    "ForkServerRequest",
    "Preload",
    "Preloaded",
    "Retire",
    "SpawnFailed",
    "SpawnRequest",
    "Spawned",
]
