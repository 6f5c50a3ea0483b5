"""C25: whatever the umask, nobody else can read; a link is not written through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.drill import GONOGO, Drill
from tests.torture.results import ROOT, result

RUN = """
import sys
from pathlib import Path
from state.author import current
from state.deciding import note
from state.run import Run
from runbooks.commands import Plan, start
from tests.state.books import runbook, step
book = runbook(step("s.1"))
home = Path(sys.argv[1])
runs = list((home / "runs").glob("*"))
by = current()
run = Run.open(runs[0], book, by) if runs else Run.create(home, book, "", by)
note(run, "s.1", "said")
run.cursor = "s.1"
run.save()
running = start(Plan(id=f"c{run.seq}", text="echo said", cwd=home, outputs=run.outputs))
while not running.ending():
    pass
run.close()
"""


def walk(home: Path, umask: int) -> None:
    words = [sys.executable, "-c", RUN, str(home)]
    subprocess.run(words, cwd=ROOT, umask=umask, check=True, timeout=60)


def open_to_others(home: Path) -> list[str]:
    """Return what below *home* others than the owner may use."""
    return [
        f"{path.name} {path.stat().st_mode & 0o777:o}"
        for path in (home, *home.rglob("*"))
        if path.stat().st_mode & 0o077
    ]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes(tmp_path: Path, umask: int) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    walk(home, umask)
    drill = Drill(tmp_path / "drill", ("echo said",))
    words = [*GONOGO, "trust", "--yes", str(drill.book)]
    subprocess.run(words, env=drill.env, umask=umask, check=True, capture_output=True)
    stores = list((tmp_path / "drill").rglob("trust*"))
    assert stores
    wide = [*open_to_others(home), *(w for s in stores for w in open_to_others(s))]
    result(
        "G20",
        "C25",
        f"files of a run and of trust under umask {umask:03o}",
        "no bit for others",
        f"{len(wide)}: {wide[:3]}" if wide else "none",
        not wide,
    )


def test_links_are_not_written_through(tmp_path: Path) -> None:
    home, victim = tmp_path / "home", tmp_path / "victim"
    home.mkdir(mode=0o700)
    walk(home, 0o022)
    (run,) = (home / "runs").iterdir()
    names = [path.name for path in run.iterdir() if path.is_file()]
    wrong = []
    for name in names:
        victim.write_bytes(b"not ours")
        kept = (run / name).read_bytes()
        (run / name).unlink()
        (run / name).symlink_to(victim)
        words = [sys.executable, "-c", RUN, str(home)]
        subprocess.run(words, cwd=ROOT, capture_output=True, check=False, timeout=60)
        if victim.read_bytes() != b"not ours":
            wrong.append(name)
        (run / name).unlink(missing_ok=True)
        (run / name).write_bytes(kept)
        (run / name).chmod(0o600)
    result(
        "G20",
        "C25",
        f"links in place of {', '.join(sorted(names))}",
        "what they point at is not touched",
        f"{len(wrong)} written through: {wrong}" if wrong else "none touched",
        not wrong,
    )


def test_the_twin_is_open_to_all(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        home.mkdir()
        (home / "state.json").write_text("{}")
    finally:
        os.umask(before)
    assert len(open_to_others(home)) == 2
