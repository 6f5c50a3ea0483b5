"""C27: an action changes what was shown, or nothing; whatever changes in between."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import random
import signal
import sys
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runbooks.actions import performing
from runbooks.actions.kubernetes import sending, watching
from runbooks.changes import Description
from runbooks.errors import ProbeError
from runbooks.probes.kubernetes import connection
from tests.runbooks.actions.databases.carrying_out import Performing, target_of, wished
from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.actions.kubernetes.controller import Controller
from tests.runbooks.actions.kubernetes.releases import release
from tests.runbooks.actions.kubernetes.two_releases import two_releases
from tests.runbooks.actions.kubernetes.writable_api import WritableAPI
from tests.runbooks.probes.kubernetes_api import Object, serving
from tests.runbooks.probes.kubernetes_in_a_thread import in_a_thread
from tests.runbooks.probes.postgres_server import postgres_server
from tests.torture.results import ROOT, counted, result, rng, size

pytestmark = pytest.mark.timeout(600)
NAME, NAMESPACE = "transcript-api", "transcripts"
VERBS: dict[str, dict[str, Any]] = {
    "rollout_restart": {},
    "rollout_undo": {},
    "rollout_pause": {},
    "scale": {"replicas": 5},
}
DONE, REFUSED, UNKNOWN = 0, 3, 4


class Watched(WritableAPI):
    """Counts what it is asked, and lets something happen before one of these.

    Attributes:
        also_after: something may happen after a change, too.
        written: what every change was made to, as it was then, with its cluster.
    """

    def __init__(self, uid: str) -> None:
        super().__init__([])
        self.uid = uid
        self._pristine = two_releases(uid).objects
        self.reset()

    def reset(self) -> None:
        self.objects[:] = copy.deepcopy(self._pristine)
        self._version = max(self._version, 5000)
        self.controller = Controller(self)
        self.changes.clear()
        self.forbidden.clear()
        self.faults.clear()
        self.asked = 0
        self.also_after = False
        self.at, self.happens = -1, lambda: None
        self.written: list[tuple[str, str, str]] = []

    def _count(self) -> None:
        if self.asked == self.at:
            self.happens()
        self.asked += 1

    def answer(self, path: str, query: dict[str, str], accept: str) -> Any:
        with self._lock:
            self._count()
        return super().answer(path, query, accept)

    def review(self, body: Object) -> tuple[int, Any]:
        with self._lock:
            self._count()
        return super().review(body)

    def change(self, method: str, path: str, query: Any, kind: str, body: Any) -> Any:
        with self._lock:
            self._count()
            name = path.split("/namespaces/")[1].split("/")[2]
            before = self.state(name)
            done = len(self.changes)
            answer = super().change(method, path, query, kind, body)
            if len(self.changes) > done:
                self.written.append(before)
                if not self.also_after:
                    self.at = -1  # what comes now is no longer in between
            return answer

    def state(self, name: str = NAME) -> tuple[str, str, str]:
        """Return what tells whether it is what was shown: cluster, uid, spec."""
        found = self.find("Deployment", name) or {"metadata": {}, "spec": None}
        uid = str(found["metadata"].get("uid", ""))
        return self.uid, uid, json.dumps(found["spec"], sort_keys=True)


class World:
    """Two clusters that look alike, and a kubeconfig that leads to one of them."""

    def __init__(self, here: Watched, other: Watched, directory: Path) -> None:
        self.here, self.other = here, other
        self.act = Acting(here, directory)

    def reset(self) -> None:
        self.here.reset()
        self.other.reset()
        self.here.kubeconfig(self.act.kubeconfig)

    @property
    def written(self) -> list[tuple[str, str, str]]:
        return self.here.written + self.other.written

    # ------------------------------------------------------ what may happen

    def edited(self) -> None:
        self.here.edit(self.act.deployment, replicas=4)

    def released(self) -> None:
        release(self.act, steps=0)

    def rolled_out(self) -> None:
        release(self.act)

    def anew(self) -> None:
        again = copy.deepcopy(self.act.deployment)
        self.here.objects.remove(self.act.deployment)
        again["metadata"]["uid"] = "uid-another"
        self.here.add(again)

    def gone(self) -> None:
        self.here.objects.remove(self.act.deployment)

    def paused(self) -> None:
        self.here.edit(self.act.deployment, paused=True)

    def forbidden(self) -> None:
        self.here.forbidden |= {"patch deployments", "patch deployments/scale"}

    def no_history(self) -> None:
        for each in self.act.controller.sets(self.act.deployment)[:-1]:
            self.here.objects.remove(each)

    def toggled(self) -> None:
        """Somebody rolls back already: the revision before is another one now."""
        first = self.act.controller.sets(self.act.deployment)[0]
        template = copy.deepcopy(first["spec"]["template"])
        template["metadata"]["labels"].pop("pod-template-hash", None)
        release(self.act, template=template)

    def elsewhere(self) -> None:
        """The kubeconfig's context leads to the other cluster."""
        self.other.kubeconfig(self.act.kubeconfig)

    def other_context(self) -> None:
        text = json.loads(self.act.kubeconfig.read_text())
        context = {"cluster": "there", "user": "me", "namespace": NAMESPACE}
        cluster = {"name": "there", "cluster": {"server": self.other.url}}
        text["contexts"].append({"name": "staging", "context": context})
        text["clusters"].append(cluster)
        text["current-context"] = "staging"
        self.act.kubeconfig.write_text(json.dumps(text))

    def other_namespace(self) -> None:
        text = self.act.kubeconfig.read_text()
        self.act.kubeconfig.write_text(text.replace(NAMESPACE, "transcripts-staging"))

    def torn(self) -> None:
        """Another process is writing the kubeconfig."""
        text = self.act.kubeconfig.read_text()
        self.act.kubeconfig.write_text(text[: len(text) // 2])

    def nothing(self) -> None: ...


EVENTS = [
    name
    for name in vars(World)
    if not name.startswith("_") and name not in ("reset", "written")
]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(connection, "started", in_a_thread)
    monkeypatch.setattr(watching, "WATCHED", 0.05)
    monkeypatch.setattr(sending, "LOST", 0.05)
    monkeypatch.setattr(performing, "PATIENCE", 0.1)
    with ExitStack() as stack:
        here, other = Watched("7f3c1d"), Watched("0b5e22")
        for each in (here, other):
            stack.enter_context(serving(each))
        yield World(here, other, tmp_path)


Perform = Callable[[World, str, Description], Awaitable[int]]


async def ours(world: World, verb: str, shown: Description) -> int:
    done = await world.act.perform(verb, shown, component="api", **VERBS[verb])
    return done.code


async def naive(world: World, verb: str, shown: Description) -> int:
    """Send it to the name that was shown, wherever the kubeconfig leads."""
    try:
        text = json.loads(world.act.kubeconfig.read_text())
    except ValueError:
        return REFUSED
    current = text["current-context"]
    context = next(e["context"] for e in text["contexts"] if e["name"] == current)
    cluster = next(e for e in text["clusters"] if e["name"] == context["cluster"])
    server = cluster["cluster"]["server"]
    path = f"/apis/apps/v1/namespaces/{context['namespace']}/deployments/{NAME}"
    world.here._count()  # a look at whether it is there, as kubectl has it
    request = urllib.request.Request(
        f"{server}{path}?fieldManager=gonogo&fieldValidation=Strict",
        json.dumps({"spec": {"replicas": 5}}).encode(),
        {
            "Content-Type": "application/strategic-merge-patch+json",
            "Authorization": f"Bearer {world.here.token}",
        },
        method="PATCH",
    )
    try:
        with urllib.request.urlopen(request):
            return DONE
    except OSError:
        return REFUSED


async def interleaved(
    world: World, perform: Perform, rounds: int, dice: random.Random
) -> tuple[list[str], Counter[str]]:
    """Return what was changed without having been shown, and how all ended."""
    lengths: dict[str, int] = {}
    wrong, ends = [], Counter[str]()
    for number in range(rounds):
        event = EVENTS[number % len(EVENTS)]
        verb = list(VERBS)[(number + number // len(EVENTS)) % len(VERBS)]
        world.reset()
        shown = await world.act.describe(verb, component="api", **VERBS[verb])
        before = world.here.state()
        world.here.asked = world.other.asked = 0
        if verb not in lengths:
            # So many requests there are when nothing happens.
            await perform(world, verb, shown)
            assert world.written == [before]
            lengths[verb] = max(1, world.here.asked)
            world.reset()
            shown = await world.act.describe(verb, component="api", **VERBS[verb])
            before = world.here.state()
            world.here.asked = world.other.asked = 0
        happens = getattr(world, event)
        at = dice.randrange(-1, min(lengths[verb], 16))
        if at < 0:
            happens()
        else:
            world.here.at, world.here.happens = at, happens
        code = await perform(world, verb, shown)
        touched = [each for each in world.written if each != before]
        if touched or len(world.written) > 1:
            wrong.append(f"{verb}, {event} before request {at}")
        ends["done" if world.written else {REFUSED: "refused"}.get(code, "failed")] += 1
    return wrong, ends


async def test_nothing_is_changed_that_was_not_shown(world: World) -> None:
    counted("interleavings", len(EVENTS) * len(VERBS))
    rounds = size(1000, 30)
    wrong, ends = await interleaved(world, ours, rounds, rng("c27"))
    assert world.here.violations == world.other.violations == []
    said = ", ".join(f"{name} {count}" for name, count in ends.items())
    result(
        "G23",
        "C27",
        f"{len(EVENTS)} things that happen between plan and call, before any request",
        "0 touch what was not shown",
        f"{len(wrong)} of {rounds} {wrong[:3] or ''}({said})",
        not wrong,
    )
    assert ends["done"] and ends["refused"]


async def test_a_call_by_name_touches_what_was_not_shown(world: World) -> None:
    wrong, _ = await interleaved(world, naive, 4 * len(EVENTS), rng("c27 naive"))
    assert len(wrong) > len(EVENTS)


async def test_what_was_refused_is_a_plan_anew(world: World) -> None:
    """409 leads to another plan, and that to another digest; nothing is sent again."""
    for event in (world.released, world.edited):
        world.reset()
        shown = await world.act.describe("rollout_restart", component="api")
        world.here.faults["PATCH deployments/transcript-api"] = [event]
        assert await ours(world, "rollout_restart", shown) == REFUSED
        assert not world.written
        try:
            again = await world.act.describe("rollout_restart", component="api")
        except ProbeError:
            continue
        assert again.digest != shown.digest


@pytest.mark.parametrize("verb", VERBS)
async def test_without_an_answer_nobody_claims_to_know(world: World, verb: str) -> None:
    """Done or not: where no answer came and nobody can look, it is in doubt."""
    part = "/scale" if verb == "scale" else ""
    ends = Counter[int]()
    for fault in ("lost", "dropped", 500, 504):
        world.reset()
        shown = await world.act.describe(verb, component="api", **VERBS[verb])

        def away(fault: Any = fault) -> Any:
            world.here.faults[f"GET deployments/{NAME}"] = ["dropped"] * 1000
            return fault

        world.here.faults[f"PATCH deployments/{NAME}{part}"] = [away]
        ends[await ours(world, verb, shown)] += 1
        assert len(world.written) <= 1
    assert ends == {UNKNOWN: 4}


async def test_a_process_that_is_killed_says_nothing(
    world: World, tmp_path: Path
) -> None:
    """SIGKILL at any request: there is no result, so the action is in doubt."""
    dice, rounds, silent = rng("c27 kills"), size(12, 1), 0
    place = tmp_path / "order"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-P", "-m", "runbooks.actions.performing", str(place)]
    for _ in range(rounds):
        world.reset()
        order = await world.act.order("rollout_restart", None, component="api")
        place.write_bytes(msgspec.json.encode(order))
        Path(order.result).unlink(missing_ok=True)
        world.here.also_after = True
        process = await asyncio.create_subprocess_exec(
            *words, env=env, stdout=asyncio.subprocess.DEVNULL
        )
        world.here.asked = 0
        world.here.at, world.here.happens = dice.randrange(16), process.kill
        assert await asyncio.wait_for(process.wait(), 50) == -signal.SIGKILL
        silent += not Path(order.result).exists()
    result(
        "G23",
        "C27",
        "SIGKILL to the process that performs, before any request",
        "all in doubt",
        f"{silent} of {rounds}",
        silent == rounds,
    )


# -------------------------------------------------------------- a real PostgreSQL


async def test_another_server_at_the_same_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was shown was another system, whatever the address is called."""
    with postgres_server() as first, postgres_server() as second:
        target = target_of(
            tmp_path / "target.toml", '[postgres]\ndsn = { env = "DATABASE" }\n'
        )
        monkeypatch.setenv("DATABASE", first.dsn())
        wish = await wished(target, "postgres.reload")
        monkeypatch.setenv("DATABASE", second.dsn())
        loaded = second.psql("select pg_conf_load_time()")
        ended = await Performing(wish, target, tmp_path).ended()
        assert ended.code == REFUSED and "this is PostgreSQL" in ended.says
        assert second.psql("select pg_conf_load_time()") == loaded
