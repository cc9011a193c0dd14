"""`harness export`: results in the forms that other systems read."""

from __future__ import annotations

import click


@click.group()
def export() -> None:
    """Write results in the forms other systems read."""
