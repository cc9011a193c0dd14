"""The options of every command, which may stand before or after its name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._verbose import log_to_stderr

if TYPE_CHECKING:  # `harness --help` starts no worker
    from harness.sandbox import ForkServerOwner


@dataclass
class CommonOptions:
    """The values of the options that every command takes."""

    directory: Path | None = None
    data_root: Path | None = None
    verbose: int = 0
    quiet: bool = False
    fork_servers: ForkServerOwner | None = None
    """The fork servers of the command's caller, if there are any."""


def common_options() -> CommonOptions:
    """Return the common options of the running command."""
    context = click.get_current_context(silent=True)
    return CommonOptions() if context is None else _of(context)


def _of(context: click.Context) -> CommonOptions:
    return context.find_root().ensure_object(CommonOptions)


def _directory(context: click.Context, _: click.Parameter, given: Path | None) -> None:
    if given is not None:
        _of(context).directory = given


def _data_root(context: click.Context, _: click.Parameter, given: Path | None) -> None:
    if given is not None:
        _of(context).data_root = given


def _quiet(context: click.Context, _: click.Parameter, given: bool) -> None:
    _of(context).quiet |= given


def _verbose(context: click.Context, _: click.Parameter, times: int) -> None:
    if times and not _of(context).verbose:
        context.find_root().with_resource(log_to_stderr(times))
    _of(context).verbose += times


def _parameters() -> list[click.Parameter]:
    return [
        click.Option(
            ["-C", "--directory"],
            type=click.Path(path_type=Path, file_okay=False, exists=True),
            metavar="COURSE",
            expose_value=False,
            callback=_directory,
            help="The course, or any folder in it. By default the course of the current folder.",
        ),
        click.Option(
            ["--data-root"],
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_data_root,
            help="Folder that holds <task>/<files>. By default what $HARNESS_DATA names.",
        ),
        click.Option(
            ["-v", "--verbose"],
            count=True,
            expose_value=False,
            callback=_verbose,
            help="Explain decisions on standard error (-vv: with every detail).",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_quiet,
            help="Print errors and the last line only.",
        ),
    ]


def with_common_options(command: click.Command) -> click.Command:
    """Add the common options to `command` and its subcommands, and return it."""
    if not any("-C" in parameter.opts for parameter in command.params):
        command.params += _parameters()
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            with_common_options(inner)
    return command


class Group(click.Group):
    """A group of commands that suggests names for unknown commands and does not truncate help texts."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not close or "Did you mean" in error.message:
                raise
            raise click.UsageError(f"{error.message} Did you mean {close[0]!r}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the complete first sentence of their help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries(ctx)))

    def summaries(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        """Yield the name and the summary of each command."""
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                yield name, command.get_short_help_str(limit=1000)
