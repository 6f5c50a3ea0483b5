"""Sixty made-up secrets in eight encodings, and whether any of them shows."""

from __future__ import annotations

import json
import shlex
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote

from ahocorasick_rs import BytesAhoCorasick

from tests.torture.secret_formats import FORMATS

ENCODINGS = ("raw", "base64", "base64 +1", "base64 +2", "url", "json", "shell", "hex")


def encoded(secret: str, way: str) -> str:
    """Return *secret* in an encoding: what no neighbour has a part in, of base64."""
    raw = secret.encode()
    if way.startswith("base64"):
        shift = ENCODINGS.index(way) - 1
        code = b64encode(bytes(shift) + raw)
        return code[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6].decode()
    return {
        "raw": secret,
        "url": quote(secret, safe=""),
        "json": json.dumps(secret)[1:-1],
        "shell": shlex.quote(secret),
        "hex": raw.hex(),
    }[way]


class Planted:
    """The secrets of one run of the campaign."""

    def __init__(self, chance: Random) -> None:
        made = {name: make(chance) for name, make in FORMATS.items()}
        self.secrets = {name: secret for name, (secret, _) in made.items()}
        self.texts = {name: text for name, (_, text) in made.items()}
        self.codes = {
            (name, way): encoded(secret, way)
            for name, secret in self.secrets.items()
            for way in ENCODINGS
        }
        self._find = BytesAhoCorasick([code.encode() for code in self.codes.values()])

    @property
    def environment(self) -> dict[str, str]:
        return {f"PLANTED_{i}_TOKEN": s for i, s in enumerate(self.secrets.values())}

    def leaks(self, *said: bytes) -> set[tuple[str, str]]:
        """Return which of the secrets, and how encoded, something holds."""
        names = list(self.codes)
        return {
            names[which]
            for text in said
            for which, _, _ in self._find.find_matches_as_indexes(
                text, overlapping=True
            )
        }

    def torn(self, said: bytes) -> set[str]:
        """Return of which secrets *said* holds twelve characters in a row.

        Whatever has more than that in front is looked for by its last ones, since
        its beginning may say no more than what kind of secret it is.
        """
        return {
            name
            for name, secret in self.secrets.items()
            if secret.splitlines()[-2 if "\n" in secret else -1][-14:-2].encode()
            in said
        }


def kept(home: Path) -> Iterator[bytes]:
    """Everything that was written below *home*."""
    for path in home.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
