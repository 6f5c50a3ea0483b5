"""The type of words on the command line that name files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from runbooks.shipped import named

# Only what reads a file says what is wrong with it, the same way for every command.
FILE = click.Path(path_type=Path, readable=False)


class _Runbook(click.Path):
    """A file, or the bare name of a runbook that comes with gonogo."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        return named(Path(os.fsdecode(super().convert(value, param, ctx))))


RUNBOOK = _Runbook(path_type=Path, readable=False)
