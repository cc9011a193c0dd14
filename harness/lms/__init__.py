"""Learning systems, one module each: read their downloads, and write results in the forms that they accept."""

from harness.errors import TaskError
from harness.lms import blackboard, brightspace, canvas, github, gradescope, ilias, moodle, plain_folders
from harness.lms._edit import CellChange, Filled, Manner
from harness.lms._export_memory import ExportMemory
from harness.lms._import_uploads import Import, Imported
from harness.lms._learn_times import LearnedPushes, LearnedTable, learn_pushes, learn_table
from harness.lms._members import Member, Refused, why_skipped
from harness.lms._origins import Origin, Origins, moodle_numbers
from harness.lms._uploads import Parsed, Skipped, System, Upload
from harness.lms._walled import WalledArchives
from harness.plugins import PLATFORM_GROUP, Plugins

SYSTEMS: dict[str, System] = {
    module.SYSTEM.name: module.SYSTEM
    for module in (blackboard, brightspace, canvas, github, gradescope, ilias, moodle, plain_folders)
}
TIMES = "times"
"""The name to use instead of a system's if only hand-in times are to be read."""


def system_of(name: str, plugins: Plugins) -> System:
    """Return the learning system `name`, which comes with the harness or with a plug-in.

    Raises:
        TaskError: no system or several have this name, or the plug-in's system cannot be used.
    """
    offered = [offer for offer in plugins.offers(PLATFORM_GROUP) if offer.name == name]
    if name in SYSTEMS:
        if offered:
            raise TaskError(
                f"the {offered[0]} has the same name as one that comes with the harness: remove "
                f"{offered[0].package} from {plugins.file.path}"
            )
        return SYSTEMS[name]
    system = plugins.load(PLATFORM_GROUP, name, System)
    if system.name != name:
        raise TaskError(
            f"the {offered[0]} calls itself {system.name!r}; expected {name!r}, the name of its entry point"
        )
    return system


__all__ = [
    "SYSTEMS",
    "TIMES",
    "CellChange",
    "ExportMemory",
    "Filled",
    "Import",
    "Imported",
    "LearnedPushes",
    "LearnedTable",
    "Manner",
    "Member",
    "Origin",
    "Origins",
    "Parsed",
    "Refused",
    "Skipped",
    "System",
    "Upload",
    "WalledArchives",
    "learn_pushes",
    "learn_table",
    "moodle_numbers",
    "system_of",
    "why_skipped",
]
