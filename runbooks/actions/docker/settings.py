"""What a container was given, as one short word that is another when that is."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from runbooks.probes.docker.containers import Container

_CONFIG = (
    *("Cmd", "Entrypoint", "ExposedPorts", "Healthcheck", "StopSignal", "StopTimeout"),
    *("User", "WorkingDir"),
)
_NAMES = ("Binds", "Mounts", "VolumesFrom", "ContainerIDFile", "Links")
"""Of ``HostConfig``: what says in one of several ways what ``Mounts`` says in one."""


def digest(container: Container) -> str:
    """Return it: environment, command, health check, mounts, limits, networks.

    Compose's own digest is another one as soon as the same image is named by its id,
    and containers that Compose has not made have none. Whatever merely tells one
    container from the next of its kind is left out: name, labels, addresses.
    """
    config, inspected = container.config, container.inspected
    host = container.host_config
    given: dict[str, Any] = {
        "env": sorted(config.get("Env") or ()),
        "config": {name: config.get(name) or None for name in _CONFIG},
        "host": {n: v or None for n, v in host.items() if n not in _NAMES},
        "mounts": sorted(map(_mount, inspected.get("Mounts") or ())),
        "networks": sorted(inspected["NetworkSettings"].get("Networks") or ()),
    }
    return sha256(msgspec.json.encode(given, order="deterministic")).hexdigest()[:12]


def _mount(mount: dict[str, Any]) -> list[str]:
    where = str(mount.get("Name") or mount.get("Source") or "")
    return [where, str(mount["Destination"]), str(mount.get("RW", True))]
