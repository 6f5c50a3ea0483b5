"""Start to usable screen, and resident memory, as ratios against the floor.

The two take turns, so that a machine that slows down slows both.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from report import median, say
from terminal import ROOT, Terminal, floor, gonogo

RUNS = 5
SHIPPED = ROOT / "runbooks/documents/production-deployment.md"
FIRST_ROW = "row 00000"


def large(path: Path, steps: int) -> Path:
    """Write a runbook with *steps* steps in sections of twenty."""
    lines = ["# Generated", ""]
    for number in range(steps):
        if number % 20 == 0:
            lines += ["", f"## Section {number // 20}", ""]
        lines.append(f"- [ ] step {number:05}, as long as a step usually is, and done")
    path.write_text("\n".join(lines) + "\n")
    return path


def first_step(path: Path) -> str:
    """Return the beginning of the first task item's text."""
    line = next(x for x in path.read_text().splitlines() if x.startswith("- [ ] "))
    return line.removeprefix("- [ ] ").replace("`", "")[:12]


def start(argv: list[str], shows: str) -> tuple[float, int]:
    """Return seconds to the first row on the screen and resident bytes after it.

    The home directory is new each time: nothing is left over from an earlier start.
    """
    with TemporaryDirectory() as home, Terminal(argv, Path(home)) as terminal:
        seconds = terminal.until(shows)
        terminal.settle()
        time.sleep(0.2)
        return seconds, terminal.resident()


def compare(name: str, runbook: Path, rows: int, limit: float) -> tuple[float, float]:
    """Report start to usable screen; return median resident bytes, ours and floor's.

    The floor is the app that one writes first: Textual's own list of the rows. The
    ratio to a list drawn line by line, which paints nothing that is out of sight,
    is told beside it.
    """
    ours, stock, bare = [], [], []
    for turn in range(RUNS + 1):
        mine = start(gonogo(str(runbook)), first_step(runbook))
        plain = start(floor(rows, "--stock"), FIRST_ROW)
        lines = start(floor(rows), FIRST_ROW)
        if turn:  # the first of each warms the disk cache
            ours.append(mine)
            stock.append(plain)
            bare.append(lines)
    seconds = median(s for s, _ in ours)
    base = median(s for s, _ in stock)
    say(f"{name}.seconds", seconds, "s")
    say(f"{name}.floor", base, "s")
    say(f"{name}.ratio", seconds / base, "x", limit)
    say(f"{name}.ratio_to_lines", seconds / median(s for s, _ in bare), "x")
    return median(m for _, m in ours), median(m for _, m in stock)


def main() -> None:
    steps = SHIPPED.read_text().count("- [ ] ")
    memory, base = compare("start.shipped", SHIPPED, steps, 1.6)
    say("memory.shipped", memory / 2**20, "MiB")
    say("memory.ratio", memory / base, "x", 1.6)
    with TemporaryDirectory() as folder:
        path = large(Path(folder) / "large.md", 10_000)
        compare("start.10000", path, 10_000, 2.5)


if __name__ == "__main__":
    main()
