"""Getting the work in: other systems' bulk downloads become ``submissions/<name>/<task>/``."""

from harness.intake._import import Imported, import_archive
from harness.intake._uploads import canvas, moodle

__all__ = ["Imported", "canvas", "import_archive", "moodle"]
