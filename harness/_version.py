"""The one place for the version, and for the name under which pip knows the harness."""

__version__ = "1.0.0rc1"
DISTRIBUTION = "coursework-harness"
"""The name of the distribution: ``harness`` is somebody else's on the package index. The command is ``harness``."""


def extra(name: str) -> str:
    """Return the command that installs what one of the extras brings."""
    return f"pip install '{DISTRIBUTION}[{name}]'"
