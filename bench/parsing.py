"""What reading a runbook costs, against what markdown-it-py alone takes for it.

Prints ``name value unit limit ok|MISSED``. Every measurement is a process of its
own; the floor reads the same bytes with the same rules, inline markup included.

    python bench/parsing.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from report import say

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZE = 10 * 1024 * 1024
RATIO = 3.0
MEMORY = 900.0
"""MB, of a million bytes."""

REFUSED = 0.5
"""Seconds."""

SEED = ROOT / "tests" / "golden" / "production-checklist.md"


def documents() -> dict[str, Callable[[], bytes]]:
    """Return the documents of `SIZE` bytes, by name."""
    return {
        "seed": lambda: SEED.read_bytes(),
        "tasks": lambda: "".join(
            f"- [ ] item number {n} of `the list`\n" for n in range(2000)
        ).encode(),
        "short_tasks": lambda: b"- [ ] a\n",
        "prose": lambda: b"Some `code`, *text*, a [link](http://x.y)\nand more.\n\n",
    }


def document(name: str) -> bytes:
    """Return the document called *name*, repeated up to `SIZE` bytes."""
    unit = documents()[name]()
    return unit * (SIZE // len(unit))


def measure(what: str, name: str) -> None:
    """Print seconds and peak memory (MB) of reading a document in this process."""
    data = document(name)
    if what == "floor":
        from markdown_it import MarkdownIt

        floor = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        started = perf_counter()
        floor.parse(data.decode())
    else:
        from runbooks.parsing import parse

        started = perf_counter()
        parse(data, Path("book.md"))
    seconds = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(seconds, peak)


def measured(what: str, name: str) -> tuple[float, float]:
    """Return seconds and peak memory (MB) of a process that measures."""
    command = [sys.executable, __file__, what, name]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, peak = output.split()
    return float(seconds), float(peak)


def refusal() -> float:
    """Return seconds until a document that is too large is refused."""
    import tempfile

    from runbooks.errors import DocumentError
    from runbooks.parsing import read

    with tempfile.NamedTemporaryFile(suffix=".md") as file:
        file.truncate(1 << 34)
        started = perf_counter()
        try:
            read(Path(file.name))
        except DocumentError:
            return perf_counter() - started
    raise AssertionError("a document of 16 GiB was read")


def main() -> None:
    """Print all figures."""
    say("parsing_refused", refusal(), "s", REFUSED)
    for name in documents():
        seconds, peak = measured("ours", name)
        floor, _ = measured("floor", name)
        say(f"parsing_{name}_ratio", seconds / floor, "x", RATIO)
        say(f"parsing_{name}_memory", peak, "MB", MEMORY)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], sys.argv[2])
    else:
        main()
