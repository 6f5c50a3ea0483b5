"""The signatures in a journal, each computed again from what the journal held then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runbooks.errors import StateError
from runbooks.events import Event, Kind
from state import entries
from state.author import person
from state.journal import Journal
from state.progress import Progress, apply
from state.replaying import JOURNAL
from state.rollup import digest
from state.standing import Signed


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature of before, also one that was taken back since.

    Attributes:
        at: ISO 8601.
        holds: whether its digest is that of what the journal held then.
    """

    step: str
    by: str
    at: str
    signed: Signed
    holds: bool


def signatures(directory: Path) -> Iterator[Signature]:
    """Yield the signatures in the journal of the run in *directory*, as they come.

    Raises:
        StateError: the journal cannot be read.
    """
    journal = Journal(directory / JOURNAL, None)
    try:
        events = list(journal.read_new())
    finally:
        journal.close()
    signing: dict[int, list[tuple[Event, Signed]]] = {}
    for event in events:
        if signed := _signed(event):
            signing.setdefault(signed.seq, []).append((event, signed))
    progress, documents = Progress(), dict[str, Mapping[str, str]]()
    for event in events if signing else ():
        with suppress(StateError):  # said when the run is opened
            apply(progress, event)
        documents[progress.document] = progress.digests
        for of, signed in signing.get(event.seq, ()):
            digests = documents.get(signed.document, {})
            rows = [(id, stood, digests.get(id, "")) for id, stood in signed.steps]
            made = digest(signed.summary, rows, progress.steps)
            by = person(of.by)
            yield Signature(of.step or "", by, of.at, signed, made == signed.digest)


def _signed(event: Event) -> Signed | None:
    said = event.data
    if event.kind is Kind.EDITED_BY_HAND:
        said = said.get("decision") or {}
    elif event.kind is not Kind.DECIDED:
        return None
    with suppress(ValueError):
        return entries.signed(said)
    return None
