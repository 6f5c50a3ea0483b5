"""The shell context of a run: what one command leaves behind for the next.

Working directory, variables, arrays, functions and aliases that the commands
of the document set or changed; no options, nothing readonly, nothing that
belongs to the shell or to gonogo. What merely stands in the environment is not
kept, so a new agent socket or profile value reaches the next command.

The file is a shell script of declarations, written by a trap inside the shell
(context.bash and context.zsh), so values never pass through quoting of
our own. Its comments say the working directory, the names, and that it is whole.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from runbooks.leavings import working_directory

_TRAPS = {
    "bash": (Path(__file__).with_name("context.bash"), ("--noprofile", "--norc")),
    "zsh": (Path(__file__).with_name("context.zsh"), ("-f",)),
}


def shell_arguments(shell: str) -> list[str]:
    """Return the arguments that make *shell* run its `prelude` and then a text.

    Both are read from descriptors, so that no value is ever in an argument.
    """
    return [shell, *_TRAPS[shell][1], "-c", ". /dev/fd/8; . /dev/fd/9", shell]


def prelude(shell: str, cwd: Path, context: Path | None, capture: Path | None) -> bytes:
    """Return what the shell does first: take over *context*, set the trap.

    Args:
        cwd: where the command runs; it has been looked at before.
        context: what earlier commands left, if the file is there.
        capture: where the trap writes what this one leaves; None for nowhere.
    """
    if context is None:
        return _bytes(f"exec 8<&-; {_enter(cwd)}")
    places = (
        f"{_enter(cwd)}"
        f"__gonogo_context={shlex.quote(str(context or ''))}\n"
        f"__gonogo_capture={shlex.quote(str(capture or ''))}\n"
    )
    return _bytes(places) + _TRAPS[shell][0].read_bytes()


def script(text: str) -> bytes:
    """Return *text* as the shell reads it; its line numbers stay what they are."""
    return _bytes(f"exec 9<&-; {text}\n")


def names(path: Path) -> tuple[str, ...]:
    """Return the variables, functions and aliases that the context at *path* holds.

    What each shell holds of its own is taken together.
    """
    found: list[str] = []
    for file in files(path):
        for line in reversed(_lines(file)):
            if line.startswith(b"# names"):
                found += line.decode("utf-8", "surrogateescape").split()[2:]
                break
    return tuple(found)


def read_cwd(path: Path) -> Path | None:
    """Return the directory in which the context at *path* was left last, or None."""
    for file in files(path):
        if lines := _lines(file):
            return Path(os.fsdecode(working_directory(lines[0] + b"\n")))
    return None


def file_of(path: Path, shell: str) -> Path:
    """Return where *shell* keeps its part: none can read what another one wrote."""
    return path if shell == "bash" else path.with_name(f"{path.name}.{shell}")


def files(path: Path) -> list[Path]:
    """Return the parts that are there, the newest first."""
    parts = [file_of(path, shell) for shell in _TRAPS]
    parts = [part for part in parts if part.exists()]
    return sorted(parts, key=lambda part: part.stat().st_mtime_ns, reverse=True)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []


def _enter(cwd: Path) -> str:
    return f"builtin cd -- {shlex.quote(str(cwd))} || exit 125\n"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
