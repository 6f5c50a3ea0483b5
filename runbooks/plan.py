"""What is to be run and how, and the same in the words of the supervisor."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbooks import context, redaction
from runbooks.errors import CommandError
from runbooks.orphans import unleashed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One command, ready to be started.

    Attributes:
        id: names its files in `outputs`; unique there.
        shell: ``bash`` or ``zsh``.
        outputs: directory of its files, made if missing (0700).
        env: added to gonogo's own environment.
        context: file of the run's shell context, read before; replaced after if
            `keep_context` and the command was not stopped. zsh has its own
            beside it, with ``.zsh`` at the end of the name.
        wall: limit of the whole, in seconds, or None.
        silence: limit without output, in seconds, or None.
        output_limit: of what is kept, in bytes.
        secrets: values to redact.
        tty: its output is a pseudo-terminal without a keyboard.
        grace: seconds between SIGTERM and SIGKILL when it is stopped.
    """

    id: str
    text: str
    shell: str = "bash"
    cwd: Path
    outputs: Path
    env: Mapping[str, str] = field(default_factory=dict)
    context: Path | None = None
    keep_context: bool = True
    wall: float | None = None
    silence: float | None = None
    output_limit: int = 2 << 30
    secrets: tuple[str, ...] = ()
    tty: bool = False
    grace: float = 5.0


def message(plan: Plan, interactive: bool = False) -> dict[str, Any]:
    """Return *plan* as the supervisor reads it.

    Raises:
        CommandError: shell or directory is missing.
    """
    program = shutil.which(plan.shell)
    if program is None:
        raise CommandError(
            f"{plan.shell} is not installed here; the command was not started"
        )
    if not plan.cwd.is_dir():
        raise CommandError(
            f"the working directory {plan.cwd} is not there; choose another one"
        )
    if "\0" in plan.text:
        raise CommandError("the command holds a NUL byte, which no shell can read")
    cwd, outputs = plan.cwd.absolute(), plan.outputs.absolute()
    kept = plan.context and context.file_of(plan.context.absolute(), plan.shell)
    scratch = kept or outputs / plan.id
    try:
        for directory in (outputs, scratch.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot make {error.filename}: {error.strerror}") from error
    values = scratch.with_name(f"{scratch.name}.{plan.id}.values")
    capture = None
    if kept and plan.keep_context:
        capture = kept.with_name(f"{kept.name}.{plan.id}.new")
    env = {**unleashed(os.environ), **plan.env, "GONOGO_OUTPUT": str(values)}
    if plan.tty and not interactive:
        # Nobody can turn the page.
        env.update({"PAGER": "cat", "GIT_PAGER": "cat", **plan.env})
    elif not interactive:
        env["TERM"] = "dumb"
    return {
        "id": plan.id,
        "program": program,
        "argv": context.shell_arguments(plan.shell),
        "prelude": context.prelude(plan.shell, cwd, kept, capture).decode("latin-1"),
        "text": context.script(plan.text).decode("latin-1"),
        "env": env,
        "cwd": str(cwd),
        "outputs": str(outputs),
        "context": str(kept or ""),
        "capture": str(capture or ""),
        "values": str(values),
        "wall": plan.wall,
        "silence": plan.silence,
        "limit": plan.output_limit,
        "patterns": [p.decode("latin-1") for p in redaction.patterns(plan.secrets)],
        "tty": plan.tty,
        "grace": plan.grace,
    }
