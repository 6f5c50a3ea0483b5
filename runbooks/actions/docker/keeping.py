"""What a container keeps when it is only restarted, though its files say otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from runbooks.actions.docker.configured import changed_environment
from runbooks.actions.docker.origin import changed_files
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container
from runbooks.probes.sources import Sources
from runbooks.probes.threads import in_thread


async def kept(
    sources: Sources, engine: Engine, found: Iterable[Container]
) -> list[str]:
    """Return what of their files has changed since the containers were made.

    Variables are told by name.

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    said = []
    for service, each in {each.service: each for each in found}.items():
        if not engine.here:
            said.append(
                f"whether the compose and env files of {service} have changed, nobody "
                "can see from here: a restart would keep what it has"
            )
            continue
        names = await changed_environment(sources, engine, each)
        if names is None:
            changed = await in_thread(partial(changed_files, each), "files")
        else:
            what = "have other values in its files, or none"
            changed = [f"{', '.join(names)} {what}"] if names else []
        if changed:
            said.append(
                f"{service} keeps the settings it was made with, and since then "
                f"{'; '.join(changed)}. A restart does not bring them; recreating does"
            )
    return said
