"""Parts that no deployment wants and only a fault starts.

They are the keeper's like all others, so that they end with the rehearsal, whatever
ends that. Each writes its process id into the file that its fault keeps.
"""

from __future__ import annotations

import os
from pathlib import Path

from runbooks.own_python import python
from runbooks.rehearsal.faults.marks import marked
from runbooks.rehearsal.layout import Layout
from runbooks.rehearsal.parts import Part

LEAKING, IDLING, LOCKING = "leaking-client", "idling-client", "locking-client"
"""Of `runbooks.rehearsal.faults.sessions`."""
PILE = 70
"""Sessions that idle: of 97 that there may be."""
STUCK_JOB = "00000000-0000-4000-8000-0000000001ff"
"""Id of the job that is locked."""
SMALL_DISK = "small-disk"
PLACES = {
    LEAKING: ("database", "connections-exhausted"),
    IDLING: ("database", "idle-in-transaction-pile"),
    LOCKING: ("database", "queue-stuck"),
    SMALL_DISK: ("data", "disk-full"),
}
"""Place and name of the fault that starts each."""
_MOUNT = """\
mount -t tmpfs -o size=1m,mode=755 none "$1" && echo $$ > "$2" && exec sleep infinity
"""


def ready_file(layout: Layout, culprit: str) -> Path:
    return marked(layout, *PLACES[culprit]) / "kept" / "ready"


def disk(layout: Layout) -> Path:
    """Return where the small disk is mounted, as its own process sees it."""
    return marked(layout, *PLACES[SMALL_DISK]) / "kept" / "disk"


def parts(layout: Layout) -> tuple[Part, ...]:
    module = python("runbooks.rehearsal.faults.sessions")
    whose = () if os.getuid() == 0 else ("--map-root-user",)
    small = ("unshare", "--mount", *whose, "sh", "-c", _MOUNT, "sh", str(disk(layout)))
    commands = {
        name: (*module, str(layout.directory), name)
        for name in (LEAKING, IDLING, LOCKING)
    }
    commands[SMALL_DISK] = (*small, str(ready_file(layout, SMALL_DISK)))
    return tuple(
        Part(name, argv, "", ready=("test", "-s", str(ready_file(layout, name))))
        for name, argv in commands.items()
    )
