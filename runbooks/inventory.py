"""Everything a document could run or reach, for the person who is to trust it."""

from __future__ import annotations

from urllib.parse import urlsplit

from runbooks.model import Runbook


def inventory(runbook: Runbook) -> tuple[str, ...]:
    """One line for every command, probe, action and host of *runbook*.

    Nothing is left out and nothing runs; the text is as foreign as the document.
    """
    from runbooks.wish import class_as_run

    lines = []
    for block in runbook.blocks:
        for part in block.parts:
            said = class_as_run(block, part)
            first, *rest = part.text.splitlines() or [""]
            more = f" (+{len(rest)} lines)" if rest else ""
            lines.append(f"command {part.line}: [{said.command_class}] {first}{more}")
    hosts = set()
    for step in runbook.steps:
        for probe in step.probes:
            said_of = ", ".join(f"{k}={v}" for k, v in probe.parameters.items())
            lines.append(f"probe {step.line}: {probe.use} {said_of}")
            for value in probe.parameters.values():
                if isinstance(value, str) and (host := urlsplit(value).hostname):
                    hosts.add(host)
        for action in step.actions:
            lines.append(f"action {step.line}: {action.use}")
    return (*lines, *(f"host {host}" for host in sorted(hosts)))
