"""What kind of file a dump is, by how it begins and ends.

Sources: the file signatures of gzip (RFC 1952), zstd (RFC 8878), OpenPGP packets
(RFC 9580, section 4.2), age (age-encryption.org/v1), ``openssl enc``; pg_dump's
``PGDMP`` and the line with which it ends plain SQL.
"""

from __future__ import annotations

import re

HEAD = 512
"""Bytes that tell what a file is; that of tar stands at 257."""
TAIL = 4096
"""Bytes in which the end of a plain dump lies."""
GZIP = "gzip"
SQL, CUSTOM, TAR = "plain SQL", "custom format", "tar"
ENCRYPTIONS = {
    b"age-encryption.org/": "age",
    b"-----BEGIN AGE ENCRYPTED FILE-----": "age",
    b"-----BEGIN PGP MESSAGE-----": "gpg",
    b"Salted__": "openssl",
}
_OPENPGP = {1, 3, 9, 18, 20}
"""Tags of packets that begin an encrypted message: the session key or the data."""
_PACKED = {
    b"\x1f\x8b": GZIP,
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x04\x22\x4d\x18": "lz4",
}
_COMPLETE = re.compile(
    rb"^-- PostgreSQL database (?:cluster )?dump complete\r?\n"
    rb"(?:--)?\s*(?:\\unrestrict \w+\s*)?\Z",
    re.MULTILINE,
)


def encryption(head: bytes) -> str:
    """Return what a file that begins so is encrypted with, "" if with nothing."""
    for beginning, name in ENCRYPTIONS.items():
        if head.startswith(beginning):
            return name
    return "gpg" if _openpgp_tag(head) in _OPENPGP else ""


def packing(head: bytes) -> str:
    """Return what a file that begins so is compressed with, "" if with nothing."""
    return next((name for sign, name in _PACKED.items() if head.startswith(sign)), "")


def dump_format(head: bytes) -> str:
    """Return which dump begins so, "" if none that pg_dump makes."""
    if head.startswith(b"PGDMP"):
        return CUSTOM
    if head[257:262] == b"ustar":
        return TAR
    return SQL if b"-- PostgreSQL database" in head else ""


def is_complete(tail: bytes) -> bool:
    """Whether plain SQL that ends so was written to its end."""
    return bool(_COMPLETE.search(tail))


def _openpgp_tag(head: bytes) -> int:
    if not head or not head[0] & 0x80:
        return 0
    return head[0] & 0x3F if head[0] & 0x40 else (head[0] & 0x3C) >> 2
