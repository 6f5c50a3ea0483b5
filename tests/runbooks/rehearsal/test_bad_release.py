"""The runbook for a bad release, walked from the first doubt to the verdict.

A rehearsal whose API and worker are containers, a release that is really bad, the
screen by its keys, and the same without a screen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.linting import lint
from runbooks.model import Row
from runbooks.parsing import read
from runbooks.rehearsal import images, start
from runbooks.shipped import INCIDENTS
from state.standing import Standing
from tests.runbooks.probes.docker_engine import DockerEngine
from tests.runbooks.rehearsal.releases import BAD, Releases
from tests.tui.guarded import assert_guarded
from tests.tui.real_walk import Walk, walking
from tui.screens.question import QuestionScreen

ROOT = Path(__file__).parents[3]
RUNBOOK = INCIDENTS / "bad-release-rollback.md"
SOAK = ('for = "10m", every = "30s"', 'for = "2s", every = "1s"')
"""The only thing that is otherwise here: nobody waits for ten minutes."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def releases(_programs: None, docker: DockerEngine) -> Iterator[Releases]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker.url)
        with start() as running:
            assert not running.without
            yield Releases(running, docker)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    (tmp_path / "xdg_runtime_dir").mkdir(mode=0o700)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_it_ships_without_anything_to_complain_about() -> None:
    runbook = read(RUNBOOK)
    assert not runbook.problems and not lint(runbook)
    assert SOAK[0] in RUNBOOK.read_text()
    for step in runbook.steps:
        assert step.options.severity and step.options.owner, step.id
        assert step.options.hint or step.id == "decide.lead", step.id


class Operator:
    """Answers steps by keys, as a person at the screen would."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    async def go(self, step: str) -> None:
        assert self.walk.board is not None
        await self.walk.until(lambda: self.walk.app.screen is self.walk.board)
        self.walk.board.steps.go_to(Row("step", step))

    def stands(self, step: str) -> Standing:
        assert self.walk.board is not None
        return self.walk.board.standings.standing(step)

    async def until(self, step: str, *wanted: Standing) -> None:
        await self.walk.until(lambda: self.stands(step) in wanted)

    async def answer(self, step: str, key: str = "space", words: str = "") -> None:
        """Answer a step, with *words* where something has to be typed."""
        await self.go(step)
        await self.walk.press(key)
        if words:
            await self.walk.shows("not saved until Enter")
            await self.walk.type(words)
            await self.walk.press("enter")
        await self.walk.until(lambda: self.walk.run.progress[step].decision)

    async def act(self, step: str, *shown: str, why: str = "") -> str:
        """Do the step's action; return how it ended."""
        walk, before = self.walk, len(self.walk.run.actions)
        await self.go(step)
        await walk.press("r")
        await walk.asked()
        assert isinstance(walk.app.screen, QuestionScreen)
        for words in shown:
            await walk.shows(words)
        await walk.agree(why)
        await walk.until(lambda: len(walk.run.actions) > before)
        acted = list(walk.run.actions)[-1]
        await walk.until(lambda: walk.run.actions[acted].ending)
        return walk.run.actions[acted].ending


