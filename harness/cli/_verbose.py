"""``harness -v``: what is decided where, in sentences on standard error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click


class _Sentences(logging.Handler):
    """Writes each message as it is, to what is standard error now."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        click.echo(self.format(record), err=True)


@contextmanager
def telling(times: int) -> Iterator[None]:
    """While the body runs show what the package decides, or, if asked for more than once, every detail."""
    logger, handler = logging.getLogger("harness"), _Sentences()
    former = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if times == 1 else logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(former)
