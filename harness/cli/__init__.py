"""The command line: parse, call, show; nothing is decided here."""

from __future__ import annotations

import importlib
import io
import keyword
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

from harness._version import __version__
from harness.cli._verbose import telling
from harness.errors import HarnessError, UsageError
from harness.programs import forget_current_folder

if TYPE_CHECKING:  # `harness --help` starts no worker
    from harness.sandbox import ForkServerOwner

PASSED, FAILED, USAGE, INFRASTRUCTURE, INTERRUPTED = 0, 1, 2, 3, 130

_COMMANDS = {
    "evaluate": "Train or load a submission in isolation, measure it, record it.",
    "grade": "Grade a class: resumable, unchanged work is not redone.",
    "import": "Lay out a learning platform's bulk download as submissions.",
    "check": "Try a submission against the contract, in seconds.",
    "new": "Start a submission, a task or a course.",
    "tasks": "List the tasks, or show one.",
    "data": "List, fetch and verify the tasks' data; keep test parts private.",
    "ci": "Evaluate the submissions that a change touches.",
    "leaderboard": "Rebuild the leaderboard from the records.",
    "report": "Write a page about one submission.",
    "export": "Write results in the forms other systems read.",
    "feedback": "Write a page and a short text for everybody in a class.",
    "audit": "Look at a class as a whole: similar code.",
    "doctor": "Say what works on this machine and what to do about what doesn't.",
}


class _Commands(click.Group):  # its methods' signatures are click's
    """Imports a command's module when it is called: `harness --help` should not wait for NumPy's friends."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"harness.cli._{name}")
        command = getattr(module, f"{name}_" if keyword.iskeyword(name) else name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
@click.option(
    "-v",
    "--verbose",
    count=True,
    help="Before COMMAND: say on standard error what is decided where (-vv: more).",
)
@click.pass_context
def cli(context: click.Context, verbose: int) -> None:
    """Grade deep-learning course work: isolated, measured, honest.

    Exit codes: 0 all passed · 1 a submission failed or is below its baseline · 2 usage · 3 infrastructure ·
    130 interrupted.
    """
    if verbose:
        context.with_resource(telling(verbose))


def main() -> None:
    """Run the command line and exit."""
    forget_current_folder()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a pipe of Windows has no code for must not end a command
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str], fork_servers: ForkServerOwner | None = None) -> int:
    """Run one command; return its exit code.

    Workers are forked from `fork_servers`, which the caller closes; without them, from some of the command's own.
    """
    try:
        return int(cli.main(arguments, prog_name="harness", standalone_mode=False, obj=fork_servers) or PASSED)
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
        _say(error)
        return INFRASTRUCTURE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted: nothing is left running, no half record was written", err=True)
        return INTERRUPTED


def _say(error: Exception) -> None:
    click.echo(f"error: {error}", err=True)


def _terminate(number: int, _: FrameType | None) -> None:
    """Leave by the front door, so that workers are killed and copies removed."""
    sys.exit(128 + number)
