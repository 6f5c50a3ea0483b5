"""Setting up the target: its profile written as a template and edited."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, cast

from runbooks.errors import GonogoError
from tui.screens.changing import Changing

if TYPE_CHECKING:
    from tui.app import GonogoApp


class SettingUp(Changing):
    """A board from which the target's profile is made and changed."""

    def action_set_up_target(self) -> None:
        from runbooks.target_template import write_template
        from state.locations import config_home

        target = self.engine.target
        if target.untrusted:
            self.say(f"Not trusted yet: leave, then gonogo trust {target.untrusted}")
            return
        try:
            path = target.path or write_template(
                self.engine.runbook, config_home() / "targets"
            )
        except GonogoError as error:
            self.say(str(error), "$text-error")
            return
        self.say(self._edited(path) or self._how_to_use(path))

    def _edited(self, path: Path) -> str:
        """Hand the terminal to the operator's editor; "" once *path* is a profile."""
        from textual.app import SuspendNotSupported

        from runbooks.orphans import unleashed
        from runbooks.target import parse

        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        app = cast("GonogoApp", self.app)
        try:
            with app.lend_terminal(), app.suspend():
                # The editor is theirs: its windows may outlive us.
                words = [*shlex.split(editor), str(path)]
                subprocess.run(words, check=False, env=unleashed(os.environ))
            parse(path.read_bytes(), path)
        except SuspendNotSupported:
            return f"Edit {path}, then open the runbook again."
        except (OSError, ValueError) as error:
            return f"{editor} does not start ({error}); edit {path} yourself."
        except GonogoError as error:
            return str(error)
        return ""

    def _how_to_use(self, path: Path) -> str:
        runbook = self.engine.runbook
        if self.engine.target.path or runbook.options.target:
            return "To use it leave with q and open the runbook again."
        return f"To use it leave with q, then start with --target {path.stem}"
