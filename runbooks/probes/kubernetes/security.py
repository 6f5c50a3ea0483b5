"""Probe of what the containers of an application may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.templates import Template, templates
from runbooks.probes.sources import Sources

ORDINARY = 1000
"""First user id that belongs to a person or an application, not to the system."""
_NAMES = (
    "root",
    "user_unset",
    "system_user",
    "writable",
    "privileged",
    "escalating",
    "capabilities_kept",
    "capabilities_added",
    "unconfined",
    "host_namespaces",
    "host_paths",
)


@dataclass(frozen=True, slots=True)
class _Container:
    """A container and what holds for it: its own word goes before the pod's."""

    name: str
    own: Mapping[str, Any]
    pod: Mapping[str, Any]

    def effective(self, setting: str) -> Any:
        own = self.own.get(setting)
        return self.pod.get(setting) if own is None else own

    @property
    def root(self) -> bool:
        """Whether it runs as root, or as whoever the image says, who may be root."""
        user = self.effective("runAsUser")
        return user == 0 or (user is None and not self.effective("runAsNonRoot"))

    @property
    def user_unset(self) -> bool:
        return self.effective("runAsUser") is None and not self.root

    @property
    def system_user(self) -> bool:
        return 0 < (self.effective("runAsUser") or 0) < ORDINARY

    @property
    def privileged(self) -> bool:
        return bool(self.own.get("privileged"))

    @property
    def capabilities(self) -> Mapping[str, list[str]]:
        return self.own.get("capabilities") or {}

    @property
    def unconfined(self) -> bool:
        profile = self.effective("seccompProfile") or {}
        return profile.get("type") not in ("RuntimeDefault", "Localhost")


class SecurityProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Names the containers of the application that may do more than they should.

    Source: ``securityContext`` of containers over that of their pod, in the pod
    templates of Deployments, CronJobs and Jobs.

    Readings:
        root: containers that run as root, or for which nobody said as whom.
        user_unset: containers that must not be root, but whose image says who else.
        system_user: containers with a user id below 1000.
        writable: containers whose root file system can be written.
        privileged: privileged containers.
        escalating: containers that may gain privileges.
        capabilities_kept: containers that do not drop all capabilities.
        capabilities_added: containers that add some, except NET_BIND_SERVICE.
        unconfined: containers without a seccomp profile.
        host_namespaces: workloads in the host's network, process or IPC namespace.
        host_paths: other paths of the host that are mounted than `host_paths`.

    Attributes:
        host_paths: paths of the host that may be mounted.

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
        conditions: dict[str, Callable[[_Container], object]] = {
            "root": lambda c: c.root,
            "user_unset": lambda c: c.user_unset,
            "system_user": lambda c: c.system_user,
            "writable": lambda c: not c.own.get("readOnlyRootFilesystem"),
            "privileged": lambda c: c.privileged,
            "escalating": lambda c: c.own.get("allowPrivilegeEscalation") is not False,
            "capabilities_kept": lambda c: "ALL" not in c.capabilities.get("drop", []),
            "capabilities_added": lambda c: (
                set(c.capabilities.get("add") or []) - {"NET_BIND_SERVICE"}
            ),
            "unconfined": lambda c: c.unconfined,
        }
        readings = [
            listed(name, (each.name for each in containers if holds(each)))
            for name, holds in conditions.items()
        ]
        paths = [
            f"{template.owner}: {path}"
            for template in found
            for path in _host_paths(template)
            if path not in self.host_paths
        ]
        lines = [
            f"{each.name}: user {each.effective('runAsUser')}, "
            + (", ".join(n for n, h in conditions.items() if h(each)) or "nothing more")
            for each in containers
        ]
        return measured(
            "\n".join([*lines, *paths]),
            *readings,
            listed("host_namespaces", (t.owner for t in found if _host(t))),
            listed("host_paths", paths),
        )


def _of_pod(template: Template) -> Mapping[str, Any]:
    return template.spec.get("securityContext") or {}


def _host(template: Template) -> bool:
    names = ("hostNetwork", "hostPID", "hostIPC")
    return any(template.spec.get(name) for name in names)


def _host_paths(template: Template) -> list[str]:
    return [
        str(volume["hostPath"]["path"])
        for volume in template.volumes
        if volume.get("hostPath")
    ]
