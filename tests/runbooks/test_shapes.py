"""What looks like a secret goes, wherever reads cut it and whatever colours it."""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random

import pytest

from runbooks.re2 import translated
from runbooks.redaction import MARK
from runbooks.shapes import find
from runbooks.sifting import Sieve
from tests.torture.secret_formats import ALNUM, FORMATS, some

TOKEN = some(Random(7), ALNUM, 36)
"""What follows the prefix of a token; the prefix is added where it is used."""


def sifted(*reads: bytes, known: tuple[bytes, ...] = ()) -> bytes:
    sieve = Sieve(known)
    return b"".join(map(sieve.feed, reads)) + sieve.flush()


def token() -> bytes:
    return f"ghp_{TOKEN}".encode()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_and_leaves_its_neighbours(name: str) -> None:
    secret, text = FORMATS[name](Random(name))
    shown = sifted(f"first\n{text}\nlast\n".encode())
    assert secret.encode() not in shown and MARK in shown
    assert shown.startswith(b"first\n") and shown.endswith(b"\nlast\n")


@pytest.mark.parametrize("size", [1, 7, 39])
def test_cuts_change_nothing(size: int) -> None:
    text = b"it logs in with " + token() + b" today\n"
    places = [*range(0, len(text), size), len(text)]
    reads = [text[a:b] for a, b in pairwise(places)]
    assert sifted(*reads) == sifted(text) == b"it logs in with [redacted] today\n"


@pytest.mark.parametrize("known", [(), (b"a secret value",)], ids=["shape", "value"])
def test_colours_do_not_hide_it(known: tuple[bytes, ...]) -> None:
    secret = known[0] if known else token()
    torn = secret[:6] + b"\x1b[31m" + secret[6:9] + b"\x1b[0m" + secret[9:]
    shown = sifted(b"say " + torn[:11], torn[11:] + b" now\n", known=known)
    assert secret[9:] not in shown and shown.startswith(b"say ")


@pytest.mark.parametrize(
    "line",
    [b"waiting ", b".....", b"45%\r", b"Continue? [y/N] ", b"a whole line\n"],
)
def test_what_can_be_no_secret_is_shown_at_once(line: bytes) -> None:
    assert Sieve([]).feed(line) == line


@pytest.mark.parametrize(
    ("go", "matches", "not_"),
    [
        (r"a(?i)b", b"aB", b"AB"),
        (r"x(?:a(?i)b|c)d", b"xCd", b"XCd"),
        (r"(?i)a(?-i:b)", b"Ab", b"AB"),
        (r"[[]a\z", b"[a", b"a"),
        (r"[^[]a", b"xa", b"[a"),
    ],
)
def test_expressions_of_go(go: str, matches: bytes, not_: bytes) -> None:
    regex = re.compile(translated(go))
    assert regex.fullmatch(matches) and not regex.fullmatch(not_)


def test_a_uuid_is_no_secret() -> None:
    id = b"8f14e45f-ceea-467f-a8f2-1b0c9d3e7a61"
    assert not find(b"idempotency-key: " + id)
