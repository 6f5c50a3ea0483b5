"""Probe of the ways in which secrets reach containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.images import image
from runbooks.probes.docker.project import ProjectProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading

_KINDS = {
    "in_image": "baked into the image",
    "in_environment": "in the container's environment",
    "in_files": "in a file",
    "missing": "not set",
}


class EnvironmentProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures how settings reach the services, never what they are.

    Source: ``Config.Env`` of each container and of its image. Whether a value of
    the environment comes from the compose file or from an env file is not kept
    by the Engine.

    Readings:
        in_image: settings with a value that everybody who has the image has too.
        in_environment: settings given when the container was made; everybody who
            may inspect it can read them.
        in_files: settings given as the name of a file (``NAME_FILE``), or as a file
            of that name among Docker's secrets.
        missing: settings that are given in none of these ways.

    Attributes:
        names: of the settings.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    names: tuple[str, ...]

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(_KINDS, "")
    naming: ClassVar[frozenset[str]] = frozenset(readings)

    @property
    def thing(self) -> str:
        return f"{super().thing} {', '.join(self.names)}"

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        kinds: dict[str, dict[str, None]] = {kind: {} for kind in _KINDS}
        lines = []
        for each in found:
            described = await image(sources, self.engine, each)
            given, baked = _variables(each.config), _variables(described["Config"])
            for name in self.names:
                sources.hide(given.get(name, ""), baked.get(name, ""))
                kind = _kind(name, given, baked, each)
                kinds[kind].setdefault(f"{name} ({each.service})")
                lines.append(f"{each.service} ({each.name}): {name} {_KINDS[kind]}")
        return measured(
            "\n".join(lines),
            *(Reading(kind, ", ".join(names) or None) for kind, names in kinds.items()),
        )


def _variables(config: Mapping[str, Any]) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in config.get("Env") or ())
    return {name: value for name, _, value in pairs}


def _kind(
    name: str, given: Mapping[str, str], baked: Mapping[str, str], container: Container
) -> str:
    """Return the reading that a setting of a container belongs to."""
    value = given.get(name)
    if value:
        return "in_image" if baked.get(name) == value else "in_environment"
    secret = f"/run/secrets/{name}".lower()
    mounted = {m["Destination"].lower() for m in container.inspected["Mounts"]}
    if given.get(f"{name}_FILE") or secret in mounted:
        return "in_files"
    return "missing"
