"""Describing and performing actions on a fake cluster, as the door does it."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import msgspec

from runbooks.actions import describing, performing
from runbooks.actions.performing import Ended, Order
from runbooks.changes import Description, Progress
from runbooks.tables import ActionSpec
from runbooks.target import parse
from tests.runbooks.actions.kubernetes.controller import Controller
from tests.runbooks.actions.kubernetes.writable_api import Fault, WritableAPI
from tests.runbooks.probes.kubernetes_api import Object


class Done:
    """How an action ended, and what it said meanwhile."""

    def __init__(self, ended: Ended, output: str, progress: Progress) -> None:
        self.code = ended.code
        self.says = ended.says
        self.before = ended.before
        self.after = ended.after
        self.output = output
        self.progress = progress


class Acting:
    """Describes and performs against one API server.

    Attributes:
        api: the server; changed freely between looks.
    """

    def __init__(self, api: WritableAPI, directory: Path) -> None:
        self.api = api
        self._directory = directory
        self.kubeconfig = api.kubeconfig(directory / "kubeconfig")
        self.profile = directory / "prod.toml"
        self.profile.write_text(f'[kubernetes]\nkubeconfig = "{self.kubeconfig}"\n')

    @property
    def controller(self) -> Controller:
        return self.api.controller

    @property
    def deployment(self) -> Object:
        found = self.api.find("Deployment", "transcript-api")
        assert found
        return found

    def after(self, request: str, *looks: Fault | None) -> None:
        """Let things happen at the looks at the Deployment that follow a request."""

        def begin() -> None:
            self.api.faults["GET deployments/transcript-api"] = list(looks)

        self.api.faults[request] = [begin]

    async def describe(self, verb: str, **parameters: Any) -> Description:
        """Look, and check that looking changed nothing."""
        changes = list(self.api.changes)
        target = parse(self.profile.read_bytes(), self.profile)
        found = await describing.describe(self._spec(verb, parameters), target)
        assert self.api.changes == changes
        return found

    async def perform(
        self, verb: str, agreed: Description | None = None, **parameters: Any
    ) -> Done:
        """Agree to what looking says, or said before, and let it be performed."""
        order = await self.order(verb, agreed, **parameters)
        output = io.StringIO()
        with redirect_stdout(output):
            ended = await performing.perform(order)
        return Done(ended, output.getvalue(), self._progress(order))

    async def perform_apart(self, verb: str, **parameters: Any) -> Done:
        """Let the process that performs actions do it, with all that it starts."""
        order = await self.order(verb, None, **parameters)
        file = self._directory / "order"
        file.write_bytes(msgspec.json.encode(order))
        module = "runbooks.actions.performing"
        words = [sys.executable, "-P", "-m", module, str(file)]
        paths = os.pathsep.join(each for each in sys.path if each)
        done = await asyncio.to_thread(
            subprocess.run,
            words,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert done.stderr == ""
        result = Path(order.result).read_bytes()
        ended = msgspec.json.decode(result, type=Ended)
        assert ended.code == done.returncode
        return Done(ended, done.stdout, self._progress(order))

    async def order(
        self, verb: str, agreed: Description | None, **parameters: Any
    ) -> Order:
        said = agreed or await self.describe(verb, **parameters)
        target = parse(self.profile.read_bytes(), self.profile)
        spec = self._spec(verb, parameters)
        return Order(
            use=spec.use,
            parameters=spec.parameters,
            profile=str(self.profile),
            profile_digest=target.digest,
            agreed=said.digest,
            identity=said.identity,
            progress=str(self._directory / "progress"),
            result=str(self._directory / "result"),
        )

    async def take_back(self, said: Description) -> Done:
        """Perform what takes an action back."""
        assert said.undo.use
        verb = said.undo.use.removeprefix("kubernetes.")
        return await self.perform(verb, **said.undo.parameters)

    def _spec(self, verb: str, parameters: dict[str, Any]) -> ActionSpec:
        return ActionSpec(f"kubernetes.{verb}", {"every": "10ms", **parameters})

    def _progress(self, order: Order) -> Progress:
        path = Path(order.progress)
        if not path.exists():
            return Progress()
        return msgspec.json.decode(path.read_bytes(), type=Progress)


def conditions(said: Description) -> dict[str, bool | None]:
    return {each.says: each.holds for each in said.preconditions}


def changes(said: Description) -> dict[str, tuple[str, str]]:
    return {each.what: (each.before, each.after) for each in said.changes}
