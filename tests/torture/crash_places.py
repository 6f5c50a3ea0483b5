"""Fifty places in which gonogo may break, and how each of them is reached.

``python -P -m tests.torture.crash_places NAME WORD...`` runs gonogo with a bug in one
of them: it holds secrets in local variables, and names them in its message.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from inspect import CO_COROUTINE
from types import CodeType, ModuleType
from typing import Any

OPENED, JOB, LOOK = b"", b"/job00\r", b"/Something\r"
"""Keys: none, to the row of a command, to a step that is probed."""
ON_SCREEN = {
    # while the screen is made, drawn, and measured
    "tui.opening:make_engine": OPENED,
    "tui.desk:Desk.on_ready": OPENED,
    "tui.screens.panes:Panes.compose": OPENED,
    "tui.screens.board:Board.on_mount": OPENED,
    "tui.widgets.answer_line:AnswerLine.compose": OPENED,
    "tui.widgets.step_list:StepList.render_line": OPENED,
    "tui.widgets.edge_line:EdgeLine.render": OPENED,
    "tui.widgets.text_view:TextView.on_resize": OPENED,
    "tui.screens.resuming:Resuming.on_mount": OPENED,
    # in answer to keys
    "tui.app:GonogoApp.on_key": b"z",
    "tui.app:GonogoApp.action_command_palette": b":",
    "tui.app:GonogoApp.action_quit": b"\x11",
    "tui.screens.deciding:Deciding.action_decide": b" ",
    "tui.screens.deciding:Deciding.action_note": b"t",
    "tui.screens.moving:Moving.action_cursor_down": b"j",
    "tui.screens.moving:Moving.action_find": b"/",
    "tui.screens.commanding:Commanding.action_outputs": b"o",
    "tui.screens.changing:Changing.action_arm": b"D",
    # screens over it
    "tui.screens.help:HelpScreen.compose": b"?",
    "tui.screens.crew:CrewScreen.compose": b"C",
    "tui.screens.way_back:WayBackScreen.on_mount": b"u",
    "tui.screens.edit:EditScreen.on_mount": JOB + b"e",
    # timers and threads
    "tui.engine:Engine._look_at_others": OPENED,
    "tui.engine_thread:EngineThread._live": OPENED,
    "tui.signals:SignalWatch._watch_terminal": OPENED,
    "tui.writer:FrameWriter.run": OPENED,
    "state.recording:Recording.poll": OPENED,
    "state.checkpoint:Checkpoint.save": b" ",
    # what the engine is asked for
    "tui.engine:Engine.probe": LOOK + b"p",
    "tui.working:Working.run": JOB + b"r",
    "tui.working:Working._ended": JOB + b"r",
    "tui.planning:make_plan": b"d",
    "runbooks.gate:Door.refuse_moved": JOB + b"r",
    "runbooks.commands:start": JOB + b"r",
    "runbooks.context:script": JOB + b"r",
    "runbooks.passes:Pass._chosen": LOOK + b"p",
    "state.journal:Journal.append": b" ",
    "state.run:Run.close": b"\x11",
}
"""The place, and what is typed to come there."""
WITH_A_VERB = {
    "tui.cli.outline:outline": ("show", "{book}"),
    "runbooks.linting:lint": ("lint", "{book}"),
    "runbooks.parsing:parse": ("show", "{book}"),
    "runbooks.redaction:patterns": ("check", "{book}"),
    "runbooks.probes.command:CommandProbe.measure": ("check", "{book}"),
    "tui.cli.checking:print_report": ("check", "{book}"),
    "state.verdict:verdict": ("check", "{book}"),
    "runbooks.planning:Planner.walk": ("plan", "{book}"),
    "tui.cli.decide:_record": ("decide", "{book}", "Decide 01", "pass"),
    "state.trust:TrustStore.entries": ("trust", "--list"),
    "state.runs:runs": ("runs",),
    "tui.cli.probes:_measure": ("probes", "command", "command=ls"),
}
"""The place, and the words of a command line that come there."""
PLACES = (*ON_SCREEN, *WITH_A_VERB)


class Break(MetaPathFinder):
    """Lets the function at *place* fail, for all who know it, once it is loaded.

    Not earlier: Textual may be loaded only when the terminal is known.
    """

    def __init__(self, place: str) -> None:
        self._module, _, self._path = place.partition(":")

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self._module:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        assert spec and spec.loader
        load = spec.loader.exec_module

        def loaded(module: ModuleType) -> None:
            load(module)
            self._break(module)

        spec.loader.exec_module = loaded  # type: ignore[method-assign]
        return spec

    def _break(self, module: ModuleType) -> None:
        function: Any = module
        for name in self._path.split("."):
            function = getattr(function, name)
        asynchronous = function.__code__.co_flags & CO_COROUTINE
        instead = _fail_later.__code__ if asynchronous else _fail.__code__
        function.__defaults__ = function.__kwdefaults__ = None
        function.__code__ = _named_like(instead, function)


def _named_like(code: CodeType, function: Callable[..., Any]) -> CodeType:
    was = function.__code__
    return code.replace(
        co_name=was.co_name,
        co_qualname=was.co_qualname,
        co_filename=was.co_filename,
        co_firstlineno=was.co_firstlineno,
    )


def _fail(*args: object, **named: object) -> None:
    from tests.torture.crash_places import secrets

    password, code = secrets()
    held = {"password": password, "code": code}
    try:
        raise KeyError(held["code"])
    except KeyError as error:
        raise RuntimeError(f"cannot log in with {held['password']}") from error


async def _fail_later(*args: object, **named: object) -> None:
    from tests.torture.crash_places import secrets

    password, code = secrets()
    held = {"password": password, "code": code}
    try:
        raise KeyError(held["code"])
    except KeyError as error:
        raise RuntimeError(f"cannot log in with {held['password']}") from error


def secrets() -> tuple[str, str]:
    """Return a secret, and another one in some encoding; leave a sign of it."""
    with open(os.environ["CRASHED"], "a") as sign:
        sign.write("here\n")
    return os.environ["CRASH_PASSWORD"], os.environ["CRASH_CODE"]


def main() -> int:
    sys.meta_path.insert(0, Break(sys.argv[1]))
    from tui.__main__ import main as gonogo

    return gonogo(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
