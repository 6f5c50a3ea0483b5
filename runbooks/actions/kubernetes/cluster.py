"""What every action on a cluster has in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from runbooks.actions.base import Action
from runbooks.actions.kubernetes.answers import message
from runbooks.actions.kubernetes.identity import identity
from runbooks.actions.kubernetes.requests import Request
from runbooks.actions.kubernetes.ways import Changing, Rehearsing
from runbooks.changes import Identity, Precondition, Thing
from runbooks.errors import ProbeError
from runbooks.parameters import Duration
from runbooks.probes.kubernetes.application import Cluster
from runbooks.probes.kubernetes.objects import Kind, Object, document
from runbooks.probes.kubernetes.rights import Right, allows
from runbooks.probes.sources import Sources

NO_DRY_RUN = "does not support dry run"
"""What the API server says where a webhook of admission has side effects."""


class ClusterAction(Cluster, Action, frozen=True, kw_only=True):
    """Changes something in one namespace of a cluster.

    Attributes:
        every: seconds between two looks at what was changed.
    """

    timeout: Duration = Duration(20)
    every: Duration = Duration(1)

    table: ClassVar[str] = "kubernetes"

    @property
    def connection(self) -> Rehearsing:
        return Rehearsing(self.kubeconfig, self.context, self.namespace)

    @property
    def changing(self) -> Changing:
        """The way on which `perform` changes things."""
        return Changing(self.kubeconfig, self.context, self.namespace)

    @property
    def place(self) -> Mapping[str, Any]:
        """The parameters with which another action finds the same namespace."""
        names = ("kubeconfig", "context", "namespace")
        return {name: said for name in names if (said := getattr(self, name))}

    async def identity(self, sources: Sources) -> Identity:
        return await identity(sources, self.connection)

    async def path(self, sources: Sources, kind: Kind, name: str) -> str:
        namespace = await self.connection.in_namespace(sources)
        return f"{kind.path(namespace)}/{name}"

    async def named(self, sources: Sources, kind: Kind, name: str) -> Object | None:
        """Return the object of that name, None where there is none."""
        right = Right(kind.group, kind.plural, "get")
        path = await self.path(sources, kind, name)
        return await document(sources, self.connection, path, right.rule)

    async def present(self, sources: Sources, kind: Kind, name: str) -> Object:
        """Return the object of that name.

        Raises:
            ProbeError: there is none, or it cannot be read.
        """
        found = await self.named(sources, kind, name)
        if found is None:
            namespace = await self.connection.in_namespace(sources)
            said = f"{namespace} has no {name} among its {kind.plural}"
            raise ProbeError(said, source=self.source, stage="query")
        return found

    async def pinned(
        self, sources: Sources, kind: Kind, found: Object
    ) -> dict[str, Any]:
        """Return what `sending.reread` knows an object by."""
        metadata = found["metadata"]
        return {
            "path": await self.path(sources, kind, str(metadata["name"])),
            "uid": str(metadata["uid"]),
            "generation": metadata.get("generation"),
            "version": str(metadata["resourceVersion"]),
        }

    async def permitted(
        self, sources: Sources, kind: Kind, verb: str, name: str = "", part: str = ""
    ) -> Precondition:
        """Look whether this login may do it.

        Args:
            name: of the object; a role may be for that one alone. What is to be made
                has none yet.
            part: the subresource, such as ``scale``.
        """
        resource = f"{kind.plural}/{part}" if part else kind.plural
        right = Right(kind.group, resource, verb, name=name)
        try:
            allowed = await allows(sources, self.connection, right)
        except ProbeError as error:
            said = f"nobody knows whether this login may {right}: {error}"
            return Precondition(said, None)
        may = f"this login may {'' if allowed else 'not '}{right}"
        return Precondition(may if allowed else f"{may}. {right.rule}", allowed)

    async def tried(
        self, sources: Sources, request: Request, checked: Iterable[Precondition]
    ) -> tuple[str, tuple[Precondition, ...]]:
        """Return what a dry run says, and every precondition with it.

        What cannot be done anyway is not tried.

        Raises:
            ProbeError: the API server says nothing.
        """
        conditions = tuple(checked)
        if not all(each.holds for each in conditions):
            return "", conditions
        answer = await self.connection.rehearse(sources, request)
        if answer.status < 300:
            said = f"{answer.status}: the API server accepts it (dryRun=All)"
            return said, conditions
        said = f"{answer.status}: {message(answer)}"
        if answer.status == 400 and NO_DRY_RUN in said:
            return f"not possible: {said}", conditions
        refused = Precondition(f"the API server refuses it: {said}", False)
        return said, (*conditions, refused)


def thing(found: Object, kind: str) -> Thing:
    """Return what tells an object from others of its name, and that it was changed."""
    metadata = found["metadata"]
    version = str(metadata.get("generation", ""))
    return Thing(kind, str(metadata["name"]), str(metadata["uid"]), version)
