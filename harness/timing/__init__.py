"""Time a model: the clock and its budget, cores, the yardstick, the machine-wide lock, and the audits of time."""

from harness.timing._audits import (
    MAX_BACKGROUND,
    MAX_CORES,
    Repeated,
    Turns,
    altered_inputs_take_as_long,
    no_background_work,
    one_core,
    repeats_are_computed,
)
from harness.timing._calibration import LEAST_PROCESSES, Calibration, calibration_of
from harness.timing._clock import BLOCK, LATENCY_SECONDS, Budget, Request, sample, warm_up
from harness.timing._clock_facts import clock_facts
from harness.timing._clock_history import PROCESS_DEVIATION, ClockHistory, process_deviation
from harness.timing._cores import Cores, IdleCores, look_for_idle_cores, move_processes, pinned, quickest_cores
from harness.timing._disturbance import Disturbance, Threads
from harness.timing._draw import Draw, Perturb
from harness.timing._machine_lock import MachineLock, Share, machine_lock
from harness.timing._rounds import FEWEST_ROUNDS, Round, Rounds, Timed, first_requests, measure
from harness.timing._summary import NOISY, IntervalTerms, Summary, summarise

__all__ = [
    "BLOCK",
    "FEWEST_ROUNDS",
    "LATENCY_SECONDS",
    "LEAST_PROCESSES",
    "MAX_BACKGROUND",
    "MAX_CORES",
    "NOISY",
    "PROCESS_DEVIATION",
    "Budget",
    "Calibration",
    "ClockHistory",
    "Cores",
    "Disturbance",
    "Draw",
    "IdleCores",
    "IntervalTerms",
    "MachineLock",
    "Perturb",
    "Repeated",
    "Request",
    "Round",
    "Rounds",
    "Share",
    "Summary",
    "Threads",
    "Timed",
    "Turns",
    "altered_inputs_take_as_long",
    "calibration_of",
    "clock_facts",
    "first_requests",
    "look_for_idle_cores",
    "machine_lock",
    "measure",
    "move_processes",
    "no_background_work",
    "one_core",
    "pinned",
    "process_deviation",
    "quickest_cores",
    "repeats_are_computed",
    "sample",
    "summarise",
    "warm_up",
]
