"""`harness export`: results in the forms that other systems read."""

from __future__ import annotations

import click

from harness.cli._export_ci import comment, junit
from harness.cli._export_gradescope import gradescope


@click.group()
def export() -> None:
    """Write results in the forms other systems read."""


for command in (comment, gradescope, junit):
    export.add_command(command)
