"""What the files of a compose project say now, as Compose itself understands them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runbooks.actions.docker.compose import Compose, compose, output
from runbooks.actions.docker.origin import Origin, variables
from runbooks.probes.docker.client import Engine
from runbooks.probes.docker.containers import Container
from runbooks.probes.docker.images import image
from runbooks.probes.sources import Sources

_UNSET = re.compile(r'[Tt]he \\?"?(\w+)\\?"? variable is not set')
SHOWN = 200
"""Characters of what Compose complains of."""


@dataclass(frozen=True, slots=True)
class Configured:
    """The services of a project as they would be made now.

    Attributes:
        services: as Compose prints them; they hold secrets.
        unset: variables that the files use and nothing sets.
        problem: why Compose cannot read the files, or "".
    """

    services: Mapping[str, Any] = field(default_factory=dict, repr=False)
    unset: tuple[str, ...] = ()
    problem: str = ""


async def configured(
    sources: Sources, engine: Engine, found: Container
) -> Configured | None:
    """Return what the files of a container's project say, None where nobody can tell.

    Source: ``docker compose config``, asked once a pass.
    """
    origin = Origin.of(found)
    if not engine.here or origin.missing:
        return None
    tool = await compose(sources, engine)
    if tool is None:
        return None
    return await sources.once(
        ("compose config", engine.url, origin), lambda: _ask(engine, tool, origin)
    )


async def changed_environment(
    sources: Sources, engine: Engine, found: Container
) -> list[str] | None:
    """Return which variables its files give it now and it has otherwise.

    They are told by name; None where nobody can tell. The hash that Compose prints
    with ``config --hash`` is no help: from 2.22 on it leaves env files out, so that it
    differs from the label of every container that has one (docker/compose#14001).

    Raises:
        ProbeError: the Engine cannot be asked.
    """
    said = await configured(sources, engine, found)
    if said is None or found.service not in said.services:
        return None
    wanted = said.services[found.service].get("environment") or {}
    baked = (await image(sources, engine, found))["Config"].get("Env") or ()
    # A dollar sign is doubled, for the text to be a compose file again.
    will = variables(baked) | {
        name: str(value).replace("$$", "$")
        for name, value in wanted.items()
        if value is not None
    }
    has = variables(found.config.get("Env") or ())
    return sorted(n for n in will.keys() | has.keys() if will.get(n) != has.get(n))


async def _ask(engine: Engine, tool: Compose, origin: Origin) -> Configured:
    import yaml

    code, text, complaints = await output(engine, tool.line(origin, "config"))
    if code:
        last = complaints.strip().rpartition("\n")[2]
        return Configured(problem=last[:SHOWN] or f"exit code {code}")
    unset = tuple(dict.fromkeys(_UNSET.findall(complaints)))
    try:
        services = yaml.safe_load(text)["services"]
    except (yaml.YAMLError, LookupError, TypeError):
        return Configured(unset=unset, problem="it printed no services")
    return Configured(services, unset)
