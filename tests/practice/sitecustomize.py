"""Makes the practice family known to every Python that is started with this path."""

from __future__ import annotations

from pathlib import Path

import runbooks.actions

runbooks.actions.__path__.append(str(Path(__file__).parent))
runbooks.actions.FAMILIES = ("practice",)
