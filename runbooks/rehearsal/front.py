"""What a proxy in front of API and frontend would be told: ``front.toml``.

Nothing stands in front of a rehearsal's parts; they heed it themselves, whenever
they start.
"""

from __future__ import annotations

import shutil
import ssl
import tomllib
from dataclasses import dataclass
from pathlib import Path

from runbooks.rehearsal.layout import Layout

_SHIPPED = Path(__file__).with_name("front.toml")


@dataclass(frozen=True, slots=True)
class Front:
    """What it says.

    Attributes:
        protocols: the oldest version of TLS that is spoken.
        ciphers: in OpenSSL's words.
        hidden: headers of the API that are not passed on.
    """

    protocols: ssl.TLSVersion
    ciphers: str
    hidden: tuple[str, ...]


def front_file(layout: Layout) -> Path:
    return layout.path("front.toml")


def write(layout: Layout) -> None:
    """Write the file, all healthy."""
    shutil.copyfile(_SHIPPED, front_file(layout))


def read(layout: Layout) -> Front:
    """Return what the file says now."""
    said = tomllib.loads(front_file(layout).read_text())
    return Front(
        ssl.TLSVersion[said["protocols"]], said["ciphers"], tuple(said["hidden"])
    )
