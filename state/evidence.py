"""Evidence that a person attaches: what kind it is, and what a file held then."""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """One piece of evidence.

    Attributes:
        kind: ``text``, ``file`` or ``link``.
        value: the text, the link, or the absolute path of the file.
        digest: sha256 hex of the file as it was attached, "" of anything else and of
            a file that cannot be read.
    """

    kind: str
    value: str
    digest: str = ""


def evidence(text: str) -> Evidence:
    """Return what a person means who types *text*."""
    text = text.strip()
    kind = _kind(text)
    return file(text) if kind == "file" else Evidence(kind, text)


def file(path: str) -> Evidence:
    """Return the file as evidence, known by its digest from now on."""
    try:
        whole = Path(path).expanduser().absolute()
        with whole.open("rb") as opened:
            digest = file_digest(opened, "sha256").hexdigest()
    except (OSError, RuntimeError, ValueError):
        return Evidence("file", path)
    return Evidence("file", str(whole), digest)


def _kind(text: str) -> str:
    """Return whether *text* is a ``link``, a ``file`` or plain ``text``."""
    scheme, separator, _ = text.partition("://")
    if separator and scheme.isalnum():
        return "link"
    try:
        path = Path(text).expanduser()
        looks = text.startswith(("/", "./", "../", "~/")) or path.is_file()
    except (OSError, RuntimeError, ValueError):  # no path at all
        return "text"
    return "file" if looks and "\n" not in text else "text"
