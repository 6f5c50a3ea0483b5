"""Which systems a command would reach, as far as its text tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from runbooks.options import options
from runbooks.syntax import masked, tree
from runbooks.words import Simple, simple_commands
from runbooks.wrappers import unwrapped

PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "kubernetes": ("kubectl", "oc", "helm", "helmfile"),
    "docker": ("docker", "docker-compose"),
    "postgres": (
        *("psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "pgbench"),
        *("createdb", "dropdb", "createuser", "dropuser"),
        *("vacuumdb", "reindexdb", "clusterdb"),
    ),
}
"""Table of the profile to the programs that go to its system."""
_TABLE = {program: table for table, names in PROGRAMS.items() for program in names}
_RUNS_ANOTHER = options(
    "sudo doas exec nohup setsid xargs watch flock ionice stdbuf bash sh zsh eval"
)
"""Commands in whose arguments another one may stand."""
_WORD = re.compile(r"[\w./-]+")


def tables(text: str) -> tuple[str, ...]:
    """Return the tables of a profile whose systems *text* would reach."""
    reached = (_TABLE[name] for name, _ in programs(text))
    return tuple(dict.fromkeys(reached))


def programs(text: str) -> Iterator[tuple[str, Simple]]:
    """Yield each program that goes to a system, with the command that runs it.

    What ``ssh`` runs, it runs elsewhere. Of a text within a text only the program is
    known: its command has no words that could be read.
    """
    for simple in simple_commands(tree(masked(text))):
        bare, _ = unwrapped(simple)
        name = PurePath(bare.name or "").name
        if name in _TABLE:
            yield name, bare
        elif name in _RUNS_ANOTHER:
            yield from _within(bare)


def _within(simple: Simple) -> Iterator[tuple[str, Simple]]:
    for place, word in enumerate(simple.words[1:], 1):
        name = PurePath(word.value or "").name
        if name in _TABLE:
            yield name, Simple(simple.words[place:], simple.assigned, simple.has_input)
            return
        for found in _WORD.findall(word.text):
            if (name := PurePath(found).name) in _TABLE:
                yield name, Simple((), ())
