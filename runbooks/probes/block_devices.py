"""Block devices as the kernel describes them: which of them encrypt."""

from __future__ import annotations

import os
from pathlib import Path

SYSFS = Path("/sys/dev/block")
"""Where the kernel describes block devices by number."""
_DEEPEST = 8
"""Layers of block devices that lie on one another."""


def is_encrypted(device: int) -> bool:
    """Whether a block device is one of dm-crypt, or lies on nothing but such.

    Source: the kernel's Documentation/ABI/testing/sysfs-block-dm and dm-crypt, whose
    UUIDs begin with ``CRYPT-``.
    """
    return _encrypted(SYSFS / f"{os.major(device)}:{os.minor(device)}", _DEEPEST)


def _encrypted(device: Path, layers: int) -> bool:
    try:
        if (device / "dm/uuid").read_text().startswith("CRYPT-"):
            return True
    except OSError:
        pass  # the device mapper knows nothing of it
    try:
        below = list((device / "slaves").iterdir())
    except OSError:
        return False
    return layers > 0 and bool(below) and all(_encrypted(b, layers - 1) for b in below)