async def test_from_the_screen(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = releases.deploy_bad()
    text = RUNBOOK.read_text(encoding="utf-8").replace(*SOAK)
    walk = Walk(tmp_path, text, releases.target)
    shift = Operator(walk)
    async with walking(walk, monkeypatch, (120, 40)):
        # It is seen to be bad.
        for step in ("see.api", "see.errors", "see.containers", "verify.api"):
            await shift.until(step, Standing.FAIL)
        await walk.shows("NO-GO")
        await shift.until("see.release", Standing.PROPOSED)
        await shift.answer("see.release")
        await shift.answer("see.cause")

        # Nothing is changed before it is decided.
        await shift.go("back.api")
        await walk.press("r")
        await walk.shows("needs other steps first")
        await shift.answer("decide.lead")
        await shift.until("decide.schema", Standing.PROPOSED)
        await shift.answer("decide.schema")
        await shift.answer("decide.rollback", words="1.9.1 goes, 1.9.0 comes back")
        await shift.answer("decide.told")
        pipeline = tmp_path / "pipeline.txt"
        pipeline.write_text("deploy-prod: disabled by ana\n")
        await shift.answer("before.freeze", "h", str(pipeline))
        assert await shift.act("before.dump", why="INC-311") == "done"

        # A restart in order does not help, and says so at the first one.
        worker = releases.started("worker")
        assert await shift.act("back.restart") == "failed"
        assert "unhealthy" in list(walk.run.actions.values())[-1].says
        assert releases.running("api") == bad
        assert releases.started("worker") == worker, "it comes after the API"
        await shift.answer("back.restart", "s", "it is the release")

        # Back to the former image, one service after the other.
        assert await shift.act("back.api", images.NEWEST, "go back if") == "done"
        assert releases.running("api") == releases.good
        await shift.answer("back.api")
        assert await shift.act("back.worker", images.NEWEST) == "done"
        assert releases.running("worker") == releases.good
        await shift.answer("back.worker")

        # Its probes look again by themselves.
        for step in ("verify.api", "verify.containers"):
            await shift.until(step, Standing.PASS)
        assert releases.version() == images.NEWEST
        await shift.until("verify.release", Standing.PROPOSED)
        await shift.answer("verify.release")
        await shift.answer("verify.errors", "h", "dashboard: no 5xx since 12:04")
        await shift.answer("verify.smoke", words="searched for countdown")
        await shift.go("watch.holds")
        await walk.press("p")
        await shift.until("watch.holds", Standing.PASS)

        # What is still open is told, until it is left with a reason.
        await shift.answer("close.files", words="compose.yml names 1.9.0 again")
        await shift.answer("close.loose-ends")
        await shift.answer("close.told")
        await walk.shows("loose end")
        for _ in range(2):
            await shift.go("close.evidence")
            await walk.press("L")
            await walk.shows("Left different on purpose")
            await walk.press("a")
            await walk.shows("leave it as it is")
            await walk.type("compose.yml names it")
            await walk.press("enter")
            await walk.until(lambda: walk.app.screen is walk.board)
        await walk.until(lambda: walk.text.splitlines()[1].startswith(" GO "))
        assert "nothing blocks" in walk.text

        # The way back shows what was changed, and what ran before.
        await walk.press("u")
        await walk.shows(f"recreate worker with the image {releases.good[7:19]}")
        await walk.shows("service api")
        await walk.shows("live")
        for words in (
            f"revision: {BAD} → {images.NEWEST}",
            "takes     at most",
            "no return once",
            "back if   a service is unhealthy",
            "to take back: 3, at most",
        ):
            await walk.shows(words)
        await walk.press("escape")
    events = [json.loads(line) for line in _journal(walk.run.directory)]
    assert_guarded(events, {"shipped"})
    (frozen,) = (e for e in events if e["step"] == "before.freeze")
    assert frozen["data"]["answer"] == "done" and frozen["by"]["user"] == "ana"
    assert frozen["data"]["evidence"]["value"] == str(pipeline)
    assert len(frozen["data"]["evidence"]["digest"]) == 64
    recreated = [e["data"] for e in events if e["data"].get("use") == "docker.recreate"]
    rows = {name for name in recreated[0]["before"] if name.startswith("rows of ")}
    assert "rows of videos" in rows


def _journal(directory: Path) -> list[str]:
    return (directory / "journal.jsonl").read_text().splitlines()


def test_without_a_screen(releases: Releases, tmp_path: Path) -> None:
    bad = releases.deploy_bad()
    where = ("--target", str(releases.deployment.profile))

    def gonogo(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "tui", *words],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def act(use: str, *words: str) -> subprocess.CompletedProcess[str]:
        agreed = ("--confirm", "rehearsal", "--reason", "INC-311")
        return gonogo("act", use, *words, *where, *book, *agreed)

    services = 'services=["api", "worker"]'
    book = ("--runbook", RUNBOOK.stem)
    refused = gonogo("act", "docker.recreate", services, *where, *book)
    assert refused.returncode == 2 and releases.running("api") == bad

    back = act("docker.recreate", services)
    assert back.returncode == 0, back.stdout + back.stderr
    assert "image of api" in back.stdout and "loose end" in back.stdout
    assert releases.running("api") == releases.running("worker") == releases.good
    assert releases.version() == images.NEWEST

    before = releases.started("api"), releases.started("worker")
    again = act("docker.restart", services)
    assert again.returncode == 0, again.stdout + again.stderr
    after = releases.started("api"), releases.started("worker")
    assert before[0] < before[1] < after[0] < after[1], "in order, each waited for"

    words = (RUNBOOK.stem, *where, "--section", "Verify", "--format", "json")
    checked = gonogo("check", *words)
    steps = {s["id"]: s for s in json.loads(checked.stdout)["steps"]}
    assert steps["verify.api"]["result"] == "pass"
    assert steps["verify.containers"]["result"] == "pass"
    assert steps["verify.release"]["result"] == "proposed"
    (version,) = (
        r for r in steps["verify.release"]["readings"] if r["name"] == "json.version"
    )
    assert version["value"] == images.NEWEST
    (run,) = (tmp_path / "xdg_state_home" / "gonogo" / "runs").iterdir()
    events = [json.loads(line) for line in _journal(run)]
    assert_guarded(events, {"shipped"})
    kinds = [e["data"]["use"] for e in events if e["kind"] == "action_requested"]
    assert kinds == ["docker.recreate", "docker.restart"]
