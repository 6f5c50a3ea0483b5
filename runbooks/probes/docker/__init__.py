"""Probes of a Docker Engine and of the compose project that runs on it.

One aspect a file; `client` asks the Engine, `containers` finds the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.docker.devices import DevicesProbe
from runbooks.probes.docker.engine import EngineItselfProbe
from runbooks.probes.docker.env_files import EnvFilesProbe
from runbooks.probes.docker.environment import EnvironmentProbe
from runbooks.probes.docker.errors import ErrorsProbe
from runbooks.probes.docker.filesystem import FilesystemProbe
from runbooks.probes.docker.health import HealthProbe
from runbooks.probes.docker.images import ImagesProbe
from runbooks.probes.docker.limits import LimitsProbe
from runbooks.probes.docker.log_driver import LogDriverProbe
from runbooks.probes.docker.logs import LogsProbe
from runbooks.probes.docker.mounts import MountsProbe
from runbooks.probes.docker.ports import PortsProbe
from runbooks.probes.docker.security import SecurityProbe
from runbooks.probes.docker.services import ServicesProbe
from runbooks.probes.docker.shippers import ShippersProbe
from runbooks.probes.docker.stats import StatsProbe
from runbooks.probes.docker.unused import UnusedProbe
from runbooks.probes.docker.user import UserProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "docker.devices": DevicesProbe,
    "docker.engine": EngineItselfProbe,
    "docker.env_files": EnvFilesProbe,
    "docker.environment": EnvironmentProbe,
    "docker.errors": ErrorsProbe,
    "docker.filesystem": FilesystemProbe,
    "docker.health": HealthProbe,
    "docker.images": ImagesProbe,
    "docker.limits": LimitsProbe,
    "docker.log_driver": LogDriverProbe,
    "docker.logs": LogsProbe,
    "docker.mounts": MountsProbe,
    "docker.ports": PortsProbe,
    "docker.security": SecurityProbe,
    "docker.services": ServicesProbe,
    "docker.shippers": ShippersProbe,
    "docker.stats": StatsProbe,
    "docker.unused": UnusedProbe,
    "docker.user": UserProbe,
}
