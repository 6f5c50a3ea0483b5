"""Keys: from press to changed screen, and what a move writes to the terminal."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from report import median, p95, say
from startup import FIRST_ROW, RUNS, SHIPPED, first_step
from terminal import Terminal, floor, gonogo

PRESSES = 10
BYTES_RUNS = 2
BYTES_MOVES = 8
SCROLLED = 30
"""Presses after which the cursor is below the first screen for certain."""


def delays(argv: list[str], shows: str) -> list[float]:
    """Return seconds from key to the first change of the screen, for some keys."""
    with TemporaryDirectory() as home, Terminal(argv, Path(home)) as terminal:
        terminal.until(shows)
        terminal.settle()
        found = []
        for number in range(PRESSES):
            found.append(terminal.press("jk"[number % 2]))
            terminal.settle(0.22)
        return found


def written(argv: list[str], shows: str) -> tuple[list[int], list[int], list[int]]:
    """Return bytes at once, bytes after the rest, bytes of a scrolling move."""
    with TemporaryDirectory() as home, Terminal(argv, Path(home)) as terminal:
        terminal.until(shows)
        terminal.settle(0.5)
        moves = [
            terminal.press_and_count("jk"[number % 2], 0.35)
            for number in range(BYTES_MOVES)
        ]
        for _ in range(SCROLLED):
            terminal.press("j")
            terminal.settle(0.03)
        terminal.settle(0.5)
        scrolls = [terminal.press_and_count("j", 0.2)[0] for _ in range(BYTES_MOVES)]
        at_once, later = zip(*moves, strict=True)
        return list(at_once), list(later), scrolls


def main() -> None:
    steps = SHIPPED.read_text().count("- [ ] ")
    ours, floors = [], []
    for _ in range(RUNS):
        ours.append(median(delays(gonogo(str(SHIPPED)), first_step(SHIPPED))))
        floors.append(median(delays(floor(steps), FIRST_ROW)))
    say("key.seconds", median(ours), "s")
    say("key.floor", median(floors), "s")
    say("key.ratio", median(ours) / median(floors), "x", 2)

    at_once: list[int] = []
    later: list[int] = []
    scrolls: list[int] = []
    stock: list[int] = []
    for _ in range(BYTES_RUNS):
        moves = written(gonogo(str(SHIPPED)), first_step(SHIPPED))
        at_once += moves[0]
        later += moves[1]
        scrolls += moves[2]
        stock += written(floor(steps, "--stock"), FIRST_ROW)[2]
    say("move.bytes", median(at_once), "B", 600)
    say("move.bytes.p95", p95(at_once), "B")
    say("detail.bytes", median(later), "B", 4096)
    say("detail.bytes.p95", p95(later), "B")
    # The list scrolls by several rows at once: most moves below the first screen
    # do not scroll, so the one that wrote most stands for those that do.
    say("scroll.bytes", max(scrolls), "B", median(stock) / 2)
    say("scroll.bytes.median", median(scrolls), "B")
    say("scroll.stock", median(stock), "B")


if __name__ == "__main__":
    main()
