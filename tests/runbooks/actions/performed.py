"""Actions through their two public faces: described, and performed by their process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from runbooks.actions import describing
from runbooks.actions.performing import Ended, Order
from runbooks.changes import Description, Progress
from runbooks.tables import ActionSpec
from runbooks.target import Target, parse

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Performed:
    """How a performance ended, and what its process printed."""

    ended: Ended
    printed: str


class Performance:
    """A process that performs an action, while it runs."""

    def __init__(self, directory: Path, order: Order) -> None:
        self._order = order
        file = directory / "order"
        file.write_bytes(msgspec.json.encode(order))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "runbooks.actions.performing", str(file)],
            env={**_environment(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def progress(self) -> Progress:
        """How far it has come, as it said last."""
        try:
            data = Path(self._order.progress).read_bytes()
        except FileNotFoundError:
            return Progress()
        return msgspec.json.decode(data, type=Progress)

    def wait(self) -> Performed:
        printed, _ = self.process.communicate(timeout=50)
        assert Path(self._order.result).exists(), printed
        ended = msgspec.json.decode(Path(self._order.result).read_bytes(), type=Ended)
        assert ended.code == self.process.returncode, printed
        return Performed(ended, printed)


class Stage:
    """A target with a profile of its own, on which actions are tried."""

    def __init__(self, directory: Path, profile: str) -> None:
        self.directory = directory
        self.profile = directory / "target.toml"
        self.profile.write_text(profile)

    @property
    def target(self) -> Target:
        return parse(self.profile.read_bytes(), self.profile)

    async def describe(self, use: str, **parameters: Any) -> Description:
        return await describing.describe(ActionSpec(use, parameters), self.target)

    def begin(
        self,
        use: str,
        parameters: Mapping[str, Any],
        agreed: Description,
        **otherwise: Any,
    ) -> Performance:
        """Start performing what was agreed to.

        Args:
            otherwise: fields of the order that are not as they should be.
        """
        order = Order(
            use=use,
            parameters=parameters,
            profile=str(self.profile),
            profile_digest=self.target.digest,
            agreed=agreed.digest,
            identity=agreed.identity,
            progress=str(self.directory / "progress"),
            result=str(self.directory / "result"),
        )
        order = msgspec.structs.replace(order, **otherwise)
        return Performance(self.directory, order)

    async def act(self, use: str, **parameters: Any) -> tuple[Description, Performed]:
        """Describe an action, agree to it, and perform it."""
        agreed = await self.describe(use, **parameters)
        return agreed, self.begin(use, parameters, agreed).wait()


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
