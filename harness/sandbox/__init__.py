"""Start a worker process with access to nothing except what it is given, at the best isolation level of the machine."""

import sys

from harness.sandbox._box import Box, Folder, Launch, Sandbox
from harness.sandbox._gpu import Gpu, find_gpus
from harness.sandbox._levels import GUARANTEES, Isolation, Level, Notify, Requirement, Start, cold_start_notice
from harness.sandbox._memory_trace import MemoryPoint, MemoryTrace
from harness.sandbox._output import lines_of
from harness.sandbox._process import Process
from harness.sandbox._sample_data import installed_data
from harness.sandbox._seccomp import can_filter_calls
from harness.sandbox._selection import (
    LevelAttempt,
    attempts,
    find_required_sandbox,
    find_sandbox,
    find_sandbox_of_at_least,
    fork_servers_through,
    installed_bubblewraps,
    reason_for_cold_start,
)
from harness.sandbox._watchdog import Allowance, Exceeded

if sys.platform == "linux":
    from harness.sandbox._ahead import begin_fork_servers
    from harness.sandbox._forkservers import ForkServerOwner, ForkServers
else:
    from harness.sandbox._portable import NoForkServers as ForkServerOwner
    from harness.sandbox._portable import NoForkServers as ForkServers
    from harness.sandbox._portable import begin_no_fork_servers as begin_fork_servers

__all__ = [
    "GUARANTEES",
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
    "MemoryPoint",
    "MemoryTrace",
    "Notify",
    "Process",
    "Requirement",
    "Sandbox",
    "Start",
    "attempts",
    "begin_fork_servers",
    "can_filter_calls",
    "cold_start_notice",
    "find_gpus",
    "find_required_sandbox",
    "find_sandbox",
    "find_sandbox_of_at_least",
    "fork_servers_through",
    "installed_bubblewraps",
    "installed_data",
    "lines_of",
    "reason_for_cold_start",
]
