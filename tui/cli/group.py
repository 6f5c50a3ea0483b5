"""The commands of `gonogo`, each imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import cast

import click

from tui.cli import COMMANDS

_HELP = ("-h", "--help", "--version")


class _Commands(click.Group):
    """Subcommands by name; anything else is a runbook to open."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"tui.cli.{name.replace('-', '_')}")
        return cast(click.Command, module.__dict__["command"])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in COMMANDS and args[0] not in _HELP):
            args = ["open", *args]
        return super().parse_args(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        from tui.cli.printing import say

        say(f"gonogo {version('gonogo')}")
        ctx.exit()


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    options_metavar="",
    subcommand_metavar="[RUNBOOK | COMMAND] [OPTIONS]...",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version
)
def gonogo() -> None:
    """Walk a Markdown runbook in the terminal and keep what was decided.

    `gonogo RUNBOOK` opens it where it was left; `gonogo` alone lets you choose.
    """


def run(words: Sequence[str]) -> int:
    """Run the command that *words* name and return its exit code.

    Raises:
        click.ClickException: wrong usage.
        GonogoError: it cannot be done; the message says why.
    """
    try:
        result = gonogo.main(list(words), prog_name="gonogo", standalone_mode=False)
    except click.Abort:  # click's word for Ctrl-C and for end of input at a question
        raise KeyboardInterrupt from None
    except SystemExit:  # all that click leaves of a reader who has gone
        raise BrokenPipeError from None
    return result if isinstance(result, int) else 0
