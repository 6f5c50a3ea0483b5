"""What the probes of every store of logs have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.probes.service import ServiceProbe
from runbooks.target import Target, lookup


class StoreProbe(ServiceProbe, frozen=True, kw_only=True):
    """Asks the store that the lines of all services are sent to.

    Attributes:
        services: those whose lines are looked at.
    """

    services: tuple[str, ...] = ("api", "worker")

    table: ClassVar[str] = "logs"

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        """Return *parameters* with what the profile adds to them.

        Raises:
            ProbeError: it says neither of which kind the store is nor where: one kind
                asked for another would answer nonsense.
        """
        if "url" not in parameters:
            lookup(target, "facts.central_logs")
        return super().with_defaults(parameters, target)
