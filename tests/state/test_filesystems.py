"""Which filesystem holds the state, and what is said of one that hosts share."""

from __future__ import annotations

from pathlib import Path

import pytest

from state.filesystems import mounted, warning

MOUNTINFO = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:20 / /proc rw,nosuid - proc proc rw
40 22 0:41 / /home rw,relatime shared:2 master:1 - nfs4 filer:/export/home rw,vers=4.2
41 40 8:2 / /home/ana/local rw,relatime - xfs /dev/sdb1 rw
42 22 0:43 / /srv/team\040runs rw - fuse.sshfs ana@bastion:/runs rw
43 22 0:44 / /mnt rw - ext4 /dev/sdc1 rw
44 22 0:45 / /mnt rw - cifs //filer/mnt rw
garbage
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTINFO)
    return path


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/var/lib/gonogo", "ext4"),
        ("/home/ben/.local/state/gonogo", "nfs4"),
        ("/home/ana/local/state", "xfs"),
        ("/home/anabel", "nfs4"),
        ("/homework", "ext4"),
        ("/srv/team runs", "fuse.sshfs"),
        ("/mnt/runs", "cifs"),
    ],
)
def test_the_innermost_and_last_mount_counts(
    mounts: Path, directory: str, kind: str
) -> None:
    assert mounted(Path(directory), mounts)[0] == kind
    said = warning(Path(directory), mounts)
    assert bool(said) == (kind in ("nfs4", "fuse.sshfs", "cifs"))
    assert not said or f"({kind}, " in said


def test_this_machine_says_something(tmp_path: Path) -> None:
    assert mounted(tmp_path)[0]
    assert mounted(tmp_path, tmp_path / "nowhere") == ("", "")
