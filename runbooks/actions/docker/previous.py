"""Which images a service has run here or could run, and which is the previous one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runbooks.actions.docker.services import short
from runbooks.errors import ProbeError
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import PROJECT, SERVICE, Container
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

if TYPE_CHECKING:
    from docker import APIClient

MEANT = "gonogo.image"
"""Label of a container that we made: how its service called its image before."""
_NOT_SAID = ("", "0001-01-01", "1970-01-01")
"""Builds that are to be the same each time say one of these days."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of this Engine, as ``GET /images/{id}/json`` describes it.

    Attributes:
        tags: names that lead to it; none of one whose tag has moved on.
        made: when it was built, or where its build hides that, when it was last
            tagged here; RFC 3339, "" where nobody knows.
        size: in bytes.
        config: what a container of it has without being told.
    """

    id: str
    tags: tuple[str, ...]
    made: str
    size: int
    config: Mapping[str, Any]

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Image:
        made = str(described.get("Created") or "")
        if made[:10] in _NOT_SAID:
            tagged = str((described.get("Metadata") or {}).get("LastTagTime") or "")
            made = "" if tagged[:10] in _NOT_SAID else tagged
        return cls(
            described["Id"],
            tuple(described.get("RepoTags") or ()),
            made,
            described.get("Size") or 0,
            described.get("Config") or {},
        )

    def __str__(self) -> str:
        tags = ", ".join(self.tags) or "no tag"
        made = f"made {self.made[:19]}Z" if self.made else "nobody knows when made"
        size = shown(Reading("size", self.size, "B"))
        return f"{short(self.id)} ({tags}, {made}, {size})"


def meant(container: Container) -> str:
    """Return how the service calls its image, "" where it does so by an id alone."""
    said = container.labels.get(MEANT) or str(container.config["Image"])
    return "" if said.startswith("sha256:") else said


async def image_named(sources: Sources, engine: Engine, name: str) -> Image:
    """Return the image of a name or id.

    Raises:
        ProbeError: it is not on this Engine, or that cannot be asked.
    """

    def inspect(client: APIClient) -> dict[str, Any]:
        return client.inspect_image(name)  # type: ignore[no-any-return, no-untyped-call]

    try:
        return Image.of(await engine.ask(sources, ("image", name), inspect))
    except ProbeError as error:
        if error.stage == "query":
            error.add_note(f"If it is elsewhere, fetch it first: docker pull {name}")
        raise


async def candidates(
    sources: Sources, engine: Engine, found: Sequence[Container]
) -> list[Image]:
    """Return the images that services have run here or could run, newest first.

    Those of the same repository, whatever their tag; those that Compose built for
    the services, though their tag has moved on; those of their other containers.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    images = await engine.ask(sources, "images", lambda client: client.images())
    repositories = {_repository(meant(each)) for each in found} - {""}
    running = {each.image for each in found}
    for each in images:
        if each["Id"] in running:
            repositories |= set(_repositories(each))
    services = {(each.project, each.service) for each in found}
    ids = [
        each["Id"]
        for each in images
        if each["Id"] in running
        or repositories.intersection(_repositories(each))
        or _built_for(each) in services
    ]
    known = [await image_named(sources, engine, id) for id in dict.fromkeys(ids)]
    return sorted(known, key=lambda each: each.made, reverse=True)


def previous(known: Iterable[Image], current: Image) -> Image | None:
    """Return the newest of the images that are older than the current one."""
    older = [each for each in known if each.made and each.made < current.made]
    return max(older, key=lambda each: each.made, default=None)


def _repositories(listed: Mapping[str, Any]) -> list[str]:
    names = (*(listed.get("RepoTags") or ()), *(listed.get("RepoDigests") or ()))
    return [repository for name in names if (repository := _repository(name))]


def _repository(name: str) -> str:
    """Return the name without tag and digest: ``registry:5000/app`` of ``…/app:1``."""
    name = name.partition("@")[0]
    before, slash, last = name.rpartition("/")
    repository = last.partition(":")[0]
    return "" if repository == "<none>" else f"{before}{slash}{repository}"


def _built_for(listed: Mapping[str, Any]) -> tuple[str, str]:
    labels = listed.get("Labels") or {}
    return labels.get(PROJECT, ""), labels.get(SERVICE, "")
