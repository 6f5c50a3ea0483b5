"""Files that somebody damaged, by hand or by a disk."""

from __future__ import annotations

import random
import re

PIECES = (
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r", b"\n\n", b"\x1b[2J"),
    *(b'"', b"'''", b'"""', b"[", b"]]", b"{", b"=", b"#", b"\\", b"\\u0000", b"```"),
    *(b"- [ ] ", b"```toml step\n", b"\n[a]\n", b"\n[[a]]\n", b"a.b.c = 1\n", b"nan"),
    *(b"1" * 5000, b"[" * 2000, b"x = [" + b"{a=" * 500, b"9999-99-99", b"-inf"),
    *(b'{"v": 1}\n', b"null", b"true", b"<<: *a", b"&a [*a]", b"${x}", b"!!python/x "),
)
WRONG = (
    *('""', "7", "-1", "true", "nan", "[]", "[[]]", "{}", '{a = {b = ""}}', '"x"'),
    *("1979-05-27", "1e400", '["a", 1]', "'''\n\n'''", '"\\u0000"', "0x7fffffff"),
)
"""Values of TOML, for where another type belongs."""


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Return *data* with up to six places changed, or cut."""
    for _ in range(dice.randrange(1, 7)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(6):
            case 0:
                data = data[:at] + dice.choice(PIECES) + data[at:]
            case 1:
                data = data[:at] + dice.choice(PIECES) + data[at + dice.randrange(9) :]
            case 2:
                data = data[:at] + data[at + dice.randrange(1, 200) :]
            case 3:
                data = data[:at] + data[max(0, at - dice.randrange(300)) :]
            case 4:
                data = data[:at] if dice.random() < 0.2 else data
            case 5:
                data = mistyped(data, dice)
    return data


def mistyped(data: bytes, dice: random.Random) -> bytes:
    """Return *data* with another value behind one of its ``=`` or ``:``."""
    places = list(re.finditer(rb"(?<=[=:]) *[^\n=:]+(?=\n|,)", data))
    if not places:
        return data
    place = dice.choice(places)
    value = dice.choice(WRONG).encode()
    return data[: place.start()] + b" " + value + data[place.end() :]
