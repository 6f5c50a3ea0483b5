"""Breaking and mending the rehearsal that the screen is about."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual import on
from textual.message import Message

from runbooks.errors import GonogoError
from tui.screens.setting_up import SettingUp

if TYPE_CHECKING:
    from runbooks.rehearsal import Deployment
    from runbooks.rehearsal.faults import Fault
    from tui.app import GonogoApp

_log = logging.getLogger("gonogo.faults")


class Rehearsing(SettingUp):
    """A board from which faults are injected and healed, one at a time."""

    _at_work_on = ""

    @dataclass
    class Tried(Message):
        """Posted by the thread that injects or heals, when it is done."""

        sentence: str
        failed: bool

    @property
    def deployment(self) -> Deployment | None:
        return cast("GonogoApp", self.app).deployment

    def action_faults(self) -> None:
        from runbooks.rehearsal.faults import FAULTS, injected
        from tui.screens.faults import FaultsScreen

        if self._at_work_on:
            self.say(f"Not yet: still {self._at_work_on}.")
        elif self.deployment is not None:
            running = self.deployment.running
            told = {name: fault.told(running) for name, fault in FAULTS.items()}
            self.app.push_screen(
                FaultsScreen(told, injected(self.deployment)), self._do
            )

    def _do(self, name: str | None) -> None:
        from runbooks.rehearsal.faults import FAULTS, injected

        deployment = self.deployment
        if name is None or deployment is None:
            return
        heals = name in injected(deployment)
        self._at_work_on = f"{'healing' if heals else 'injecting'} {name}"
        self.say(f"{self._at_work_on.capitalize()} …")
        # A daemon of our own: leaving gonogo must not wait for it.
        threading.Thread(
            target=self._try,
            args=(FAULTS[name], heals, deployment),
            name="gonogo-fault",
            daemon=True,
        ).start()

    def _try(self, fault: Fault, heals: bool, deployment: Deployment) -> None:
        try:
            if heals:
                fault.heal(deployment)
                said = f"Healed {fault.name}. Look again to see that all is well."
            else:
                fault.inject(deployment)
                said = f"{fault.says} Look again to see what that turns."
        except GonogoError as error:
            self.post_message(self.Tried(str(error), failed=True))
        except Exception:
            _log.exception("the fault %s failed", fault.name)
            said = f"A bug in the fault {fault.name}: see the log."
            self.post_message(self.Tried(said, failed=True))
        else:
            self.post_message(self.Tried(said, failed=False))

    @on(Tried)
    def _tried(self, message: Tried) -> None:
        self._at_work_on = ""
        self.say(message.sentence, "$text-error" if message.failed else "")
