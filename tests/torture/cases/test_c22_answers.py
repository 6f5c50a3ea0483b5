"""C22: whatever a server answers becomes a reading, or a sentence on what is wrong.

Every probe that speaks HTTP, of the shipped runbook or beside it, looks at servers
whose honest answers are falsified at random places, and at servers that give no end,
too much, too little, or a byte at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.request import urlopen

import pytest
from msgspec.structs import replace

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.model import Step
from runbooks.probes import base
from runbooks.probes.kubernetes import connection
from runbooks.probes.sources import Sources
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec
from runbooks.target import Target
from tests.runbooks.actions.engine_proxy import engine_proxy
from tests.runbooks.probes.docker_engine import running_engine
from tests.runbooks.probes.docker_projects import make_projects
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, serving
from tests.runbooks.probes.kubernetes_in_a_thread import in_a_thread
from tests.runbooks.probes.kubernetes_ways import reading_processes
from tests.runbooks.production_steps import SHIPPED
from tests.torture import malformed_servers as servers
from tests.torture.honest import objects, services
from tests.torture.malforming import body, malformed
from tests.torture.results import SAMPLE, counted, result, rng, size

pytestmark = pytest.mark.timeout(900)
MEMORY = 500
"""MB that looking may take, whatever is answered."""
BESIDE = {
    "alertmanager": ({}, {"answers": True}),
    "grafana.panels": ({"uids": ["transcript-overview"]}, {"orphaned": "absent"}),
    "kubernetes.rights": ({}, {"missing": "absent"}),
    "logs.loki_rules": ({}, {"alerts": ">= 1"}),
    "prometheus.failures": ({}, {"rules": "present"}),
}
"""Probes that the shipped runbook does not use."""
HTTP = ("alertmanager", "grafana", "http", "logs", "opensearch", "prometheus")
SPEAKING = (*HTTP, "docker", "kubernetes")


def steps(*families: str) -> list[Step]:
    """Return a step for each probe of *families*, as the runbook uses it."""
    found: dict[str, tuple[Step, ProbeSpec]] = {}
    for step in SHIPPED.steps:
        for spec in step.probes:
            key = f"{spec.use} {dict(spec.parameters)} {dict(spec.expect)}"
            found.setdefault(key, (step, spec))
    for use, (parameters, expected) in BESIDE.items():
        spec = ProbeSpec(use=use, parameters=parameters, expect=expected)
        found[use] = (SHIPPED.steps[0], spec)
    return [
        replace(
            step,
            id=f"{spec.use} {number}",
            options=replace(
                step.options, probe=None, probes=(replace(spec, when={}),), when={}
            ),
        )
        for number, (step, spec) in enumerate(found.values())
        if spec.use.partition(".")[0] in families
    ]


class Tried:
    """What came of looking, and what was a bug.

    Attributes:
        used: names of the probes that looked.
    """

    def __init__(self) -> None:
        self.results: Counter[str] = Counter()
        self.bugs: list[str] = []
        self.used: set[str] = set()

    async def look(self, target: Target, wanted: list[Step]) -> None:
        # No rest between requests: the server is ours.
        runner = Runner(target, rate=1_000_000)
        looking: AsyncIterator[tuple[str, Finding]] = runner.probe_all(
            wanted, [step.id for step in wanted]
        )
        async for id, found in looking:
            self.used.add(id.partition(" ")[0])
            self.results[found.result.value] += 1
            said = "\n".join((found.reason, found.evidence))
            if "a bug in the probe" in said or not found.reason:
                self.bugs.append(f"{id}: {said[:200]}")
            # What is found is written down: as UTF-8, and as JSON.
            said.encode()
            for judged in found.judged:
                str(judged.reading.value).encode()

    @property
    def said(self) -> str:
        return ", ".join(
            f"{self.results[each]} {each}" for each in sorted(self.results)
        )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process for each pass, and no log of a thousand wrong answers."""
    monkeypatch.setattr(connection, "started", in_a_thread)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


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


CLIENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "http": ("http", {"url": "{url}/health"}),
    "prometheus": ("prometheus.targets", {"url": "{url}", "jobs": ["a"]}),
    "kubernetes": ("kubernetes.cluster", {"kubeconfig": "{kubeconfig}"}),
    "docker": ("docker.engine", {"host": "{tcp}"}),
}
BUDGET = 4
"""Seconds that each of these probes has."""
LATE = 8
"""Seconds more that a busy machine may take to end it."""


@contextmanager
def peak() -> Iterator[list[int]]:
    """Yield a list that has the most memory that this process took, in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    found: list[int] = []
    yield found
    found.append(_highest("self"))


def _highest(process: int | str) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


@pytest.mark.parametrize("client", CLIENTS)
async def test_servers_without_manners(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if client == "kubernetes":
        monkeypatch.undo()  # the process is what is bounded
    ways = list(servers.WAYS)
    if SAMPLE:
        ways = rng(f"c22 {client}").sample(ways, 3)
    counted("ways_to_answer", len(servers.WAYS))
    worst, most, wrong = 0.0, 0, []
    for way in ways:
        started = monotonic()
        with servers.answering(way) as url, peak() as memory:
            try:
                most = max(most, await asked(client, url, tmp_path))
            except ProbeError as error:
                assert str(error) and error.source, way
            except Exception as error:
                wrong.append(f"{way.__name__}: {error!r}")
        worst, most = max(worst, monotonic() - started), max(most, *memory)
    print("\n".join(wrong))
    result(
        "–",
        "C22",
        f"{len(ways)} servers that answer {client} without end, a byte a second, too "
        "much, too deep, or nothing that is HTTP",
        f"in {BUDGET + LATE} s, below {MEMORY} MB, a reading or a sentence",
        f"{worst:.1f} s, {most} MB, {len(wrong)} other exceptions",
        worst < BUDGET + LATE and most < MEMORY and not wrong,
    )


async def asked(client: str, url: str, place: Path) -> int:
    """Look once; return the most memory that a process of it took, in MB."""
    name, written = CLIENTS[client]
    api = KubernetesAPI([])
    api.url = url
    ways = {
        "url": url,
        "tcp": url.replace("http:", "tcp:"),
        "kubeconfig": str(api.kubeconfig(place / "kubeconfig")),
    }
    filled = {
        key: value.format(**ways) if isinstance(value, str) else value
        for key, value in written.items()
    }
    probe = probes.build(probes.probe_class(name), {**filled, "timeout": f"{BUDGET}s"})
    async with Sources() as sources:
        try:
            await probe.look(sources)
        finally:
            processes = reading_processes()
            most = max(map(_highest, processes), default=0)
            assert most < MEMORY
    return most


def test_a_naive_client_waits_and_breaks() -> None:
    with servers.answering(servers.slow) as url:
        started = monotonic()
        urlopen(url, timeout=2).read(4)
        assert monotonic() - started > 2  # each byte begins the two seconds anew
    with servers.answering(servers.deep) as url, pytest.raises(RecursionError):
        json.loads(urlopen(url, timeout=20).read())


async def test_a_pass_ends_though_every_answer_is_slow() -> None:
    """The budgets of probes run side by side, and all of them hold."""
    wanted = steps("prometheus", "grafana")[:12]
    with servers.answering(servers.slow) as url:
        tables = {"prometheus": {"url": url}, "grafana": {"url": url}}
        async with asyncio.timeout(60):
            looking = Runner(Target("x", tables=tables)).probe_all(wanted)
            found = [one async for _, one in looking]
    # That a server cannot be reached is what some of them look for.
    assert {each.result.value for each in found} <= {"unknown", "fail"}
