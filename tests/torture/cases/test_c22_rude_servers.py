"""C22: servers that give no end, too much, too little, or a byte at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.request import urlopen

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from runbooks.runner import Runner
from runbooks.target import Target
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_ways import reading_processes
from tests.torture import malformed_servers as servers
from tests.torture.looks import steps
from tests.torture.results import SAMPLE, counted, result, rng

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("quick")]
MEMORY = 500
"""MB that looking may take, whatever is answered."""
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
