"""What several cases begin with."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.probes.kubernetes import connection
from tests.runbooks.probes.kubernetes_in_a_thread import in_a_thread
from tests.torture.canaries import surround
from tests.torture.planted import Planted
from tests.torture.results import rng
from tests.torture.watched import started


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    made = Planted(rng("c23"))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process for each pass, and no log of a thousand wrong answers."""
    monkeypatch.setattr(connection, "started", in_a_thread)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where documents are; what they touch is in ``canaries``."""
    (tmp_path / "canaries").mkdir()
    surround(tmp_path, tmp_path / "canaries")
    targets = Path(os.environ["HOME"]) / ".config/gonogo/targets"
    targets.mkdir(parents=True, exist_ok=True)
    touch = f"touch {tmp_path / 'canaries' / 'profile'}"
    said = f"{touch}; echo postgresql://127.0.0.1:9/x"
    (targets / "canary.toml").write_text(
        f"[postgres]\ndsn = {{ command = '{said}' }}\n"
    )
    started.clear()
    return tmp_path
