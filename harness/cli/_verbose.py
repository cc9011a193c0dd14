"""``harness -v``: explain the package's decisions on standard error, in sentences."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click


class _Sentences(logging.Handler):
    """Writes each message to the current standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        click.echo(self.format(record), err=True)


@contextmanager
def log_to_stderr(times: int) -> Iterator[None]:
    """Show the package's decisions while the body runs, with every detail if `times` is greater than 1."""
    logger, handler = logging.getLogger("harness"), _Sentences()
    former = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if times == 1 else logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(former)
