"""What a machine is like, what follows from it for isolation, and what to do: facts first, then findings from them."""

from harness.diagnosis._facts import BubblewrapFacts, MachineFacts, gather
from harness.diagnosis._findings import Finding, findings

__all__ = ["BubblewrapFacts", "Finding", "MachineFacts", "findings", "gather"]
