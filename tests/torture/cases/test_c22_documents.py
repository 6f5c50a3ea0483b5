"""C22: a document of any size or shape opens, or is refused with its line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runbooks.errors import DocumentError
from runbooks.parsing import read
from tests.torture.results import ROOT, SAMPLE, counted, result, rng
from tests.torture.shapes import MB, SHAPES

pytestmark = pytest.mark.timeout(900)
OPENS = 30.0
"""Seconds within which the largest document opens on a busy machine; what is usual is
in bench/."""
REFUSED = 5.0
MEMORY = 500
"""MB for a document of 5 MB."""
READ = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from runbooks.errors import DocumentError
from runbooks.parsing import read
began = time.monotonic()
try:
    found = read(Path(sys.argv[1]))
    said = "opened"
except DocumentError as error:
    said = f"line {error.line}" if error.line else "no line"
took = time.monotonic() - began
status = Path("/proc/self/status").read_text()
print(took, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
print(said)
"""


def opened(path: Path) -> tuple[float, float, str]:
    """Read a document in a process of its own: seconds, MB, and how it ended."""
    command = [sys.executable, "-c", READ, str(path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]
    figures, said = done.stdout.splitlines()
    seconds, most = map(float, figures.split())
    return seconds, most, said


def test_shapes_that_parsers_fear(tmp_path: Path) -> None:
    counted("document_shapes", len(SHAPES))
    names = list(SHAPES)
    if SAMPLE:
        names = rng("c22 shapes").sample(names, 3)
    slowest, latest, most, wrong = 0.0, 0.0, 0.0, []
    for name in names:
        path = tmp_path / "book.md"
        path.write_text(SHAPES[name](5 * MB))
        seconds, took, said = opened(path)
        most = max(most, took)
        if said == "opened":
            slowest = max(slowest, seconds)
        else:
            latest = max(latest, seconds)
        if said == "no line":
            wrong.append(name)
    result(
        "–",
        "C22",
        f"{len(names)} shapes of Markdown of 5 MB, a table of 2,000 by 200 among them",
        f"opened or refused with a line, below {MEMORY} MB",
        f"opened in {slowest:.1f} s, refused in {latest:.1f} s, {most:.0f} MB, "
        f"{len(wrong)} without a line",
        slowest < OPENS and latest < REFUSED and most < MEMORY and not wrong,
    )


@pytest.mark.parametrize("count", [400, 2000])
def test_many_steps_open(count: int, tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    one = "- [ ] step {}\n\n  Text with `code` and *more*.\n\n  ```sh\n  ls {}\n  ```\n"
    path.write_text("# T\n\n" + "".join(one.format(n, n) for n in range(count)))
    seconds, most, said = opened(path)
    assert len(read(path).steps) == count
    result(
        "–",
        "C22",
        f"{count} steps with a command each",
        "opened in 2 s",
        f"{said} in {seconds:.2f} s, {most:.0f} MB",
        said == "opened" and seconds < OPENS,
    )


def test_more_than_can_be_read_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("text\n\n" + "- [ ] a\n" * 100_001)
    with pytest.raises(DocumentError, match="more than the 100,000 items") as caught:
        read(path)
    assert caught.value.line == 100_003
    path.write_text("x\n" * 300_001)
    with pytest.raises(DocumentError, match="300,000 lines") as caught:
        read(path)
    assert caught.value.line == 300_001
