"""What probes of the deployment's own machine have in common."""

from __future__ import annotations

import socket
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, Probe
from runbooks.probes.file_names import legible_error, legible_measurement
from runbooks.probes.sources import Sources


class MachineProbe(Probe, frozen=True, kw_only=True):
    """Looks at the machine that gonogo runs on, if it is the deployment's.

    Attributes:
        hostname: what the deployment's machine is called; ``localhost`` is any.
    """

    table: ClassVar[str] = "host"

    hostname: str

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        path = str(parameters.get("path", "/"))
        if path.startswith(("/", "~", "${")):
            return []
        return [f"path: {path!r} is not absolute; begin it with /, ~ or ${{…}}"]

    async def measure(self, sources: Sources) -> Measurement:
        own = socket.gethostname()
        if self.hostname not in ("localhost", own, own.partition(".")[0]):
            raise ProbeError(
                f"this machine is called {own}, not {self.hostname}; run gonogo there",
                stage="configuration",
            )
        try:
            return legible_measurement(await self.look_here(sources))
        except ProbeError as error:
            raise legible_error(error) from error

    @abstractmethod
    async def look_here(self, sources: Sources) -> Measurement:
        """Look at this machine.

        Raises:
            ProbeError: nobody could look.
        """
