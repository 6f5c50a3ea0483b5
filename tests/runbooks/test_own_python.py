"""Processes of gonogo's own find gonogo, and nothing in the working directory."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runbooks.own_python import ROOT, environment, python, search_path


@pytest.mark.parametrize("named", ["", ":", ".", "lib:./lib", "..:"])
def test_what_is_no_whole_path_is_left_out(named: str) -> None:
    assert search_path({"PYTHONPATH": named}) == str(ROOT)
    assert search_path({"PYTHONPATH": f"{named}:/opt/lib"}) == f"{ROOT}:/opt/lib"


def test_it_looks_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ":")
    for name in ("sitecustomize", "msgspec", "runbooks"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')\n")
    words = python("runbooks.model")
    subprocess.run(words, cwd=tmp_path, env=environment(), check=True)
