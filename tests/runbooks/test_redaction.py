"""Redaction: every occurrence of a secret goes, however the stream is cut."""

from __future__ import annotations

import base64
import json
import shlex
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.redaction import MARK, Redactor, patterns, redact, secret_values

SECRET = "p@ss/w'rd\"+ä z"


def expected(text: bytes, secrets: list[bytes]) -> bytes:
    """The law, byte by byte: what any occurrence covers goes, one mark a stretch."""
    spans = sorted(
        (i, i + len(s))
        for s in secrets
        for i in range(len(text))
        if text.startswith(s, i)
    )
    shown, end = [], 0
    for start, stop in spans:
        if start >= end:
            shown += [text[end:start], MARK]
        end = max(end, stop)
    return b"".join([*shown, text[end:]])


words = st.text("ab\n", min_size=1, max_size=6).map(str.encode)


@given(
    secrets=st.lists(words, min_size=1, max_size=4),
    text=st.text("ab\nc", max_size=60).map(str.encode),
    cuts=st.lists(st.integers(0, 60), max_size=8),
)
def test_cuts_between_reads_change_nothing(
    secrets: list[bytes], text: bytes, cuts: list[int]
) -> None:
    redactor = Redactor(secrets)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    shown = b"".join(redactor.feed(text[a:b]) for a, b in pairwise(places))
    assert shown + redactor.flush() == expected(text, secrets)


@given(st.integers(1, 39))
def test_a_token_split_in_two(cut: int) -> None:
    token = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
    redactor = Redactor(patterns([token]))
    text = f"token {token} end".encode()
    first = redactor.feed(text[: 6 + cut])
    assert first == b"token "  # a pause here shows nothing of it
    rest = redactor.feed(text[6 + cut :]) + redactor.flush()
    assert first + rest == b"token [redacted] end"


def test_only_what_may_become_a_secret_is_held_back() -> None:
    redactor = Redactor(patterns(["secret-value"]))
    assert redactor.feed(b"Password: ") == b"Password: "
    assert redactor.feed(b"the se") == b"the "
    assert redactor.feed(b"ction") == b"section"


@pytest.mark.parametrize(
    "encode",
    [
        str,
        quote,
        lambda s: quote(s, safe=""),
        json.dumps,
        lambda s: json.dumps(s, ensure_ascii=False),
        shlex.quote,
        lambda s: s.encode().hex(),
        *(
            lambda s, shift=shift: base64.b64encode(b"xyz"[:shift] + s.encode() + b"!")
            for shift in range(3)
        ),
    ],
)
def test_usual_encodings(encode) -> None:  # type: ignore[no-untyped-def]
    said = encode(SECRET)
    data = said if isinstance(said, bytes) else said.encode()
    assert MARK in redact(b"a " + data + b" b", patterns([SECRET]))


def test_lines_of_a_key() -> None:
    line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
    key = f"-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n"
    shown = redact(f"    {line}\n-----BEGIN".encode(), patterns([key]))
    assert shown == b"    [redacted]\n-----BEGIN"


def test_short_values_are_not_used() -> None:
    assert patterns(["abc", ""]) == []
    assert redact(b"abc", patterns(["abc"])) == b"abc"


def test_names_that_say_secret() -> None:
    environ = {
        "GITHUB_TOKEN": "t",
        "API_KEY": "k",
        "client_secret": "s",
        "PGPASSWORD": "p",
        "HOME": "/root",
        "EMPTY_TOKEN": "",
    }
    assert secret_values(environ) == ("t", "k", "s", "p")
