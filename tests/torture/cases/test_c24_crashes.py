"""C24: what a bug leaves on the screen and in files: no local variable, no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.planted import Planted, kept
from tests.torture.results import result
from tui.__main__ import _report

pytestmark = pytest.mark.timeout(600)


def test_crashes_tell_nothing(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    said = []
    secrets = list(planted.secrets.values())
    for number in range(50):
        token, code = secrets[number], list(planted.codes.values())[number * 9]
        said.append(_report(raised(number, token, code)).encode())
    files = [path for path in (tmp_path / "state").rglob("bug-*.log")]
    modes = {path.stat().st_mode & 0o777 for path in files}
    leaks = planted.leaks(*said, *kept(tmp_path / "state"))
    result(
        "G20",
        "C24",
        "50 crashes with secrets in variables and messages",
        "0 leaked; files 0600",
        f"{len(leaks)} leaked in {len(files)} files, {[oct(mode) for mode in modes]}",
        not leaks and len(files) == 50 and modes == {0o600},
    )


def raised(depth: int, token: str, code: str) -> Exception:
    """Return an error from *depth* frames down, secrets in each and in its message."""

    def fall(left: int, password: str) -> None:
        held = {"password": password, "code": code}
        if left:
            fall(left - 1, held["password"])
        try:
            raise KeyError(held["code"])
        except KeyError as error:
            raise RuntimeError(f"cannot log in with {held['password']}") from error

    try:
        fall(depth, token)
    except RuntimeError as error:
        return error
    raise AssertionError
