"""Which Engine it is, told by itself."""

from __future__ import annotations

from runbooks.changes import Identity
from runbooks.errors import ProbeError
from runbooks.probes.docker.client import Engine
from runbooks.probes.sources import Sources


async def identity(engine: Engine, sources: Sources, project: str = "") -> Identity:
    """Return the Engine's id with its host's name.

    Source: ``GET /info``. Machines that were cloned have Engines with one id; their
    names differ. The project is told, and is no part of the identity: not every
    action has one.

    Raises:
        ProbeError: it cannot be asked, or does not say.
    """
    info = await engine.ask(sources, "info", lambda client: client.info())
    if not info["ID"]:
        said = "the Engine does not say which one it is: its ID is empty"
        raise ProbeError(said, source=engine.source, stage="query")
    says = f"Docker Engine {info['ID']} on {info['Name']}"
    if project:
        says += f", compose project {project}"
    return Identity("docker", f"{info['ID']} {info['Name']}", says)
