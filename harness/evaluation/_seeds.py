"""Seeds derived from names: the same for every submission and independent of earlier draws."""

from __future__ import annotations

import hashlib


def seed_for(base: int, task: str, repeat: int) -> int:
    """Return a seed in [0, 2³²) derived from the base seed, the task's name and the repeat."""
    return int.from_bytes(hashlib.sha256(f"{base}/{task}/{repeat}".encode()).digest()[:4], "little")
