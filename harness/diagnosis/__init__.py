"""Diagnose a machine: gather facts about it, and derive what they mean for isolation and what to do."""

from harness.diagnosis._diagnose import Diagnosis, Observation
from harness.diagnosis._findings import Finding, findings
from harness.diagnosis._machine_facts import BubblewrapFacts, MachineFacts, gather

__all__ = ["BubblewrapFacts", "Diagnosis", "Finding", "MachineFacts", "Observation", "findings", "gather"]
