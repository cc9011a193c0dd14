"""Show records, progress, samples and tables in a terminal; text that students wrote is made harmless."""

from rich.console import Console

__all__ = ["Screen"]


class Screen(Console):
    """A console that prints text literally, so that a student's `[red]` has no effect; with ``-q`` it prints little."""

    def error(self, text: object) -> None:
        """Print an error, even with ``-q``."""
        self._always(text, "red")

    def conclude(self, text: object) -> None:
        """Print the last line, even with ``-q``."""
        self._always(text, "")

    def _always(self, text: object, style: str) -> None:
        quiet, self.quiet = self.quiet, False
        try:
            self.print(text, style=style)
        finally:
            self.quiet = quiet
