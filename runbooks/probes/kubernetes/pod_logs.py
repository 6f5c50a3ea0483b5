"""The last lines that the containers of components have printed.

See the API's reference, "get read log of the specified Pod". A kubelet keeps lines of
a container until its file is rotated, and those of the container before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from runbooks.probes.kubernetes.application import ApplicationProbe, Workload
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.quantities import moment
from runbooks.probes.kubernetes.refusals import refusal
from runbooks.probes.kubernetes.rights import Right
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread

READING = Right("", "pods/log", "get")
LARGEST = 8 * 2**20
"""Bytes of one container's lines, at which a kubelet stops."""
Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest lines of one container.

    Attributes:
        lines: when each was printed, by the kubelet's clock, and its text; the oldest
            first.
        note: why lines are missing, "" when none is known to.
    """

    component: str
    container: str
    lines: list[tuple[datetime, str]]
    note: str = ""


async def tails(
    probe: ApplicationProbe,
    sources: Sources,
    lines: int,
    since: float = 0,
    *,
    ended: bool = False,
) -> list[Tail]:
    """Return the newest lines of the working container of every pod.

    Args:
        lines: of each container.
        since: how far back, in seconds; 0 for as far as there are any.
        ended: whether those of containers that ended and were started again count.

    Raises:
        ProbeError: the cluster cannot be asked, a component has no Deployment, or the
            login may not read logs.
    """
    found = await probe.workloads(sources)
    wanted = [
        (each, pod, {**_since(since), **which})
        for each in found
        for pod in each.pods
        for which in _which(each, pod, ended)
    ]
    asked = (_tail(probe, sources, each, pod, lines, q) for each, pod, q in wanted)
    return [tail for tail in await asyncio.gather(*asked) if tail]


def _since(seconds: float) -> Query:
    return {"sinceSeconds": max(1, round(seconds))} if seconds else {}


def _which(workload: Workload, pod: Object, ended: bool) -> Iterator[Query]:
    """Yield what tells a container that runs from the one before it."""
    yield {}
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    own = (s for s in statuses if s["name"] == workload.container["name"])
    if ended and any(each.get("restartCount") for each in own):
        yield {"previous": "true"}


async def _tail(
    probe: ApplicationProbe,
    sources: Sources,
    workload: Workload,
    pod: Object,
    lines: int,
    which: Query,
) -> Tail | None:
    """Return the lines of one container, None where it has gone meanwhile."""
    namespace = quote(await probe.connection.in_namespace(sources), safe="")
    path = f"/api/v1/namespaces/{namespace}/pods/{name_of(pod)}/log"
    name = workload.container["name"]
    query: Query = {
        **{"container": name, "timestamps": "true"},
        **{"tailLines": lines, "limitBytes": LARGEST, **which},
    }

    answer = await probe.connection.ask(sources, path, query, accept="*/*")
    component, container = workload.component, f"{name_of(pod)}/{name}"
    if answer.status == 404:
        return None
    if answer.status == 400:
        # There is nothing yet, or nothing any more.
        return Tail(component, container, [], "nothing is kept of what it printed")
    if answer.status != 200:
        raise refusal(probe.connection, answer, path, str(READING), READING.rule)
    try:
        found = await in_thread(lambda: _lines(answer.body), "pod logs")
    except ValueError as error:
        raise refusal(probe.connection, answer, path, str(READING)) from error
    note = "older lines were not read" if len(found) >= lines else ""
    if found and not answer.body.endswith("\n"):
        note = f"only {LARGEST // 2**20} MiB were read, newer lines were not"
    return Tail(component, container, found, note)


def _lines(text: str) -> list[tuple[datetime, str]]:
    """Return when each line was printed, and the line.

    Raises:
        ValueError: one does not begin with a time.
    """
    *whole, last = text.split("\n")
    if last and not whole:  # what follows whole lines was cut off
        whole.append(last)
    pairs = (each.partition(" ") for each in whole)
    return [(moment(time), printed) for time, _, printed in pairs]
