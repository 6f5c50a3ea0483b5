"""Ends probes and interactive commands whose gonogo has gone, however it went.

Started by path with ``python -I``. It reads marks on stdin, ``+MARK`` to hold and
``-MARK`` to let go. Its end, which a kill brings as surely as an exit, is the sign to
end every process that wears a mark still held.

Nothing is imported that is slow or comes from the current directory.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping

# Behind the standard library, before anything installed: the files beside this one.
sys.path.insert(3, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from runbooks.orphans import LEASH, end_all, is_held

GRACE = 1.0
"""Seconds between hanging up and killing."""


def main() -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    end_all(_forgotten, 0.0)
    held = set()
    for line in sys.stdin:
        mark = line[1:].rstrip("\n")
        held.add(mark) if line[0] == "+" else held.discard(mark)
    end_all(lambda environ: environ.get(LEASH) in held, GRACE)


def _forgotten(environ: Mapping[str, str]) -> bool:
    """Whether it is a probe of a gonogo that was killed together with its watchman."""
    mark = environ.get(LEASH, "")
    return mark.count(".") == 1 and not is_held(mark)


if __name__ == "__main__":
    main()
