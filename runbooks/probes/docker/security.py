"""Probe of the rights over their host that containers have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.results import Reading

SYSTEM_PATHS = (
    "/",
    "/boot",
    "/dev",
    "/etc",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/lib/docker",
    "/var/run",
)
HARMLESS = "NET_BIND_SERVICE"
"""Capability that the strictest of Kubernetes' Pod Security Standards allows."""
SOCKETS = ("docker.sock", "containerd.sock", "podman.sock")
"""Whoever may speak to one of these owns the host."""


class SecurityProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures which services have more rights than their work needs.

    Source: ``HostConfig`` and ``Mounts`` of each container.

    Readings:
        privileged: services that may do all that root may.
        host_namespaces: services in the network, process or IPC namespace of the
            host.
        system_paths: services with a directory of the host's system mounted.
        engine_socket: services that may speak to the container engine.
        devices: services with another device of the host than `allowed_devices`.
        capabilities: services that have not dropped ALL capabilities, or have
            added another than NET_BIND_SERVICE.
        escalation: services whose processes may gain rights, because
            ``no-new-privileges`` is not set.
        unconfined: services without seccomp or AppArmor.

    Attributes:
        paths: directories of the host that belong to its system; ``/`` stands for
            itself, the others for all below them too.
        allowed_devices: devices, or directories of devices.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    paths: tuple[str, ...] = SYSTEM_PATHS
    allowed_devices: tuple[str, ...] = ("/dev/kfd", "/dev/dri")

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "privileged",
            "host_namespaces",
            "system_paths",
            "engine_socket",
            "devices",
            "capabilities",
            "escalation",
            "unconfined",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        rights = {each.id: dict(self._rights(each)) for each in found}
        lines = [
            f"{each.service} ({each.name}): {_said(rights[each.id])}" for each in found
        ]
        return measured(
            "\n".join(lines), *(_with(name, found, rights) for name in self.readings)
        )

    def _rights(self, container: Container) -> Iterator[tuple[str, str]]:
        """Yield each reading that names this container, and what was seen."""
        host = container.host_config
        options = host.get("SecurityOpt") or []
        if host["Privileged"]:
            yield "privileged", "privileged"
        modes = {kind: host.get(f"{kind}Mode") for kind in ("Network", "Pid", "Ipc")}
        if shared := [kind for kind, mode in modes.items() if mode == "host"]:
            yield "host_namespaces", f"{', '.join(shared)} of the host"
        bound = [m["Source"] for m in container.inspected["Mounts"] if _is_bind(m)]
        sockets = [path for path in bound if path.endswith(SOCKETS)]
        if sockets:
            yield "engine_socket", ", ".join(sockets)
        system = [p for p in bound if p not in sockets and self._is_system(p)]
        if system:
            yield "system_paths", f"mounts {', '.join(system)}"
        devices = [each["PathOnHost"] for each in host.get("Devices") or ()]
        if other := [path for path in devices if not self._is_allowed(path)]:
            yield "devices", ", ".join(other)
        added = [
            name
            for name in host.get("CapAdd") or ()
            if name.removeprefix("CAP_") != HARMLESS
        ]
        dropped = [name.upper() for name in host.get("CapDrop") or ()]
        if added or "ALL" not in dropped:
            yield (
                "capabilities",
                f"adds {', '.join(added)}" if added else "keeps the usual capabilities",
            )
        if not any(_is_set(option, "no-new-privileges") for option in options):
            yield "escalation", "may gain privileges"
        loose = [
            each for each in options if each.endswith(("=unconfined", ":unconfined"))
        ]
        if loose:
            yield "unconfined", ", ".join(loose)

    def _is_system(self, path: str) -> bool:
        return any(
            path == each or (each != "/" and path.startswith(f"{each}/"))
            for each in self.paths
        )

    def _is_allowed(self, device: str) -> bool:
        return any(
            device == each or device.startswith(f"{each}/")
            for each in self.allowed_devices
        )


def _with(
    name: str,
    containers: Iterable[Container],
    rights: Mapping[str, Mapping[str, str]],
) -> Reading:
    return services_where(name, containers, lambda each: name in rights[each.id])


def _is_bind(mount: Mapping[str, Any]) -> bool:
    return bool(mount["Type"] == "bind")


def _is_set(option: str, name: str) -> bool:
    """Whether a security option is on: ``NAME``, ``NAME:true`` or ``NAME=true``."""
    return option in (name, f"{name}:true", f"{name}=true")


def _said(rights: Mapping[str, str]) -> str:
    return "; ".join(rights.values()) or "nothing beyond its work"
