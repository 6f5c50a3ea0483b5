"""Who else could change a file: what others can change is not trusted."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from state.locations import cannot


def unsafe(path: Path) -> str:
    """Return who else could change *path*, as a sentence, or "".

    The file and every directory above it must belong to you or root and must not
    be writable for others; in a sticky directory such as /tmp others cannot
    replace what is yours.
    """
    try:
        real = path.resolve(strict=True)
        for place in (real, *real.parents):
            if wrong := _unsafe_here(place):
                return wrong
    except OSError as error:
        return str(cannot("look at", path, error))
    return ""


def _unsafe_here(place: Path) -> str:
    status = place.stat()
    if status.st_uid not in (0, os.geteuid()):
        return f"{place} belongs to another user (uid {status.st_uid}); copy it."
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if sticky:
        return ""
    if status.st_mode & stat.S_IWOTH:
        return f"{place} is writable for everyone; run: chmod o-w {place}"
    if status.st_mode & stat.S_IWGRP and not _own_group(status.st_gid):
        return f"{place} is writable for its group; run: chmod g-w {place}"
    return ""


def _own_group(gid: int) -> bool:
    """Whether nobody but you is in the group: user-private groups are common."""
    import grp
    import pwd

    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(gid)
    except KeyError:
        return False
    return group.gr_name == name and set(group.gr_mem) <= {name}
