"""Who a process is and what it left behind, from /proc (see proc(5)).

Standard library only: the supervisor imports this too, and must start fast.
"""

from __future__ import annotations

import os
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost a tenth of the start
    from collections.abc import Mapping
    from typing import Any


def boot_id() -> str:
    """Return the kernel's id of this boot: process ids mean nothing beyond it."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def identity(pid: int) -> dict[str, int | str | None]:
    """Return what tells the process *pid* from every other, before and after it."""
    return {"pid": pid, "start": start_time(pid), "boot": boot_id()}


def is_the_one(known: Mapping[str, Any]) -> bool:
    """Whether the process lives of which *known* holds what `identity` said."""
    return known["boot"] == boot_id() and lives(known["pid"], known["start"])


def start_time(pid: int) -> int | None:
    """Return when *pid* started, in clock ticks since boot; None when it has ended.

    A zombie has ended. Together with the boot id this tells a process from a
    later one with the same number.
    """
    stat = _stat(pid)
    return None if stat is None or stat[1] == "Z" else stat[3]


def lives(pid: int, start: int | None = None) -> bool:
    """Return whether the process *pid* lives that began at *start*.

    Args:
        start: as `start_time` says it; None for whichever has that number now.

    Where /proc shows only one's own processes (``hidepid``), one of somebody else's
    is known by its number alone.
    """
    found = start_time(pid)
    if found is not None:
        return start in (None, found)
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return False  # a zombie of ours


def descendants(root: int) -> list[tuple[int, str]]:
    """Return id and name of every living process below *root*, eldest first."""
    below = {root}
    found: list[tuple[int, int, tuple[str, str, int, int]]] = []
    stats = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and (stat := _stat(int(entry))):
            stats.append((stat[3], int(entry), stat))
    # A parent is older than its children unless it adopted them: repeat until
    # nothing is added.
    stats.sort()
    while True:
        more = [s for s in stats if s[2][2] in below and s[1] not in below]
        if not more:
            return [(pid, stat[0]) for _, pid, stat in sorted(found)]
        below.update(pid for _, pid, _ in more)
        found.extend(entry for entry in more if entry[2][1] != "Z")


def _stat(pid: int) -> tuple[str, str, int, int] | None:
    """Return name, state, parent and start time of *pid*; None when it is gone.

    With ``hidepid`` somebody else's is as if it were not there.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            line = file.read().decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # The name stands in brackets and may hold brackets and spaces itself.
    name = line[line.index("(") + 1 : line.rindex(")")]
    fields = line[line.rindex(")") + 2 :].split()
    return name, fields[0], int(fields[1]), int(fields[19])


def has_children() -> bool:
    """Return whether this process has any, ended ones included."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def signal_all(number: int, group: int | None) -> None:
    """Send signal *number* to *group* and to each of our descendants outside it."""
    if group is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    for pid, _ in descendants(os.getpid()):
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(pid) != group:
                os.kill(pid, number)
