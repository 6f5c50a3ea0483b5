"""The configuration of a container once more, for another image.

What the Engine says of a container has the defaults of its image in it; they are
taken out, so that the other image's own apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runbooks.actions.docker.previous import MEANT, Image, meant
from runbooks.actions.docker.services import short
from runbooks.changes import Precondition
from runbooks.probes.docker.containers import Container

IMAGE = "com.docker.compose.image"
_DEFAULTS = (
    "Cmd",
    "Entrypoint",
    "ExposedPorts",
    "Healthcheck",
    "OnBuild",
    "Shell",
    "StopSignal",
    "User",
    "Volumes",
    "WorkingDir",
)
_SHARED = ("NetworkMode", "IpcMode", "PidMode")


def configuration(container: Container, current: Image, image: Image) -> dict[str, Any]:
    """Return the body of ``POST /containers/create`` for the same service.

    It holds what the container was given, secrets included. Volumes are the same ones,
    those without a name too. Of several networks it has the first one.
    """
    made = {
        key: value
        for key, value in container.config.items()
        if key not in _DEFAULTS or value != current.config.get(key)
    }
    shares = str(container.host_config["NetworkMode"]).startswith("container:")
    if shares or made.get("Hostname") == container.id[:12]:
        made.pop("Hostname", None)
    baked = set(current.config.get("Env") or ())
    env = container.config.get("Env") or ()
    made["Env"] = [each for each in env if each not in baked]
    theirs = current.config.get("Labels") or {}
    made["Labels"] = {
        name: value
        for name, value in container.labels.items()
        if theirs.get(name) != value
    }
    if IMAGE in container.labels:
        made["Labels"][IMAGE] = image.id
    if meant(container):
        made["Labels"][MEANT] = meant(container)
    made["Image"] = image.id
    made["HostConfig"] = {**container.host_config, "Binds": _binds(container)}
    first = dict(networks(container)[:1])
    return {**made, "NetworkingConfig": {"EndpointsConfig": first}}


def networks(container: Container) -> list[tuple[str, dict[str, Any]]]:
    """Return the networks by name, each with what was asked of it."""
    mode = container.host_config["NetworkMode"]
    if mode in ("none", "host") or mode.startswith("container:"):
        return []
    joined = container.inspected["NetworkSettings"]["Networks"]
    names = sorted(joined, key=lambda name: (name != mode, name))
    return [(name, _endpoint(joined[name], container)) for name in names]


def copyable(
    found: Iterable[Container], everything: Iterable[Mapping[str, Any]]
) -> list[Precondition]:
    """Return what forbids to replace containers by copies.

    Args:
        everything: all containers of the Engine, as it describes them.
    """
    said = []
    everything = list(everything)
    for each in found:
        if each.host_config.get("AutoRemove"):
            what = f"{each.name} is removed as soon as it stops: there is no way back"
            said.append(Precondition(what, False))
        if each.host_config.get("Links"):
            what = f"{each.name} has links of the old kind, which cannot be copied"
            said.append(Precondition(what, False))
        users = [o["Name"].lstrip("/") for o in everything if _uses(o, each)]
        if users:
            what = f"{', '.join(users)} would lose what they share with {each.name}"
            said.append(Precondition(f"{what}: recreate them together", False))
    return said


def _uses(other: Mapping[str, Any], container: Container) -> bool:
    """Whether it shares a namespace with the container or takes its volumes."""
    names = {container.id, short(container.id), container.name}
    host = other["HostConfig"]
    shared = [str(host.get(kind) or "") for kind in _SHARED]
    borrowed = [str(each).partition(":")[0] for each in host.get("VolumesFrom") or ()]
    return any(
        mode.startswith("container:") and mode.partition(":")[2] in names
        for mode in shared
    ) or bool(names.intersection(borrowed))


def _binds(container: Container) -> list[str]:
    """Return what is mounted by name, with volumes that were made without one."""
    host = container.host_config
    binds = list(host.get("Binds") or ())
    there = {bind.split(":")[1] for bind in binds if ":" in bind}
    there |= {mount["Target"] for mount in host.get("Mounts") or ()}
    for mount in container.inspected["Mounts"]:
        if mount["Type"] == "volume" and mount["Destination"] not in there:
            mode = "" if mount["RW"] else ":ro"
            binds.append(f"{mount['Name']}:{mount['Destination']}{mode}")
    return binds


def _endpoint(joined: Mapping[str, Any], container: Container) -> dict[str, Any]:
    own = short(container.id)
    return {
        "IPAMConfig": joined.get("IPAMConfig"),
        "Links": joined.get("Links"),
        "DriverOpts": joined.get("DriverOpts"),
        # The Engine adds a container's own id by itself.
        "Aliases": [name for name in joined.get("Aliases") or () if name != own],
    }
