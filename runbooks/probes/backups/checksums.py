"""Checksum files as sha256sum(1) writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from runbooks.probes.file_names import legible
from runbooks.probes.regular_file import opened

_LONGEST = 4096 + 128
"""Bytes of a line: the longest path and a digest."""
_LINE = re.compile(r"\\?([0-9a-fA-F]{64})(?:[ \t]+\*?(.+))?")


def lines(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield digest and path of each line; what is no such line is left out."""
    while line := file.readline(_LONGEST):
        match = _LINE.fullmatch(line.decode("utf-8", "replace").strip())
        if match:
            yield match[1].lower(), match[2] or ""


def compared(path: Path, checksum_file: Path, digest: str) -> str | None:
    """Return what a checksum file says is wrong with *path*, "" if nothing.

    None without such a file.

    Raises:
        OSError: it may not be read.
    """
    try:
        with opened(checksum_file) as file:
            expected, name = next(lines(file), ("", ""))
    except FileNotFoundError:
        return None
    if not expected:
        return f"has a checksum file without a checksum, {checksum_file.name}"
    named = PurePosixPath(name).name
    if named and named != legible(path.name):
        return f"has a checksum file that is about {named[:80]}"
    return "" if expected == digest else "differs from its checksum"
