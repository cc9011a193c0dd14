"""The version, and the name under which pip installs the harness."""

__version__ = "1.0.0rc1"
DISTRIBUTION = "coursework-harness"
"""The name of the distribution; ``harness`` is another project on the package index. The command is ``harness``."""


def extra(name: str) -> str:
    """Return the command that installs the packages of one of the extras."""
    return f"pip install '{DISTRIBUTION}[{name}]'"
