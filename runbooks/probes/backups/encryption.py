"""Probe of who could read the dumps if they got lost."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.backups import formats
from runbooks.probes.backups.listing import DumpsProbe, listed
from runbooks.probes.base import Measurement
from runbooks.probes.block_devices import is_encrypted
from runbooks.probes.regular_file import opened
from runbooks.results import Reading


class EncryptionProbe(DumpsProbe, frozen=True, kw_only=True):
    """Measures how much of the newest dumps is encrypted, by how they begin.

    A dump counts as encrypted when it is (gpg, age, ``openssl enc``), or when the
    disk that it lies on is, as the kernel's device mapper says. What a cloud
    provider encrypts below the block device cannot be seen from here.

    Readings:
        encrypted: share of the newest dumps that is, in percent; absent without any.
        disk: whether the disk is.
        plain: the newest dumps that are not.
        formats: what they are encrypted or compressed with.

    Attributes:
        newest: how many are looked at.

    Raises:
        ProbeError: directory or dump may not be read.
    """

    newest: int = 7

    readings: ClassVar[Mapping[str, str]] = {
        "encrypted": "%",
        **dict.fromkeys(("disk", "plain", "formats"), ""),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"plain", "formats"})

    def look_at(self, directory: Path, end: float) -> Measurement:
        dumps = listed(directory, self.pattern).dumps[: self.newest]
        disk = is_encrypted(os.stat(directory).st_dev)
        plain: list[str] = []
        kinds: dict[str, None] = {}
        lines = [
            f"the disk of {directory}: " + ("encrypted" if disk else "not encrypted")
        ]
        for dump in dumps:
            if time.monotonic() > end:
                read = f"{len(lines) - 1} of {len(dumps)} dumps"
                said = f"read the beginnings of {read} in {self.timeout:g} s"
                raise ProbeError(said, stage="timeout")
            with opened(dump.path) as file:
                head = file.read(formats.HEAD)
            sealed = formats.encryption(head)
            kind = sealed or formats.packing(head) or formats.dump_format(head)
            kinds[kind or "something unknown"] = None
            lines.append(f"{dump.name}: {kind or 'something unknown'}")
            if not sealed and not disk:
                plain.append(dump.name)
        share = 100 * (1 - len(plain) / len(dumps)) if dumps else None
        readings = (
            Reading("encrypted", share, "%"),
            Reading("disk", disk),
            Reading("plain", ", ".join(plain) or None),
            Reading("formats", ", ".join(kinds) or None),
        )
        said = f"{len(plain)} of the newest {len(dumps)} dumps are not encrypted"
        return Measurement(
            {each.name: each for each in readings},
            "\n".join(lines),
            lacking={"encrypted": said} if dumps else {},
        )
