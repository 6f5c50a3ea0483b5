"""What several cases begin with."""

from __future__ import annotations

import pytest

from tests.torture.planted import Planted
from tests.torture.results import rng


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Planted:
    made = Planted(rng("c23"))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made
