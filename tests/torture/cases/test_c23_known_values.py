"""C23: sixty secrets in eight encodings and six places; none is stored or shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.events import Kind
from runbooks.probes.sources import Sources
from runbooks.results import Finding, Result
from runbooks.tables import CommandClass
from state import entries
from state.author import current
from state.deciding import decide, note
from state.run import Run
from state.standing import Answer
from tests.runbooks.running import run as run_alone
from tests.state.books import runbook, step
from tests.torture.planted import ENCODINGS, Planted, kept
from tests.torture.results import counted, result, rng, size
from tests.torture.secret_formats import FORMATS

pytestmark = pytest.mark.timeout(600)

PLACES = ("output", "note", "variable", "error", "row", "command line")


def test_each_place(planted: Planted, tmp_path: Path) -> None:
    book = runbook(*(step(f"s.{i}") for i in range(20)))
    run = Run.create(tmp_path / "state", book, "", current())
    sources = Sources()
    sources.hide(*planted.secrets.values())
    cases = size(len(planted.codes), 80)
    chance = rng("c23 places")
    chosen = chance.sample(sorted(planted.codes), cases)
    said: list[bytes] = []
    for number, key in enumerate(chosen):
        code = planted.codes[key]
        text = f"it says {code} there"
        place = book.steps[number % 20]
        note(run, place.id, text)
        if number % 5 == 0:
            decide(run, place, Answer.PASS, text)
        run.give({f"VALUE_{number}": code})
        run.request(f"c{number}", place.id, f"tool {code}", CommandClass.OBSERVE, "/")
        error = ProbeError(text, source="x")
        said += (sources.hidden(str(error)).encode(), sources.hidden(code).encode())
        row = Finding(Result.PASS, "", evidence=f"id | {code} | 3", seconds=0.1)
        run.record(Kind.PROBE_FINISHED, place.id, entries.probe_finished(row))
    (tmp_path / "planted").write_text(
        "".join(f"{planted.codes[key]} x\n" for key in chosen), encoding="utf-8"
    )
    words = f"cat {tmp_path / 'planted'}; echo A=$(cat {tmp_path / 'planted'})"
    _, output = run_alone(
        tmp_path / "state",
        f"{words}; head -c 4000 {tmp_path / 'planted'} > /dev/null",
        secrets=tuple(planted.secrets.values()),
    )
    run.close()
    leaks = planted.leaks(output, *said, *kept(tmp_path / "state"))
    counted("secret_cases", len(FORMATS) * len(ENCODINGS) * len(PLACES))
    result(
        "G20",
        "C23",
        f"60 formats, 8 encodings, 6 places ({cases * len(PLACES)} cases); searched: "
        "journal, progress.toml, stored output, messages",
        "0",
        f"{len(leaks)} leaked",
        not leaks,
    )


def naive(text: bytes, secrets: list[str]) -> bytes:
    """What one writes first: replace each value where it stands."""
    for secret in secrets:
        text = text.replace(secret.encode(), b"***")
    return text


def test_replacing_values_is_not_enough(planted: Planted) -> None:
    secrets = list(planted.secrets.values())
    leaks = planted.leaks(*(naive(c.encode(), secrets) for c in planted.codes.values()))
    assert len(leaks) > 200
    split = 0
    for secret in secrets:
        half = len(secret) // 2
        parts = secret[:half].encode(), secret[half:].encode()
        split += secret.encode() in b"".join(naive(part, secrets) for part in parts)
    assert split == len(secrets)
