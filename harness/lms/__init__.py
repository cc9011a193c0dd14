"""Learning systems, a module each: their downloads in, results out in the forms that they read."""

from harness.lms import blackboard, brightspace, canvas, github, gradescope, ilias, moodle, plain_folders
from harness.lms._edit import CellChange, Filled, Manner
from harness.lms._import_uploads import Import, Imported
from harness.lms._learn_times import LearnedPushes, LearnedTable, learn_pushes, learn_table
from harness.lms._members import Refused
from harness.lms._origins import Origin, Origins
from harness.lms._uploads import System
from harness.lms._walled import WalledArchives

SYSTEMS: dict[str, System] = {
    module.SYSTEM.name: module.SYSTEM
    for module in (blackboard, brightspace, canvas, github, gradescope, ilias, moodle, plain_folders)
}

__all__ = [
    "SYSTEMS",
    "CellChange",
    "Filled",
    "Import",
    "Imported",
    "LearnedPushes",
    "LearnedTable",
    "Manner",
    "Origin",
    "Origins",
    "Refused",
    "System",
    "WalledArchives",
    "learn_pushes",
    "learn_table",
]
