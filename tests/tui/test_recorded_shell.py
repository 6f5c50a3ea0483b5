"""A shell for what no command says: asked for, recorded, written down."""

from __future__ import annotations

import json
import time
from pathlib import Path
from shutil import which

import pytest

from runbooks.tables import CommandClass
from runbooks.wish import SHELL, shell
from tests.practice import system as practice
from tests.practice.system import System
from tests.tui.guarded import assert_guarded
from tests.tui.real_walk import Walk as RealWalk
from tests.tui.real_walk import walking
from tests.tui.test_walk import Walk, screen  # noqa: F401

SECRET = "made-up-and-long-enough"
BOOK = """\
# Drill

- [ ] Decide

## Act

```bash
export RELEASE=41
cd work
```
"""


@pytest.fixture
def walk(screen, tmp_path: Path) -> Walk:  # type: ignore[no-untyped-def]  # noqa: F811
    runbook = tmp_path / "drill.md"
    runbook.write_text(BOOK)
    runbook.chmod(0o600)
    (tmp_path / "work").mkdir()
    return Walk(screen, tmp_path, runbook)


def choose(walk: Walk, choice: str) -> None:
    """Choose the second one, once the dialog takes keys."""
    walk.screen.wait_for(choice)
    time.sleep(0.8)
    walk.screen.keys("2")


@pytest.mark.skipif(which("tmux") is None, reason="tmux is not installed")
def test_it_has_what_commands_have_and_only_its_screen_is_kept(walk: Walk) -> None:
    walk.env["API_TOKEN"] = SECRET
    view = walk.screen
    walk.open()
    view.wait_for("Decide")
    walk.find("export RELEASE")
    view.keys("R")
    choose(walk, "Trust this runbook and run")
    walk.wait_for_events("command_finished", 2)

    view.keys("!")
    shown = view.wait_for("exec bash -i")
    assert "Open a recorded shell" in shown and "1 Cancel" in shown
    assert "exec bash -i" in shown and "changes things" in shown
    assert "secrets taken out" in shown and "nobody knows what" in shown
    time.sleep(0.8)
    view.type("INC-311")
    view.keys("Enter")
    view.wait_gone("? keys")
    view.wait_for("exit or Ctrl-D leads back to gonogo")
    view.wait_for("work")  # its prompt
    view.type('echo "rel=$RELEASE at=$(basename $PWD) tok=$API_TOKEN"; false\n')
    view.wait_for("rel=41 at=work")
    view.type("exit 3\n")
    view.wait_for("Decide")

    (*_, finished) = walk.wait_for_events("command_finished", 3)
    assert finished["data"]["code"] == 3 and finished["data"]["ending"] == "exit"
    (requested,) = (
        e
        for e in walk.events()
        if e["kind"] == "command_requested" and e["step"].startswith(SHELL)
    )
    assert requested["data"]["class"] == "mutate"
    assert requested["data"]["cwd"] == str(walk.home / "work")
    (cast,) = (walk.run / "outputs").glob("*.cast")
    assert cast.stem == requested["data"]["command"]
    head, *rest = cast.read_text().splitlines()
    assert json.loads(head)["version"] == 2
    kept = "".join(text for _, kind, text in map(json.loads, rest) if kind == "o")
    assert "rel=41 at=work" in kept and "exit 3" in kept
    assert_guarded(walk.events())

    view.keys("u")
    view.wait_for("a recorded shell")
    view.wait_for(f"outputs/{cast.stem}.cast")
    view.keys("Escape")
    view.wait_for("Decide")
    walk.quit()
    for path in (walk.home / "state").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    practice.register(monkeypatch)
    return System(tmp_path)


async def test_the_systems_of_the_profile_are_met_before_and_must_not_have_moved(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = RealWalk(tmp_path, BOOK, system.target)
    async with walking(walk, monkeypatch):
        await walk.press("exclamation_mark")
        await walk.asked()
        await walk.shows("practice system alpha")
        await walk.press("escape")
        await walk.until(lambda: walk.app.screen is walk.board)
        assert not walk.run.commands and not walk.run.armed()

        await walk.press("exclamation_mark")
        await walk.asked()
        system.put("id", "beta")
        await walk.agree("INC-311")
        await walk.shows("Not run: the profile leads to practice system beta")
        assert not walk.run.commands


def test_a_shell_changes_things_whatever_aliases_say() -> None:
    for number in (1, 2):
        wish = shell(number)
        assert wish.is_shell and wish.is_interactive() and not wish.is_follower()
        said = wish.classified(["bash", "exec", "echo"])
        assert said.command_class is CommandClass.MUTATE
    assert shell(1).parts[0].id != shell(2).parts[0].id
