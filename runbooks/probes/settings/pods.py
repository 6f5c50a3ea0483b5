"""Settings of the pods of a cluster, by the templates that make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from runbooks.settings import Data, Environment, data_of, needs_secrets, of_container

if TYPE_CHECKING:
    from runbooks.probes.kubernetes.connection import Connection

APPLICATION = "transcript-create"
"""Value of the label that names the application, where the profile has no other."""
WAY = ("kubeconfig", "context", "namespace", "application")
"""Keys of the profile's table [kubernetes] that lead to the application."""


async def deployments(
    sources: Sources, where: Mapping[str, str], service: str
) -> list[dict[str, Any]]:
    """Return what makes the pods of a service, at least one.

    That are its Deployments, or, of a service that only runs now and then, the Jobs
    that its CronJobs make.

    Args:
        where: ``kubeconfig``, ``context``, ``namespace`` and ``application``.

    Raises:
        ProbeError: the cluster cannot be asked, or has none.
    """
    from runbooks.probes.kubernetes.application import SCHEMES
    from runbooks.probes.kubernetes.objects import DEPLOYMENTS, objects
    from runbooks.probes.kubernetes.templates import CRON_JOBS

    way = connection(where)
    application = where.get("application", APPLICATION)
    for kind in (DEPLOYMENTS, CRON_JOBS):
        chosen = [
            each
            for each in await objects(sources, way, kind)
            if any(_labelled(each, pair, (application, service)) for pair in SCHEMES)
        ]
        if chosen and kind == CRON_JOBS:
            return [
                {**each, "spec": each["spec"]["jobTemplate"]["spec"]} for each in chosen
            ]
        if chosen:
            return chosen
    labels = f"app={application},component={service}"
    said = f"no Deployment or CronJob has the labels {labels}"
    raise ProbeError(said, source=way.source, stage="query")


def connection(where: Mapping[str, str]) -> Connection:
    """Return the way to the API server."""
    from runbooks.probes.kubernetes.connection import Connection

    return Connection(**{k: v for k, v in where.items() if k != "application"})


async def environments(
    sources: Sources, where: Mapping[str, str], service: str, names: Sequence[str]
) -> tuple[list[Environment], list[Data]]:
    """Return the environment of each Deployment of a service.

    Secrets are read only if one of *names* depends on them.

    Raises:
        ProbeError: as `deployments`.
    """
    from runbooks.probes.kubernetes.objects import CONFIG_MAPS, SECRETS, objects

    chosen = await deployments(sources, where, service)
    containers = {
        each["metadata"]["name"]: _container(each, service) for each in chosen
    }
    way = connection(where)
    config_maps = data_of(await objects(sources, way, CONFIG_MAPS))
    secrets: Data | None = None
    if any(needs_secrets(each, names) for each in containers.values()):
        found = await objects(sources, way, SECRETS)
        secrets = data_of({**each, "kind": "Secret"} for each in found)
    resolved = [
        of_container(
            service if len(chosen) == 1 else name, container, config_maps, secrets
        )
        for name, container in containers.items()
    ]
    return resolved, [config_maps, secrets or {}]


def _labelled(
    thing: Mapping[str, Any], names: Sequence[str], values: Sequence[str]
) -> bool:
    labels = thing["metadata"].get("labels") or {}
    return all(labels.get(n) == v for n, v in zip(names, values, strict=True))


def _container(deployment: Mapping[str, Any], service: str) -> Mapping[str, Any]:
    """Return the container of the service's name, else the first: others attend it."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return next((c for c in containers if c["name"] == service), containers[0])
