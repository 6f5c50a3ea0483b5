"""The objects of a cluster as the API server has them, listed once a pass.

They stay plain JSON, because the library's own classes drop fields that they do not
know. Lists are read in pages (``limit`` and ``continue``), see
https://kubernetes.io/docs/reference/using-api/api-concepts/.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.process import Answer
from runbooks.probes.kubernetes.refusals import refusal
from runbooks.probes.kubernetes.rights import Right
from runbooks.probes.sources import Sources
from runbooks.secrets import within

T = TypeVar("T")
Object = dict[str, Any]
PAGE = 200
"""Objects in one answer."""
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


@dataclass(frozen=True, slots=True)
class Kind:
    """Objects that are listed together.

    Attributes:
        api: group and version, such as ``apps/v1``, or ``v1`` of the core.
        plural: their name in paths, such as ``deployments``.
        namespaced: whether only those of the application's namespace are listed.
        metadata: whether only their metadata is read, so that no content travels.
    """

    api: str
    plural: str
    namespaced: bool = True
    metadata: bool = False

    @property
    def group(self) -> str:
        return self.api.rpartition("/")[0]

    @property
    def listing(self) -> Right:
        """The right that it takes to list them."""
        return Right(self.group, self.plural, namespaced=self.namespaced)

    def path(self, namespace: str) -> str:
        root = f"/apis/{self.api}" if self.group else f"/api/{self.api}"
        within = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced else ""
        return f"{root}{within}/{self.plural}"


class _More(msgspec.Struct):
    """``metadata`` of a list, as far as paging needs it."""

    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    """One answer to a request for a list."""

    metadata: _More
    items: list[Object] | None = None


CONFIG_MAPS = Kind("v1", "configmaps")
DEPLOYMENTS = Kind("apps/v1", "deployments")
NAMESPACES = Kind("v1", "namespaces", namespaced=False)
NODES = Kind("v1", "nodes", namespaced=False)
PODS = Kind("v1", "pods")
SECRETS = Kind("v1", "secrets")
SECRETS_METADATA = Kind("v1", "secrets", metadata=True)


async def objects(sources: Sources, connection: Connection, kind: Kind) -> list[Object]:
    """Return every object of a kind, asked once a pass.

    The values of Secrets are hidden in everything that the pass says.

    Raises:
        ProbeError: they cannot be listed: no way to the API server, no permission
            (with the rule to add as a note), or the cluster has no such kind.
    """
    found = await objects_if_known(sources, connection, kind)
    if found is None:
        said = f"the cluster has no {kind.plural} of {kind.api}"
        raise ProbeError(said, source=connection.source, stage="query")
    return found


async def objects_if_known(
    sources: Sources, connection: Connection, kind: Kind
) -> list[Object] | None:
    """Return every object of a kind, None where the cluster does not know the kind.

    Raises:
        ProbeError: as `objects`.
    """
    return await sources.once(
        (connection, kind), lambda: listed_now(sources, connection, kind)
    )


async def document(
    sources: Sources, connection: Connection, path: str, rule: str = ""
) -> Object | None:
    """Return the JSON object at a path, asked once a pass; None where there is none.

    Args:
        rule: what to say of the rule that a role lacks, where it lacks one.

    Raises:
        ProbeError: it cannot be read.
    """

    async def read() -> Object | None:
        answer = await connection.ask(sources, path)
        if answer.status == 404:
            return None
        return _decoded(connection, answer, path, f"get {path}", Object, rule)

    return await sources.once((connection, path), read)


async def api_groups(sources: Sources, connection: Connection) -> set[str]:
    """Return the groups of kinds that the cluster knows, which any login may ask.

    Raises:
        ProbeError: it cannot be asked.
    """
    found = await document(sources, connection, "/apis") or {}
    return {str(each["name"]) for each in found.get("groups") or []}


async def listed_now(
    sources: Sources,
    connection: Connection,
    kind: Kind,
    where: Mapping[str, str] | None = None,
) -> list[Object] | None:
    """Return the objects of a kind as they are now, though they were asked for before.

    Args:
        where: ``labelSelector`` or ``fieldSelector``.

    Raises:
        ProbeError: as `objects`.
    """
    namespace = await connection.in_namespace(sources)
    path = kind.path(namespace)
    asked = f"list {kind.plural}" + (f" in {namespace}" if kind.namespaced else "")
    accept = _METADATA if kind.metadata else "application/json"
    first: dict[str, str | int] = {"limit": PAGE, **(where or {})}
    found: list[Object] = []
    query, restarted = first, False
    while True:
        answer = await connection.ask(sources, path, query, accept=accept)
        if answer.status == 404:
            return None
        if answer.status == 410 and query != first and not restarted:
            # The list was compacted away meanwhile: only a new one is consistent.
            found, query, restarted = [], first, True
            continue
        page = _decoded(connection, answer, path, asked, _Page, kind.listing.rule)
        found += page.items or []
        if not page.metadata.continue_:
            break
        query = {**first, "continue": page.metadata.continue_}
    if kind == SECRETS:
        for each in found:
            _hide(sources, each)
    return found


def _decoded(
    connection: Connection,
    answer: Answer,
    path: str,
    asked: str,
    shape: type[T],
    rule: str = "",
) -> T:
    """Return what an answer with status 200 holds.

    Raises:
        ProbeError: it has another status, or holds something else.
    """
    if answer.status == 200:
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except msgspec.DecodeError as error:
            raise refusal(connection, answer, path, asked) from error
    raise refusal(connection, answer, path, asked, rule)


def _hide(sources: Sources, secret: Object) -> None:
    for encoded in (secret.get("data") or {}).values():
        sources.hide(encoded)
        try:
            plain = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        sources.hide(*within(plain))
