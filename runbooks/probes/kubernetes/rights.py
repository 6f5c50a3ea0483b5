"""What a login has to be allowed, and asking the API server whether it is.

See https://kubernetes.io/docs/reference/access-authn-authz/authorization/ and, for
the review, the API's reference, "SelfSubjectAccessReview".
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.refusals import refusal
from runbooks.probes.sources import Sources


@dataclass(frozen=True, slots=True)
class Right:
    """To do one thing with one kind of object.

    Attributes:
        group: of the API, "" for the core.
        resource: plural, with a subresource such as ``pods/log``.
        namespaced: whether it is asked in a namespace.
        namespace: which, if not the application's.
        name: of the only object that it is about, "" for all.
    """

    group: str
    resource: str
    verb: str = "list"
    namespaced: bool = True
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{where}"

    @property
    def rule(self) -> str:
        """The rule that a role needs for it."""
        role = "Role" if self.namespaced else "ClusterRole"
        where = f" in {self.namespace}" if self.namespace else ""
        only = f'resourceNames: ["{self.name}"], ' if self.name else ""
        return (
            f'Add to a {role}{where}: {{apiGroups: ["{self.group}"], '
            f'resources: ["{self.resource}"], {only}verbs: ["{self.verb}"]}}'
        )


class _Status(msgspec.Struct):
    allowed: bool


class _Review(msgspec.Struct):
    status: _Status


async def allows(sources: Sources, connection: Connection, right: Right) -> bool:
    """Whether the login may do this, asked once a pass.

    The API server answers a SelfSubjectAccessReview, which it does not store.

    Raises:
        ProbeError: it gives no such answer.
    """

    async def review() -> bool:
        resource, _, subresource = right.resource.partition("/")
        attributes = {"group": right.group, "resource": resource, "verb": right.verb}
        if subresource:
            attributes["subresource"] = subresource
        if right.name:
            attributes["name"] = right.name
        if right.namespaced:
            own = await connection.in_namespace(sources)
            attributes["namespace"] = right.namespace or own
        answer = await connection.review(sources, attributes)
        asked = "ask for its own rights"
        if answer.status != 201:
            raise refusal(connection, answer, "the access review", asked)
        try:
            return msgspec.json.decode(answer.body, type=_Review).status.allowed
        except msgspec.DecodeError as error:
            raise refusal(connection, answer, "the access review", asked) from error

    return await sources.once((connection, right), review)
