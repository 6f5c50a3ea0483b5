"""What the journal of a run adds up to, without opening the run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runbooks.errors import StateError
from state.journal import Journal
from state.progress import Progress, apply

JOURNAL = "journal.jsonl"


def replay(directory: Path, seq: int | None = None) -> Progress:
    """Return what the journal of a run adds up to, up to event *seq*.

    Raises:
        StateError: the journal cannot be read.
    """
    progress = Progress()
    journal = Journal(directory / JOURNAL, None)
    try:
        for event in journal.read_new():
            if seq is None or event.seq <= seq:
                with suppress(StateError):  # said when the run is opened
                    apply(progress, event)
    finally:
        journal.close()
    return progress
