"""Settings of the pods of a cluster, by the templates that make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from runbooks.settings import Data, Environment, data_of, needs_secrets, of_container

COMPONENT = ("component", "app.kubernetes.io/component")
"""Labels that name the service that a Deployment is for."""


async def environments(
    sources: Sources, where: Mapping[str, str], service: str, names: Sequence[str]
) -> tuple[list[Environment], list[Data]]:
    """Return the environment of each Deployment of a service.

    Secrets are read only if one of *names* depends on them.

    Args:
        where: ``kubeconfig``, ``context`` and ``namespace``.

    Raises:
        ProbeError: the cluster cannot be asked, or has no Deployment of it.
    """
    from runbooks.probes.kubernetes.connection import Connection
    from runbooks.probes.kubernetes.objects import (
        CONFIG_MAPS,
        DEPLOYMENTS,
        SECRETS,
        objects,
    )

    connection = Connection(**where)
    deployments = await objects(sources, connection, DEPLOYMENTS)
    chosen = [each for each in deployments if service in _components(each)]
    if not chosen:
        said = f"no Deployment has the label component={service}"
        raise ProbeError(said, source=connection.source, stage="query")
    containers = {
        each["metadata"]["name"]: _container(each, service) for each in chosen
    }
    config_maps = data_of(await objects(sources, connection, CONFIG_MAPS))
    secrets: Data = {}
    if any(needs_secrets(each, names) for each in containers.values()):
        found = await objects(sources, connection, SECRETS)
        secrets = data_of({**each, "kind": "Secret"} for each in found)
    resolved = [
        of_container(
            service if len(chosen) == 1 else name, container, config_maps, secrets
        )
        for name, container in containers.items()
    ]
    return resolved, [config_maps, secrets]


def _components(deployment: Mapping[str, Any]) -> set[str]:
    labels = deployment["metadata"].get("labels") or {}
    return {labels[label] for label in COMPONENT if label in labels}


def _container(deployment: Mapping[str, Any], service: str) -> Mapping[str, Any]:
    """Return the container of the service's name, else the first: others attend it."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return next((c for c in containers if c["name"] == service), containers[0])
