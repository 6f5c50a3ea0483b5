"""Everything a document could run or reach, for the person who is to trust it."""

from __future__ import annotations

from urllib.parse import urlsplit

from runbooks.model import Runbook
from runbooks.tables import NOTHING_DECLARED


def inventory(runbook: Runbook) -> tuple[str, ...]:
    """Every command, undo, fix, probe, action and host of *runbook*, line by line.

    Nothing is left out or cut, since all of it is trusted, and nothing runs; the
    text is as foreign as the document.
    """
    from runbooks.wish import class_as_run

    lines = []
    for block in runbook.blocks:
        for part in block.parts:
            said = class_as_run(block, part)
            lines += _listed(f"command {part.line}: [{said.command_class}] ", part.text)
        if block.options.undo:
            lines += _listed(f"undo {block.line}: ", block.options.undo)
    hosts = set()
    for step in runbook.steps:
        for fix in step.options.fix:
            lines += _listed(f"fix {step.line}: ", fix)
        for probe in step.probes:
            said_of = ", ".join(f"{k}={v}" for k, v in probe.parameters.items())
            lines += _listed(f"probe {step.line}: ", f"{probe.use} {said_of}")
            for value in probe.parameters.values():
                if isinstance(value, str) and (host := urlsplit(value).hostname):
                    hosts.add(host)
        for action in step.actions:
            said_of = ", ".join(f"{k}={v}" for k, v in action.parameters.items())
            lines += _listed(f"action {step.line}: ", f"{action.use} {said_of}")
            if action.undo:
                lines += _listed(f"undo {step.line}: ", action.undo)
    return (*lines, *(f"host {host}" for host in sorted(hosts)))


def only_prose_differs(old: Runbook, new: Runbook) -> bool:
    """Whether *new* declares and runs exactly what *old* does, in the same order."""
    return _powers(old) == _powers(new)


def _powers(runbook: Runbook) -> tuple[object, ...]:
    return (
        runbook.options,
        [
            (block.shell, block.language, block.options, [p.text for p in block.parts])
            for block in runbook.blocks
        ],
        [
            (step.options, step.actions)
            for step in runbook.steps
            if step.actions or step.options != NOTHING_DECLARED
        ],
    )


def _listed(head: str, text: str) -> list[str]:
    """All lines of *text* behind *head*; only a line feed ends a line of the shell."""
    first, *rest = text.split("\n")
    return [head + first, *(f"    {line}" for line in rest)]
