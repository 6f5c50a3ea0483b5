"""Probes of what the services have written, wherever it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.probes.logs.file_errors import FileErrorsProbe
from runbooks.probes.logs.files import FilesProbe
from runbooks.probes.logs.rotation import RotationProbe

if TYPE_CHECKING:
    from runbooks.probes.base import Probe

PROBES: Mapping[str, type[Probe]] = {
    "logs.file_errors": FileErrorsProbe,
    "logs.files": FilesProbe,
    "logs.rotation": RotationProbe,
}
