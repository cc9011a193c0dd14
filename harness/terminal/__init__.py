"""Show records, progress, samples and tables in a terminal; control characters in students' text are removed."""

from textwrap import wrap

from rich.console import Console

__all__ = ["Screen", "hanging"]

_LEAST_ROOM = 30


class Screen(Console):
    """A console that prints text literally, so that `[red]` in a student's text has no effect; ``-q`` limits it."""

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


def hanging(console: Console, begin: str, text: str) -> str:
    """Return `text` after `begin`, on one line, or in a terminal as a column of as many lines as it needs."""
    if not console.is_terminal:
        return begin + text
    room = max(console.width - len(begin), _LEAST_ROOM)
    return begin + f"\n{' ' * len(begin)}".join(wrap(text, room, break_long_words=False, break_on_hyphens=False))
