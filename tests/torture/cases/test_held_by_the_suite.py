"""Cases that tests of the suite hold whole: run here for the table, and more of them.

Each of these files has its naive twins beside it, as the cases of the campaign have.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.torture.results import ROOT, SAMPLE, counted, result, seed


@dataclass(frozen=True)
class Held:
    """What some files of tests show; the keys are those of `result`.

    Attributes:
        env: what makes their random parts long.
    """

    goal: str
    case: str
    what: str
    wanted: str
    files: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


HELD = {
    "crew": Held(
        "",
        "C6",
        "two screens of one run: answers seen, the lever held, taken over, its holder "
        "killed",
        "seen in half a second; changed by one only, and both say who",
        ("tests/tui/test_crew.py", "tests/state/test_right_to_change.py"),
    ),
    "lock_traps": Held(
        "",
        "C7",
        "a close elsewhere, a replaced file, an inherited lock, a file server "
        "without locks",
        "each catches a naive lock, and not ours",
        ("tests/state/test_lock_traps.py",),
    ),
    "terminal_takers": Held(
        "",
        "C15",
        "commands that want a terminal: sudo, ssh, read, less, vi, tmux, an escape "
        "written to /dev/tty",
        "0 bytes on ours; each fails in 2 s and is told, or is given one",
        ("tests/runbooks/test_wanting_a_terminal.py",),
    ),
    "screens": Held(
        "G25",
        "C17",
        "every screen at 80x24, 60x16 and others, resized at random",
        "all that matters is readable",
        ("tests/tui/test_every_screen.py",),
        {"GONOGO_RESIZES": "200"},
    ),
    "odd_terminals": Held(
        "",
        "C17",
        "TERM=dumb, no terminal, no input, LC_ALL=C, NO_COLOR, an idle screen",
        "plain lines or one sentence; no colour alone; no processor time",
        ("tests/tui/test_odd_terminals.py",),
    ),
    "walks": Held(
        "accepted",
        "all",
        "random walks over the keys, in observe mode and on another system",
        "nothing is changed",
        ("tests/tui/test_random_walks.py",),
        {"GONOGO_WALKS": "1000"},
    ),
}


@pytest.mark.skipif(SAMPLE, reason="make test runs these files")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", HELD)
def test_the_suite_holds_it(tmp_path: Path, name: str) -> None:
    held = HELD[name]
    report = tmp_path / "report.xml"
    words = [sys.executable, "-m", "pytest", "-q", "-n", "2", *held.files]
    with (tmp_path / "said").open("wb") as said:
        subprocess.run(
            [*words, f"--junit-xml={report}", "--timeout=1800"],
            cwd=ROOT,
            env={**os.environ, "CI": "true", "GONOGO_SEED": str(seed()), **held.env},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    (suite,) = ElementTree.parse(report).getroot().iter("testsuite")
    tests, *bad = (
        int(suite.attrib[key]) for key in ("tests", "failures", "errors", "skipped")
    )
    counted(f"suite_{name}", tests)
    more = "".join(f", {key}={value}" for key, value in held.env.items())
    print((tmp_path / "said").read_text()[-4000:])
    result(
        held.goal,
        held.case,
        held.what,
        held.wanted,
        f"{tests - sum(bad)} of {tests} tests{more}",
        not any(bad),
    )
