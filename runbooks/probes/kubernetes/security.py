"""Probe of what the containers of an application may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.templates import Template, templates
from runbooks.probes.sources import Sources

ORDINARY = 1000
"""First user id that belongs to a person or an application, not to the system."""
HARMLESS = frozenset({"NET_BIND_SERVICE"})
"""Capabilities that a container may add."""


@dataclass(frozen=True, slots=True)
class _Container:
    """A container's ``securityContext``, and its pod's where it says nothing."""

    name: str
    own: Mapping[str, Any]
    pod: Mapping[str, Any]

    @property
    def user(self) -> int | None:
        """Return its user id, None where the image says who it is."""
        user: int | None = self.effective("runAsUser")
        return user

    @property
    def never_root(self) -> bool:
        return self.effective("runAsNonRoot") is True

    @property
    def seccomp(self) -> str:
        return str((self.effective("seccompProfile") or {}).get("type", ""))

    def effective(self, setting: str) -> Any:
        own = self.own.get(setting)
        return self.pod.get(setting) if own is None else own

    def capabilities(self, change: str) -> set[str]:
        return set((self.own.get("capabilities") or {}).get(change) or [])


_CONDITIONS: Mapping[str, Callable[[_Container], object]] = {
    "root": lambda c: c.user == 0 or (c.user is None and not c.never_root),
    "root_allowed": lambda c: not c.never_root,
    "user_unset": lambda c: c.user is None and c.never_root,
    "system_user": lambda c: c.user is not None and 0 < c.user < ORDINARY,
    "writable": lambda c: not c.own.get("readOnlyRootFilesystem"),
    "privileged": lambda c: c.own.get("privileged"),
    "escalating": lambda c: c.own.get("allowPrivilegeEscalation") is not False,
    "capabilities_kept": lambda c: "ALL" not in c.capabilities("drop"),
    "capabilities_added": lambda c: c.capabilities("add") - HARMLESS,
    "unconfined": lambda c: c.seccomp not in ("RuntimeDefault", "Localhost"),
}
_NAMES = (*_CONDITIONS, "writable_privileged", "host_namespaces", "host_paths")


class SecurityProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Names the containers of the application that may do more than they should.

    Source: ``securityContext`` of containers over that of their pod, in all pod
    templates of the application. What the cluster fills in is not seen.

    Readings:
        root: containers that run as root, or for which nobody said as whom.
        root_allowed: containers that may be root: runAsNonRoot is not true.
        user_unset: containers that must not be root, but whose image says who else.
        system_user: containers with a user id below 1000.
        writable: containers whose root file system can be written.
        writable_privileged: those among them that are privileged.
        privileged: privileged containers.
        escalating: containers that may gain privileges.
        capabilities_kept: containers that do not drop all capabilities.
        capabilities_added: containers that add some, except NET_BIND_SERVICE.
        unconfined: containers without a seccomp profile.
        host_namespaces: workloads in the host's network, process or IPC namespace.
        host_paths: paths of the host that are mounted, other than `host_paths`.

    Attributes:
        host_paths: paths of the host that may be mounted, with all below them.

    Raises:
        ProbeError: the cluster cannot be asked, or has nothing of the application.
    """

    host_paths: tuple[str, ...] = ("/dev/kfd", "/dev/dri")

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(_NAMES, "")
    naming: ClassVar[frozenset[str]] = frozenset(_NAMES)

    @property
    def thing(self) -> str:
        return f"{self.source} {self.application}"

    async def measure(self, sources: Sources) -> Measurement:
        found = await templates(self, sources)
        containers = [
            _Container(name, each.get("securityContext") or {}, _of_pod(template))
            for template in found
            for name, each in template.containers()
        ]
        named = {
            condition: [each.name for each in containers if holds(each)]
            for condition, holds in _CONDITIONS.items()
        }
        named["writable_privileged"] = [
            name for name in named["writable"] if name in named["privileged"]
        ]
        named["host_namespaces"] = [each.owner for each in found if _host(each)]
        named["host_paths"] = [path for each in found for path in self._paths(each)]
        lines = [_line(each) for each in containers]
        return measured(
            "\n".join([*lines, *named["host_paths"]]),
            *(listed(name, those) for name, those in named.items()),
        )

    def _paths(self, template: Template) -> Iterator[str]:
        for volume in template.volumes:
            path = (volume.get("hostPath") or {}).get("path")
            if path and not any(
                PurePosixPath(path).is_relative_to(each) for each in self.host_paths
            ):
                yield f"{template.owner} {path}"


def _of_pod(template: Template) -> Mapping[str, Any]:
    return template.spec.get("securityContext") or {}


def _host(template: Template) -> bool:
    names = ("hostNetwork", "hostPID", "hostIPC")
    return any(template.spec.get(name) for name in names)


def _line(container: _Container) -> str:
    held = [name for name, holds in _CONDITIONS.items() if holds(container)]
    user = "of its image" if container.user is None else container.user
    said = ", ".join(held).replace("_", " ")
    return f"{container.name}: user {user}" + (f"; {said}" if said else "")
