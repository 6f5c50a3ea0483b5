"""C22: whatever a server answers becomes a reading, or a sentence on what is wrong.

Every probe that speaks HTTP, of the shipped runbook or beside it, looks at servers
whose honest answers are falsified at random places.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from runbooks import probes
from runbooks.probes import base
from runbooks.target import Target
from tests.runbooks.actions.engine_proxy import engine_proxy
from tests.runbooks.probes.docker_engine import running_engine
from tests.runbooks.probes.docker_projects import make_projects
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, serving
from tests.torture import malformed_servers as servers
from tests.torture.honest import objects, services
from tests.torture.looks import HTTP, SPEAKING, Tried, steps
from tests.torture.malforming import body, malformed
from tests.torture.results import counted, result, rng, size

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("quick"),
    # A client that could not go on with an answer is thrown away with its socket.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


async def look_at_services(rounds: int, dice: random.Random, place: Path) -> Tried:
    tried, reference = Tried(), place / "reference"
    reference.write_text("these are the words")
    every = steps(*HTTP)
    indices = ("logs.opensearch", "logs.elasticsearch")
    ours = servers.Services(services())
    with servers.serving(ours):
        url = ours.url
        tables = {
            "api": {"url": url, "providers": ["google"]},
            "web": {"url": url, "terms_url": f"{url}/terms"},
            "prometheus": {"url": url},
            "alertmanager": {"url": f"{url}/am"},
            "grafana": {"url": f"{url}/gf"},
            "opensearch": {"url": f"{url}/os"},
            "kubernetes": {"namespace": "transcripts"},
            "smoke": {"video": "v", "word": "words", "api_key": "made-up-key"}
            | {"submit": "s", "reference": str(reference), "phrase": "the words"},
        }
        stores = {
            "loki": ("lk", [s for s in every if not s.id.startswith(indices)]),
            "opensearch": ("os", [s for s in every if s.id.startswith(indices)]),
        }
        for number in range(rounds):
            ours.dice = random.Random(dice.random()) if number else None
            for store, (path, wanted) in stores.items():
                facts = {"platform": "processes", "central_logs": store}
                logs = {"url": f"{url}/{path}"}
                target = Target("x", facts=facts, tables={**tables, "logs": logs})
                await tried.look(target, wanted)
    return tried


class Falsifying(KubernetesAPI):
    """An API server whose answers are falsified once it is given dice."""

    dice: random.Random | None = None

    def answer(self, path: str, query: dict[str, str], accept: str) -> tuple[int, Any]:
        return self._falsified(*super().answer(path, query, accept), 0.3)

    def review(self, body: dict[str, Any]) -> tuple[int, Any]:
        return self._falsified(*super().review(body), 0.1)

    def _falsified(self, status: int, found: Any, share: float) -> tuple[int, Any]:
        if self.dice and self.dice.random() < share:
            found = malformed(found, self.dice)
            found = body(found)
        return status, found


async def look_at_a_cluster(rounds: int, dice: random.Random, place: Path) -> Tried:
    tried, api = Tried(), Falsifying(objects())
    wanted = steps("kubernetes")
    with serving(api):
        config = api.kubeconfig(place / "kubeconfig")
        tables = {"kubernetes": {"kubeconfig": str(config)}}
        target = Target("x", facts={"platform": "kubernetes"}, tables=tables)
        for number in range(rounds):
            api.dice = random.Random(dice.random()) if number else None
            await tried.look(target, wanted)
    return tried


async def look_at_an_engine(rounds: int, dice: random.Random, place: Path) -> Tried:
    tried, wanted = Tried(), steps("docker")
    with running_engine() as engine:
        make_projects(engine, place)
        # What it says stays as it is: each answer is had once.
        known: dict[str, bytes] = {}
        now: list[random.Random | None] = [None]

        def falsified(path: str, answer: bytes) -> bytes:
            honest = known.setdefault(path, answer)
            if now[0] is None or now[0].random() > 0.2:
                return honest
            try:
                return body(malformed(json.loads(honest), now[0]))
            except ValueError:
                return body(malformed(honest, now[0]))

        with engine_proxy(engine.directory, engine.socket) as proxy:
            proxy.rewrite = falsified
            for number in range(rounds):
                now[0] = random.Random(dice.random()) if number else None
                docker = {"host": proxy.url, "project": ("good", "bad")[number % 2]}
                facts = {"platform": "compose"}
                target = Target("x", facts=facts, tables={"docker": docker})
                await tried.look(target, wanted)
    return tried


LOOKS = {
    "services": (look_at_services, 200, 4),
    "a cluster": (look_at_a_cluster, 400, 6),
    "an Engine": (look_at_an_engine, 150, 3),
}
"""How to look, and how often: in full, and as a sample."""


@pytest.mark.parametrize("name", LOOKS)
async def test_false_answers(name: str, tmp_path: Path) -> None:
    look, full, sample = LOOKS[name]
    rounds = size(full, sample)
    tried = await look(rounds, rng(f"c22 {name}"), tmp_path)
    counted(f"probes_of_{name.replace(' ', '_')}", len(tried.used))
    looks = sum(tried.results.values())
    print("\n".join(tried.bugs[:20]))
    result(
        "–",
        "C22",
        f"answers of {name} falsified at random places, each probe that asks them",
        "a reading or a sentence, no other exception",
        f"{len(tried.bugs)} others in {looks} looks of {len(tried.used)} probes",
        not tried.bugs,
    )


def test_every_probe_that_speaks_http_is_among_them() -> None:
    used = {step.id.partition(" ")[0] for step in steps(*SPEAKING)}
    known = {name for name in probes.names() if name.partition(".")[0] in SPEAKING}
    assert known - used == set()


async def test_without_a_look_at_shapes_there_are_bugs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_MISREADING", ())
    tried = await look_at_a_cluster(6, rng("c22 naive"), tmp_path)
    assert tried.bugs
