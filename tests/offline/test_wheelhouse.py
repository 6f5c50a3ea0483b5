"""`make wheelhouse`: gonogo installs from it where there is no network at all.

`make offline`, since it takes as long as a fifth of all other tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(300)  # it fetches what there is to fetch
ROOT = Path(__file__).parents[2]
OUTSIDE = dict(os.environ)
"""Where uv and pip keep what they have fetched: not in the home of a test."""
OFFLINE = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "-rn")


@pytest.fixture(scope="module")
def wheelhouse() -> Path:
    """The directory that `make wheelhouse` builds."""
    make = ["make", "--silent", "wheelhouse"]
    subprocess.run(make, cwd=ROOT, env=OUTSIDE, check=True, stdout=subprocess.DEVNULL)
    return ROOT / "wheelhouse"


@pytest.fixture
def offline(tmp_path: Path):
    """Run a program in a network namespace that has no way out."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "XDG_"))}
    env |= {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
    }

    def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*OFFLINE, *map(str, argv)],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


def test_the_namespace_has_no_network(offline) -> None:
    assert not offline("cat", "/proc/net/route").stdout.splitlines()[1:]


def test_pipx_installs_without_an_index(wheelhouse: Path, offline, tmp_path) -> None:
    pipx = [sys.executable, "-m", "pipx", "install", "--python", sys.executable]
    options = f"--pip-args=--no-index --find-links={wheelhouse}"
    offline(*pipx, options, "gonogo")
    gonogo = tmp_path / "bin/gonogo"
    assert gonogo.exists()
    documents = offline(
        tmp_path / "pipx/venvs/gonogo/bin/python",
        "-c",
        "import runbooks; print(runbooks.__path__[0] + '/documents')",
    ).stdout.strip()
    assert str(tmp_path) in documents
    shipped = next(Path(documents).glob("*.md"))
    assert "task items" in offline(gonogo, "show", shipped).stdout
    assert list(Path(documents).parents[1].glob("tui/*.tcss"))
    shutil.rmtree(tmp_path / "pipx")
