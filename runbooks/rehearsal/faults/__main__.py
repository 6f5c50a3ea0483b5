"""``python -m runbooks.rehearsal.faults``: injects every fault and prints its table.

The text that it prints is that of docs/faults.md from the first fault on: of a
rehearsal without containers, and of one with them for the faults of containers, as far
as a Docker Engine answers. It takes some minutes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from runbooks.rehearsal import start
from runbooks.rehearsal.faults import FAULTS, Fault
from runbooks.rehearsal.faults.turning import (
    Standing,
    rest,
    standing,
    turned,
    warm_up,
)
from runbooks.results import Result

_WIDTH = 88
_ORDER = (Result.FAIL, Result.WARN, Result.UNKNOWN, Result.NA, Result.PASS)


def told(fault: Fault, turns: Standing) -> Iterator[str]:
    """Yield the lines about one fault: what it is, and the steps by their results."""
    yield f"## {fault.name}\n\n{fault.says}\n"
    for result in _ORDER:
        if ids := sorted(id for id, each in turns.items() if each is result):
            yield _listed(result, ids)
    yield ""


def _listed(result: Result, ids: Iterable[str]) -> str:
    lines = [f"- {result}:"]
    for id in ids:
        if len(lines[-1]) + len(id) + 4 > _WIDTH:
            lines.append(" ")
        lines[-1] += f" `{id}`"
    return "\n".join(lines)


def tell(faults: Iterable[Fault]) -> None:
    """Print what each turns, all in one rehearsal; on stderr, what one lacks there."""
    with start() as deployment:
        warm_up(deployment)
        healthy = standing(deployment)
        for fault in faults:
            if lacking := fault.lacks(deployment.running):
                print(f"Left out: {fault.name} {lacking}.", file=sys.stderr)
                continue
            rest(deployment)
            fault.inject(deployment)
            turns = turned(healthy, standing(deployment, known=healthy))
            fault.heal(deployment)
            print("\n".join(told(fault, turns)), flush=True)


def main(names: Iterable[str]) -> None:
    faults = [FAULTS[name] for name in names]
    engine = os.environ.get("DOCKER_HOST", "")
    for contained, host in ((False, "unix:///dev/null"), (True, engine)):
        os.environ["DOCKER_HOST"] = host
        if those := [fault for fault in faults if fault.contained is contained]:
            tell(those)


if __name__ == "__main__":
    main(sys.argv[1:] or FAULTS)
