"""The command line: commands parse their options, call the API and show the results; they decide nothing."""

from __future__ import annotations

import gc
import importlib
import io
import keyword
import signal
import sys
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING

import click

from harness._version import __version__
from harness.cli._ahead import start_ahead
from harness.cli._common import CommonOptions, Group, common_options, with_common_options
from harness.errors import HarnessError, UsageError
from harness.programs import forget_current_folder

if TYPE_CHECKING:  # `harness --help` starts no worker
    from harness.sandbox import ForkServerOwner

PASSED, FAILED, USAGE, INFRASTRUCTURE, INTERRUPTED = 0, 1, 2, 3, 130

_COMMANDS = {
    "evaluate": "Train or load submissions in isolation, measure them and record the results.",
    "check": "Try submissions against the contract, in seconds.",
    "grade": "Grade a class. Unchanged submissions are not evaluated again.",
    "import": "Turn a bulk download of a learning platform into submissions.",
    "export": "Write results in the formats that other systems read.",
    "feedback": "Write a page and a short text for everybody in a class.",
    "leaderboard": "Rebuild the leaderboard from the records.",
    "report": "Write a page about a submission's newest record.",
    "site": "Write static pages about the course: boards, pictures and reports.",
    "ci": "Evaluate the submissions that a change touches.",
    "audit": "Look for shared code, test whether models learned, and analyse scored items.",
    "tasks": "List the tasks, show one, or check them for their authors.",
    "data": "List, fetch, verify and save the data of the tasks; keep test parts private.",
    "new": "Start a submission, a task or a course.",
    "doctor": "Show what works on this machine, and how to fix what does not.",
}


class _Commands(Group):
    """Imports the module of a command when it is called, so that `harness --help` does not load NumPy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args:
            start_ahead(ctx.find_root(), common_options(), args)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"harness.cli._{name}")
        if not gc.isenabled():  # `main` turned it off
            gc.freeze()  # imported modules stay until the command ends, so they need not be examined
            gc.enable()
        command = getattr(module, f"{name}_" if keyword.iskeyword(name) else name)
        assert isinstance(command, click.Command)
        return with_common_options(command)

    def summaries(self, ctx: click.Context) -> Iterable[tuple[str, str]]:
        return _COMMANDS.items()


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog='Completion in bash: eval "$(_HARNESS_COMPLETE=bash_source harness)". In zsh and fish likewise.',
)
@click.version_option(__version__, prog_name="harness")
def cli() -> None:
    """Grade deep-learning course work: isolated, measured, honest.

    Exit codes: 0 all passed · 1 a submission failed or is below its baseline · 2 usage · 3 infrastructure ·
    130 interrupted.
    """


with_common_options(cli)


def main() -> None:
    """Run the command line and exit."""
    gc.disable()  # nothing can be collected while modules are imported, and trying takes a fifth of the time
    forget_current_folder()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # characters that a pipe on Windows cannot encode must not end a command
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = run(sys.argv[1:])
    except _TerminatedError:
        code = 128 + signal.SIGTERM
    sys.exit(code)


def run(arguments: list[str], fork_servers: ForkServerOwner | None = None) -> int:
    """Run one command and return its exit code.

    Workers are forked from `fork_servers`, which the caller closes, or from fork servers that the command starts.
    """
    try:
        return int(
            cli.main(
                arguments, prog_name="harness", standalone_mode=False, obj=CommonOptions(fork_servers=fork_servers)
            )
            or PASSED
        )
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except UsageError as error:
        _say(error)
        return USAGE
    except HarnessError as error:
        _say(error)
        return INFRASTRUCTURE
    except OSError as error:  # the course's own files: full disk, no permission
        if (removed := _removed_folder()) is not None:
            _say(removed)
            return USAGE
        _say(error)
        return INFRASTRUCTURE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted: nothing is left running, and no incomplete record was written", err=True)
        return INTERRUPTED


def _removed_folder() -> UsageError | None:
    """Return an error if the current folder has been removed, because relative paths have no meaning then."""
    from harness.course import current_folder

    try:
        current_folder()
    except UsageError as error:
        return error
    return None


def _say(error: Exception) -> None:
    click.echo(f"error: {error}", err=True)


class _TerminatedError(BaseException):
    """Somebody ended the command; no `SystemExit`, which a task's metric that calls ``sys.exit()`` raises as well."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """End the command through all that it holds, so that workers are killed and copies removed."""
    raise _TerminatedError
