"""A dry run on the screen and in the engine: asked for by a key, never written down."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from runbooks import actions
from runbooks.actions.base import Action, Tell
from runbooks.changes import Call, Description, Identity, Precondition, Thing, Undo
from runbooks.errors import ProbeError
from runbooks.planned import Planned, Says
from runbooks.probes.sources import Sources
from runbooks.target import Target
from tests.tui.engines import Desk
from tests.tui.walking import PLAIN, lines, walk
from tui.told import PlanMade, Refused, SystemsMet

ACTIONS = """\
# Restart

- [ ] The shop is new
  ```toml action
  use = "drill.restart"
  name = "shop"
  ```
  ```toml action
  use = "drill.restart"
  name = "away"
  ```
  ```toml action
  use = "drill.restart"
  name = "busy"
  ```
- [ ] Only elsewhere
  ```toml step
  when = { platform = "kubernetes" }
  ```
  ```toml action
  use = "drill.restart"
  name = "shop"
  ```

```bash {class=observe}
NAME=shop
echo "kept $NAME"
```
"""


class Restart(Action, frozen=True, kw_only=True):
    """Restarts nothing: it only says what it would do."""

    name: str

    @property
    def source(self) -> str:
        return "drill"

    async def identity(self, sources: Sources) -> Identity:
        return Identity("drill", "1", "the drill")

    async def describe(self, sources: Sources) -> Description:
        if self.name == "away":
            raise ProbeError("nobody answers", source="drill", stage="tcp")
        quiet = Precondition("nobody else restarts it", self.name != "busy")
        return Description(
            title=f"restart {self.name}",
            identity=await self.identity(sources),
            calls=(Call(f"POST /{self.name}/restart", "now"),),
            things=(Thing("shop", self.name),),
            undo=Undo(irreversible="it was restarted"),
            preconditions=(quiet,),
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        raise AssertionError("a dry run performs nothing")

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        return {}


@pytest.fixture
def drill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "FAMILIES", ("drill",))
    family = SimpleNamespace(ACTIONS={"drill.restart": Restart})
    monkeypatch.setitem(sys.modules, "runbooks.actions.drill", family)


@pytest.fixture
def desk(tmp_path: Path, drill: None) -> Iterator[Desk]:
    profile = tmp_path / "gonogo.toml"
    profile.write_text("")
    target = Target("practice", profile, facts={"platform": "compose"})
    desk = Desk(tmp_path, ACTIONS, target, trusted=True)
    yield desk
    desk.engine.close()


def test_actions_are_described_and_the_run_stays_as_it_is(desk: Desk) -> None:
    desk.wait_for(SystemsMet)
    before = [event for event in desk.journal() if event["kind"] != "probe_finished"]
    desk.engine.plan()
    planned = desk.wait_for(PlanMade).planned
    step, would, away, busy, elsewhere, skipped, *commands = planned
    assert step.says is Says.UNKNOWN
    assert (would.says, would.title) == (Says.RUN, "restart shop")
    assert would.commands == ("POST /shop/restart\nnow",)
    assert ("touches", "1: shop/shop") in would.details
    assert (away.says, away.why) == (
        Says.UNKNOWN,
        "nobody could look: nobody answers",
    )
    assert busy.says is Says.SKIP and "nobody else restarts it" in busy.why
    assert (elsewhere.says, skipped.says) == (Says.SKIP, Says.SKIP)
    assert [each.says for each in commands] == [Says.LOOKED, Says.LOOKED]
    assert commands[1].evidence == "kept shop", "its shell keeps what was set"
    desk.engine.plan()
    desk.wait_for(PlanMade)
    assert desk.journal() == before and not desk.run.commands
    assert not any(desk.run.outputs.iterdir())


def test_one_dry_run_at_a_time(desk: Desk) -> None:
    desk.engine.plan()
    desk.engine.plan()
    assert "under way" in desk.wait_for(Refused).message
    desk.wait_for(PlanMade)


async def test_a_key_shows_it_and_another_one_leads_back(tmp_path: Path) -> None:
    app, engine = walk(tmp_path, PLAIN)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("d")
        assert engine.calls == [("plan",)]
        one = engine.runbook.blocks[0].parts[0]
        many = [
            Planned(
                kind="part",
                id=one.id,
                section=engine.runbook.sections[1].id,
                title=f"number {number}",
                line=1,
                says=Says.RUN,
                why="once a person agrees",
                commands=(f"echo {number} [b]",),
            )
            for number in range(40)
        ]
        engine.tell(PlanMade(tuple(many)))
        await pilot.pause(0.5)
        seen = "\n".join(lines(app))
        assert "would run" in seen and "| echo 0 [b]" in seen
        assert "40 of 40 predicted" in seen
        await pilot.press("G")
        assert "| echo 39 [b]" in "\n".join(lines(app))
        await pilot.press("escape")
        assert app.screen.steps.has_focus
