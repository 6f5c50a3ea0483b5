"""Probe of the images that services run, and what other probes ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container, project_containers
from runbooks.probes.docker.project import ProjectProbe, services_where
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

if TYPE_CHECKING:
    from docker import APIClient

_DOCKER = 2013
"""Year of the first Docker: no image is older."""


@dataclass(frozen=True, slots=True)
class RunningImage:
    """The image of one service.

    Attributes:
        reference: as the service names it, ``app:1.4``.
        id: ``sha256:…`` of its configuration, which scanners call image id.
        digests: ``sha256:…`` of its manifest in each registry that it came from or
            went to; empty for one that was only built here.
    """

    service: str
    reference: str
    id: str
    digests: tuple[str, ...]


async def running_images(
    sources: Sources, host: str = "", project: str = ""
) -> list[RunningImage]:
    """Return the images that the running services of a compose project have.

    Args:
        host: URL or socket of the Engine, as in the profile.

    Raises:
        ProbeError: the Engine cannot be asked, or the project has no container.
    """
    engine = Engine.at(host)
    found = [
        await _running_image(sources, engine, each)
        for each in await project_containers(sources, engine, project)
        if each.running
    ]
    return list(dict.fromkeys(found))


async def image(
    sources: Sources, engine: Engine, container: Container
) -> dict[str, Any]:
    """Return the container's image, as ``GET /images/{id}/json`` describes it.

    Raises:
        ProbeError: the Engine cannot be asked, or the image was removed.
    """
    digest = container.inspected["Image"]

    def inspect(client: APIClient) -> dict[str, Any]:
        return client.inspect_image(digest)  # type: ignore[no-any-return, no-untyped-call]

    return await engine.ask(sources, ("image", digest), inspect)


async def _running_image(
    sources: Sources, engine: Engine, container: Container
) -> RunningImage:
    described = await image(sources, engine, container)
    digests = {
        digest.partition("@")[2] for digest in described.get("RepoDigests") or ()
    }
    return RunningImage(
        container.service,
        container.config["Image"],
        described["Id"],
        tuple(sorted(digests)),
    )


class ImagesProbe(ProjectProbe, frozen=True, kw_only=True):
    """Measures which images the services run.

    Readings:
        floating: services whose image has the tag ``latest`` or none, so that the
            next start may run something else.
        mixed: services whose containers run different images.
        images: different images in all.
        id: of the image, where there is only one; absent otherwise.
        age: since the oldest was built, in seconds; absent where none says when.

    Raises:
        ProbeError: the Engine cannot be asked, or a service has no container.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("floating", "mixed", "images", "id"), ""),
        "age": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"floating", "mixed", "id"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.containers(sources)
        ids = {each.inspected["Image"] for each in found}
        ages = [_age(await image(sources, self.engine, each)) for each in found]
        seen = {
            service: {c.inspected["Image"] for c in found if c.service == service}
            for service in {each.service for each in found}
        }
        lines = [
            f"{each.service} ({each.name}): {each.config['Image']} "
            f"{each.inspected['Image']}, "
            + ("built " + shown(Reading("", age, "s")) + " ago" if age else "undated")
            for each, age in zip(found, ages, strict=True)
        ]
        return measured(
            "\n".join(lines),
            services_where("floating", found, lambda c: _floating(c.config["Image"])),
            services_where("mixed", found, lambda c: len(seen[c.service]) > 1),
            Reading("images", len(ids)),
            Reading("id", "".join(ids) if len(ids) == 1 else None),
            Reading("age", max(filter(None, ages), default=None), "s"),
        )


def _age(described: Mapping[str, Any]) -> float | None:
    """Return the seconds since an image was built; None where it hides that.

    Builds that are to be the same each time say the beginning of all times.
    """
    built = datetime.fromisoformat(described.get("Created") or "0001-01-01T00:00:00Z")
    if built.year < _DOCKER:
        return None
    return (datetime.now(UTC) - built).total_seconds()


def _floating(reference: str) -> bool:
    if "@" in reference or reference.startswith("sha256:"):
        return False
    _, _, tag = reference.rpartition("/")[2].partition(":")
    return tag in ("", "latest")
