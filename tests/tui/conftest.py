"""Keys of a pilot come at once: where hands are not tested, none is too quick."""

from __future__ import annotations

import pytest

from tests.tui.quick_hands import let_all_keys_count


@pytest.fixture
def own_hands() -> None:
    """Hold keys against the clock, as people meet it."""


@pytest.fixture(autouse=True)
def quick_hands(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "own_hands" not in request.fixturenames:
        let_all_keys_count(monkeypatch)
