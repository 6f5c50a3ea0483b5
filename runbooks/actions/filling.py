"""From parameters as written to what has them, with what the profile adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbooks.errors import ProbeError
from runbooks.hiding import Hiding
from runbooks.parameters import P, build
from runbooks.probes.base import SOURCE
from runbooks.probes.sources import Sources
from runbooks.resolving import resolved
from runbooks.target import Target


async def filled(
    cls: type[P], parameters: Mapping[str, Any], target: Target, sources: Sources
) -> P:
    """Return an object of *cls* that means this target.

    Raises:
        ProbeError: a parameter is missing or wrong, or a secret is not there.
    """
    try:
        known = cls.with_defaults(parameters, target)
        fetch = Hiding(target, sources).fetch
        return build(cls, await resolved(known, cls.verbatim, target, fetch))
    except (ValueError, LookupError) as error:
        raise ProbeError(str(error), source=SOURCE, stage="configuration") from error
