"""Which cluster and namespace it is, told by the cluster itself."""

from __future__ import annotations

from runbooks.changes import Identity
from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.objects import document
from runbooks.probes.kubernetes.rights import Right
from runbooks.probes.sources import Sources

SYSTEM = "/api/v1/namespaces/kube-system"
"""Its uid tells a cluster from every other; it lives as long as the cluster."""
_SEEING = Right("", "namespaces", "get", namespaced=False, name="kube-system")


async def identity(sources: Sources, connection: Connection) -> Identity:
    """Return which cluster and namespace it is, and at which address.

    The context is told: one of another name is another plan, though not another
    system.

    Raises:
        ProbeError: the cluster cannot be asked, or who logs in may not see it.
    """
    namespace = await connection.in_namespace(sources)
    server = await connection.server(sources)
    context = await connection.in_context(sources)
    found = await document(sources, connection, SYSTEM, _SEEING.rule)
    if not found:
        said = "the cluster has no namespace kube-system: nobody knows which one it is"
        raise ProbeError(said, source=connection.source, stage="query")
    uid = str(found["metadata"]["uid"])
    says = f"cluster {uid}, namespace {namespace}, at {server}"
    if context:
        says += f", context {context}"
    return Identity("kubernetes", f"{uid} {namespace} {server}", says)
