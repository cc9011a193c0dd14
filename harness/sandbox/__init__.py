"""Start a process with nothing but what it is given; find, name and hold the isolation level."""

import sys

from harness.sandbox._box import Box, Folder, Launch, Sandbox
from harness.sandbox._find import (
    LevelAttempt,
    attempts,
    find_sandbox,
    find_sandbox_of_at_least,
    fork_servers_through,
    installed_bubblewraps,
    why_cold,
)
from harness.sandbox._gpu import Gpu, find_gpus
from harness.sandbox._levels import WHAT_HOLDS, Isolation, Level, Start, Tell, describe_cold
from harness.sandbox._process import Process
from harness.sandbox._seccomp import can_filter_calls
from harness.sandbox._watch import Allowance, Exceeded

if sys.platform == "linux":
    from harness.sandbox._forkservers import ForkServerOwner, ForkServers
else:
    from harness.sandbox._plain import NoForkServers as ForkServerOwner
    from harness.sandbox._plain import NoForkServers as ForkServers

__all__ = [
    "WHAT_HOLDS",
    "Allowance",
    "Box",
    "Exceeded",
    "Folder",
    "ForkServerOwner",
    "ForkServers",
    "Gpu",
    "Isolation",
    "Launch",
    "Level",
    "LevelAttempt",
    "Process",
    "Sandbox",
    "Start",
    "Tell",
    "attempts",
    "can_filter_calls",
    "describe_cold",
    "find_gpus",
    "find_sandbox",
    "find_sandbox_of_at_least",
    "fork_servers_through",
    "installed_bubblewraps",
    "why_cold",
]
