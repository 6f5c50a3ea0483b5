"""Actions on what makes pods: found by its labels, or by its name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from runbooks.actions.kubernetes.cluster import ClusterAction
from runbooks.actions.kubernetes.configuration import configuration
from runbooks.actions.kubernetes.revisions import (
    Revision,
    current,
    images,
    revisions,
)
from runbooks.actions.kubernetes.standing import Standing
from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.application import (
    SCHEMES,
    components_of,
    owned_labels,
)
from runbooks.probes.kubernetes.objects import DEPLOYMENTS, Kind, Object
from runbooks.probes.kubernetes.selectors import labels_of, name_of
from runbooks.probes.kubernetes.templates import CRON_JOBS, DAEMON_SETS, STATEFUL_SETS
from runbooks.probes.sources import Sources

KINDS: Mapping[str, Kind] = {
    "CronJob": CRON_JOBS,
    "DaemonSet": DAEMON_SETS,
    "Deployment": DEPLOYMENTS,
    "StatefulSet": STATEFUL_SETS,
}


class LabelledAction(ClusterAction, frozen=True, kw_only=True):
    """Acts on one object of the application.

    Attributes:
        component: what its labels call it, such as ``api``.
        name: its name instead, whatever its labels are.
        application: value of the label that names the application.
        schemes: pairs of labels, one for the application and one for the component.
    """

    component: str = ""
    name: str = ""
    application: str = "transcript-create"
    schemes: tuple[tuple[str, str], ...] = SCHEMES

    async def one(self, sources: Sources, kind: str) -> Object:
        """Return the object that is meant.

        Raises:
            ProbeError: there is none or more than one, or it cannot be looked for.
        """
        if bool(self.name) == bool(self.component):
            said = f"say either component or name of the {kind}"
            raise ProbeError(said, source=self.source, stage="configuration")
        if self.name:
            found = await self.named(sources, KINDS[kind], self.name)
            there = [found] if found else []
        else:
            listed = await self.objects(sources, KINDS[kind])
            there = [each for each in listed if self.component in self._named(each)]
        if len(there) == 1:
            return there[0]
        namespace = await self.connection.in_namespace(sources)
        wanted = self.name or f"of {self.component}"
        if not there:
            said = f"{namespace} has no {kind} {wanted}"
        else:
            names = ", ".join(map(name_of, there))
            said = f"{namespace} has several {kind}s {wanted}: say the name of {names}"
        raise ProbeError(said, source=self.source, stage="query")

    def is_ours(self, found: Object) -> bool:
        """Whether its labels say that it is of the application."""
        return any(True for _ in self._named(found))

    def _named(self, found: Object) -> Iterator[str]:
        maker = found["spec"].get("jobTemplate") or found
        labels = {**labels_of(found), **owned_labels(maker)}
        return components_of(labels, self.application, self.schemes)

    def again(self, name: str) -> dict[str, Any]:
        """Return the parameters with which another action means the same object."""
        return {**self.place, "name": name}


class WorkloadAction(LabelledAction, frozen=True, kw_only=True):
    """Acts on one Deployment, or another kind that keeps pods running."""

    kind: Literal["DaemonSet", "Deployment", "StatefulSet"] = "Deployment"

    def again(self, name: str) -> dict[str, Any]:
        said = super().again(name)
        return said if self.kind == "Deployment" else {**said, "kind": self.kind}

    async def workload(self, sources: Sources) -> Object:
        return await self.one(sources, self.kind)

    async def history(self, sources: Sources, found: Object) -> list[Revision]:
        """Return the revisions that there still are, oldest first.

        Raises:
            ProbeError: what keeps them cannot be listed.
        """
        return await revisions(sources, self, self.kind, found)

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        return await self.state(sources, await self.workload(sources))

    async def state(self, sources: Sources, found: Object) -> dict[str, str]:
        """Return what is compared before and after.

        The revision's number is not in it: it moves when an old template comes back.
        """
        now = Standing.of(found)
        template = found["spec"]["template"]
        history = await self.history(sources, found)
        return {
            "image": images(template),
            "template": _template(found, current(found, history)),
            "replicas": str(now.desired),
            "ready": "all" if now.complete else f"{now.ready} of {now.desired}",
            **await configuration(sources, self.connection, template),
        }


def digest(value: Any) -> str:
    """Return sha256 hex of a JSON value."""
    encoded = msgspec.json.encode(value, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()


def _template(found: Object, revision: Revision | None) -> str:
    """Return what its controller calls the template, else a digest of it."""
    if revision:
        return revision.hash
    updated = (found.get("status") or {}).get("updateRevision")
    return str(updated or digest(found["spec"]["template"])[:10])
