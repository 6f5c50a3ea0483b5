"""The page on actions says what each is called and takes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from runbooks.actions.base import Action

PAGE = Path(__file__).parents[4] / "docs" / "actions.md"
ACTIONS: dict[str, type[Action]] = {
    name: action
    for family in ("backups", "postgres")
    for name, action in import_module(f"runbooks.actions.{family}").ACTIONS.items()
}


@pytest.mark.parametrize("name", ACTIONS)
def test_each_action_is_described_with_its_parameters(name: str) -> None:
    page = PAGE.read_text()
    assert f"\n## {name}\n" in page
    for field in msgspec.structs.fields(ACTIONS[name]):
        said = field.encode_name in ("timeout", "compared")
        assert said or f"`{field.encode_name}`" in page, field.encode_name
