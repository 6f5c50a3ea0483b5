"""What holds for every action: it is documented, and there is one way to perform it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from runbooks import actions
from runbooks.parameters import Parametrised
from runbooks.tables import ActionSpec

Node = TypeVar("Node", bound=ast.AST)
ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/actions.md").read_text()
THERE = [
    module
    for family in actions.FAMILIES
    if find_spec(module := f"runbooks.actions.{family}")
]
NAMES = sorted(name for module in THERE for name in import_module(module).ACTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_documented(name: str) -> None:
    assert f"\n## {name}\n" in PAGE
    section = PAGE.split(f"\n## {name}\n")[1].partition("\n## ")[0]
    known = {f.encode_name for f in msgspec.structs.fields(actions.action_class(name))}
    everywhere = {f.encode_name for f in msgspec.structs.fields(Parametrised)}
    where = PAGE.partition("\n## ")[0]
    for parameter in known - everywhere:
        assert f"`{parameter}`" in section + where, parameter


def test_nothing_is_documented_that_is_not_there() -> None:
    assert re.findall(r"^## (\w+\.\w+)$", PAGE, re.MULTILINE) == NAMES


@pytest.mark.parametrize(
    ("use", "parameters", "complaint"),
    [
        ("docker.restrt", {}, "no action is called 'docker.restrt'"),
        ("dockr.restart", {}, "did you mean 'docker'"),
        ("docker.restart", {"servces": ["api"]}, "did you mean 'services'"),
        ("docker.restart", {"services": "api"}, "services: expected `array`"),
        ("docker.restart", {"patience": "long"}, "no duration"),
    ],
)
def test_mistakes_are_found_without_a_profile(
    use: str, parameters: dict[str, object], complaint: str
) -> None:
    (wrong,) = actions.check(ActionSpec(use, parameters))
    assert complaint in wrong


def test_only_its_own_process_performs_an_action() -> None:
    """Whoever else calls something of that name calls what leads to the door."""
    calls = {
        (path, ast.unparse(node.func))
        for path, node in _nodes(ast.Call, ".perform(")
        if isinstance(node.func, ast.Attribute) and node.func.attr == "perform"
    }
    assert calls == {
        ("runbooks/actions/performing.py", "action.perform"),
    }


def test_only_the_door_starts_that_process() -> None:
    texts = {
        path
        for path, node in _nodes(ast.Constant, "runbooks.actions.performing")
        if node.value == "runbooks.actions.performing"
    }
    assert texts == {"runbooks/actions/ordering.py"}


def test_only_actions_know_what_changes_an_engine() -> None:
    users = {
        path
        for path, node in _nodes(ast.ImportFrom, "runbooks.actions.docker.sending")
        if node.module == "runbooks.actions.docker.sending"
    }
    assert users and all(path.startswith("runbooks/actions/docker/") for path in users)


def _nodes(kind: type[Node], saying: str) -> Iterator[tuple[str, Node]]:
    """Yield all of a kind in the files of which the text says that, and their paths."""
    for package in ("runbooks", "state", "tui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text()
            for node in ast.walk(ast.parse(text)) if saying in text else ():
                if isinstance(node, kind):
                    yield str(path.relative_to(ROOT)), node
