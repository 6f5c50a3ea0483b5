"""On what kind of filesystem the state is: some keep no locks between hosts."""

from __future__ import annotations

import os
import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORKS = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs"),
        *("lustre", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "fuse.ceph"),
        *("fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
    }
)
"""Kinds whose files other hosts change too."""
_OCTAL = re.compile(r"\\([0-7]{3})")


def warning(directory: Path, mounts: Path = MOUNTS) -> str:
    """Return the sentence for whoever keeps state on a network filesystem, else "".

    Args:
        mounts: what is mounted where, as proc_pid_mountinfo(5) has it.
    """
    kind, source = mounted(directory, mounts)
    if kind not in NETWORKS:
        return ""
    return (
        f"The state is on a network filesystem ({kind}, {source}): locks there may "
        "not reach other hosts, and a line that was acknowledged may be late on them. "
        "Let everybody work on one host, or name a local directory with --state-dir."
    )


def mounted(directory: Path, mounts: Path = MOUNTS) -> tuple[str, str]:
    """Return kind and source of the filesystem that holds *directory*, else "", ""."""
    path = os.path.realpath(directory)
    found, length = ("", ""), -1
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return found
    for line in lines:
        before, separator, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if not separator or len(fields) < 5 or len(kinds) < 2:
            continue
        point = _plain(fields[4])
        # Of several on one place the last one hides the others.
        if len(point) >= length and _holds(point, path):
            found, length = (kinds[0], _plain(kinds[1])), len(point)
    return found


def _plain(word: str) -> str:
    """Return *word* with blanks that are written in octal as they are."""
    return _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), word)


def _holds(point: str, path: str) -> bool:
    return point in ("/", path) or path.startswith(f"{point}/")
