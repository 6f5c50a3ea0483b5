"""Hands for which no key is too quick."""

from __future__ import annotations

import pytest

from tui import hands
from tui.screens.deliberate import Deliberate


def let_all_keys_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "DEAD_TIME", 0.0)
    monkeypatch.setattr(hands, "BETWEEN", 0.0)
    monkeypatch.setattr(Deliberate, "confirm", lambda self, answer: answer())
