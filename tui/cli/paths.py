"""The type of words on the command line that name files."""

from __future__ import annotations

from pathlib import Path

import click

# Only what reads a file says what is wrong with it, the same way for every command.
FILE = click.Path(path_type=Path, readable=False)
