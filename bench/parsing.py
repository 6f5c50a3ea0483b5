"""What reading a runbook costs, against what markdown-it-py alone takes for it.

Prints ``name value unit limit ok|MISSED``. Every measurement is a process of its
own; the floor reads the same bytes with the same rules, inline markup included.

    python bench/parsing.py [NAME…]     only what these figures need
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from report import say

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZE = 10 * 1024 * 1024
SMALL = 2 * 1024 * 1024
"""For documents of so many lines that the floor takes more than a minute for more."""
RATIO = 3.0
MEMORY = 900.0
"""MB, of a million bytes, for a document of `SIZE`."""
AT_REST = 50.0
"""MB that the interpreter and its modules take, whatever the document."""

REFUSED = 0.5
"""Seconds."""

SEED = ROOT / "tests" / "golden" / "production-checklist.md"


def documents() -> dict[str, tuple[int, Callable[[], bytes]]]:
    """Return the documents by name: bytes, and what they repeat."""
    return {
        "seed": (SIZE, lambda: SEED.read_bytes()),
        "tasks": (
            SMALL,
            lambda: "".join(
                f"- [ ] item number {n} of `the list`\n" for n in range(2000)
            ).encode(),
        ),
        "short_tasks": (SMALL, lambda: b"- [ ] a\n"),
        "prose": (
            SMALL,
            lambda: b"Some `code`, *text*, a [link](http://x.y)\nand more.\n\n",
        ),
    }


def document(name: str) -> bytes:
    """Return the document called *name*."""
    size, repeated = documents()[name]
    unit = repeated()
    return unit * (size // len(unit))


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
    command = [sys.executable, __file__, "measure", what, name]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, peak = output.split()
    return float(seconds), float(peak)


def memory(size: int) -> float:
    """Return the limit for a document of *size* bytes, in MB."""
    return AT_REST + (MEMORY - AT_REST) * size / SIZE


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


def main(wanted: Sequence[str]) -> None:
    """Print the figures; those named in *wanted*, or all."""

    def asked(name: str) -> bool:
        return not wanted or any(figure.startswith(name) for figure in wanted)

    if asked("parsing_refused"):
        say("parsing_refused", refusal(), "s", REFUSED)
    for name, (size, _) in documents().items():
        if asked(f"parsing_{name}_"):
            seconds, peak = measured("ours", name)
            floor, _ = measured("floor", name)
            say(f"parsing_{name}_ratio", seconds / floor, "x", RATIO)
            say(f"parsing_{name}_memory", peak, "MB", memory(size))


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(*sys.argv[2:4])
    else:
        main(sys.argv[1:])
