"""The signatures in a journal, each computed again from what the journal held then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
            by, at = _signer(of)
            yield Signature(of.step or "", by, at, signed, made == signed.digest)


def _signed(event: Event) -> Signed | None:
    with suppress(ValueError):  # the event was left out, and that said, at opening
        return entries.signed(_decision(event) or {})
    return None


def _decision(event: Event) -> Mapping[str, Any] | None:
    if event.kind is Kind.EDITED_BY_HAND:
        return event.data.get("decision")
    return event.data if event.kind is Kind.DECIDED else None


def _signer(event: Event) -> tuple[str, str]:
    """Return who signed and when; of an edit by hand that stands in the decision."""
    said = _decision(event) or {}
    return said.get("by", person(event.by)), said.get("at", event.at)
