"""The fork server: a process that has imported what workers need, and forks each of them into a sandbox of its own.

It runs inside the outer sandbox of a worker, without labels, network or files of the host. The messages are what it and
the host exchange.
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
