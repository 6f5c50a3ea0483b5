"""What can be opened: unfinished runs, the shipped runbooks, those at hand, practice.

Nothing is parsed for it: a directory may hold a thousand files, and whoever
starts gonogo without a name wants the list at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runbooks.shipped import INCIDENTS, PRODUCTION
from state.runs import Summary, runs

LIMIT = 200
"""Files of the working directory that are looked into."""
HEAD = 64 * 1024
"""Bytes of a file that are looked at."""
_WALKABLE = re.compile(
    rb"^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s|^\s*(?:```+|~~~+)\s*"
    rb"(?:bash|sh|shell|zsh|console|shell-session)\b",
    re.MULTILINE,
)
_TITLE = re.compile(rb"^#[ \t]+(.+?)[ \t#]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be opened.

    Attributes:
        group: heading that it stands under.
        runbook: path of the document.
        run: how far its run is, or None for a document without one.
        rehearsal: it is walked on a practice deployment, which is started for it.
    """

    group: str
    title: str
    runbook: Path
    run: Summary | None = None
    rehearsal: bool = False


def offers(home: Path, shipped: Path, here: Path) -> list[Offer]:
    """Return what can be opened, the runs touched last first.

    Args:
        home: the state home.
        shipped: directory of the runbooks that come with gonogo.
        here: working directory.

    Raises:
        StateError: the state home cannot be read.
    """
    from runbooks.rehearsal.programs import missing

    found = [
        Offer("Unfinished", run.title or run.directory.name, run.runbook, run)
        for run in runs(home)
        if run.unfinished
    ]
    found += _documents("In this directory", here)
    found += _documents("Come with gonogo", shipped)
    found += _documents("When something is wrong", shipped / INCIDENTS.name)
    if not missing():
        text = "A practice deployment, made up and gone when you leave"
        found.append(Offer("Rehearse", text, shipped / PRODUCTION.name, rehearsal=True))
    return found


def _documents(group: str, directory: Path) -> Iterator[Offer]:
    try:
        with os.scandir(directory) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.lower().endswith((".md", ".markdown"))
            )
    except OSError:  # a working directory that is gone offers nothing
        return
    for name in names[:LIMIT]:
        path = directory / name
        try:
            # Not a pipe, which would wait for its writer.
            if not path.is_file():
                continue
            with path.open("rb") as file:
                head = file.read(HEAD)
        except OSError:  # opening it by name says why
            continue
        if _WALKABLE.search(head):
            title = _TITLE.search(head)
            words = title[1].decode("utf-8", "replace") if title else path.stem
            yield Offer(group, words, path)
