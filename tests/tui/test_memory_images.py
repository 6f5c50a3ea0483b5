"""No image of the memory is written, of gonogo or of what it starts."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.results import ROOT

HARD = resource.getrlimit(resource.RLIMIT_CORE)[1]
BEGIN = "import os, resource, subprocess, sys; import tui.__main__ as gonogo; "
LIMIT = "print(resource.getrlimit(resource.RLIMIT_CORE)[0]); "
DIES = "os.abort()"
STARTS = "subprocess.run([sys.executable, '-c', 'import os; os.abort()']); "
KEPT = "gonogo._keep_to_ourselves(); "


def run(program: str, place: Path, hard: int = HARD) -> list[str]:
    """Run it in *place*, images allowed; return what it said."""

    def allow() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}",
        ],
        cwd=place,
        preexec_fn=allow,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.split()


@pytest.mark.skipif(not HARD, reason="no images are written here at all")
@pytest.mark.parametrize("dies", [DIES, STARTS])
def test_no_file_is_left(dies: str, tmp_path: Path) -> None:
    kept, naive = tmp_path / "kept", tmp_path / "naive"
    for place, words in ((kept, KEPT), (naive, "")):
        place.mkdir()
        run(BEGIN + words + dies, place)
    assert list(kept.iterdir()) == []
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    if pattern[0] not in "|/@":
        assert list(naive.iterdir())


def test_programs_that_take_images_get_none(tmp_path: Path) -> None:
    """The kernel hands nothing to the program in core_pattern where the limit is 1."""
    if HARD:
        assert run(BEGIN + KEPT + LIMIT, tmp_path) == ["1"]
    assert run(BEGIN + KEPT + LIMIT, tmp_path, hard=0) == ["0"]


def test_it_stays_visible_to_others_of_the_same_user(tmp_path: Path) -> None:
    """It is not made undumpable: with ``hidepid`` it would look dead to them."""
    said = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    assert run(BEGIN + KEPT + said, tmp_path) == ["1"]
