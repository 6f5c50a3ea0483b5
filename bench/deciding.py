"""What acknowledging one decision costs, against a bare append and fsync.

Prints ``name value unit limit ok|MISSED``. Decision and floor alternate on the
same disk, with the same line, so that a busy disk slows both.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runbooks.model import Counts, Runbook, Section, Step
from runbooks.tables import RunbookOptions
from state.author import Author
from state.deciding import decide
from state.replaying import JOURNAL
from state.run import Run
from state.standing import Answer

LIMIT = 3.0
ROUNDS = 400


def runbook(steps: int) -> Runbook:
    """Return a runbook of so many steps, ten to a section."""
    names = [f"section-{i}" for i in range(0, steps, 10)]
    return Runbook(
        Path("/bench/book.md"),
        f"{steps} steps",
        f"{steps:064d}",
        Counts({}, 0, steps, {}),
        RunbookOptions(),
        tuple(Section(name, name, 2, 1, ("Book", name)) for name in names),
        tuple(
            Step(f"{names[i // 10]}.step-{i}", f"Step number {i} holds", names[i // 10],
                 i + 1, False, 0, f"{i:064d}")
            for i in range(steps)
        ),
        (), (), (), (), b"",
    )  # fmt: skip


def ratio(steps: int, home: Path) -> tuple[float, float, float]:
    """Return the median ratio, and both medians in seconds."""
    book = runbook(steps)
    run = Run.create(home, book, "", Author("bench", "", "host", 1))
    bare = os.open(home / f"bare-{steps}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    ours, floors = [], []
    for i in range(ROUNDS):
        step = book.steps[i * 7 % steps]
        started = perf_counter()
        decide(run, step, Answer.PASS, f"seen {i}")
        ours.append(perf_counter() - started)
        with (run.directory / JOURNAL).open("rb") as file:
            file.seek(-2048, os.SEEK_END)
            line = file.read().splitlines(keepends=True)[-1]
        started = perf_counter()
        os.write(bare, line)
        os.fsync(bare)
        floors.append(perf_counter() - started)
    os.close(bare)
    run.close()
    return median(ours) / median(floors), median(ours), median(floors)


def main() -> int:
    missed = False
    with tempfile.TemporaryDirectory(dir=os.environ.get("GONOGO_BENCH_DIR")) as home:
        for steps in (200, 5000):
            value, _, _ = ratio(steps, Path(home))
            word = "ok" if value <= LIMIT else "MISSED"
            missed |= value > LIMIT
            print(f"deciding.{steps} {value:.2f} ratio {LIMIT:.2f} {word}")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
