"""Everything a document could run or reach, for the person who is to trust it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.model import Block, Runbook, Step
from runbooks.tables import NOTHING_DECLARED
from runbooks.target import NOWHERE, Target


def inventory(runbook: Runbook, target: Target = NOWHERE) -> tuple[str, ...]:
    """Every command, undo, fix, probe, action and host of *runbook*, line by line.

    Nothing is left out or cut, since all of it is trusted, and nothing runs; the
    text is as foreign as the document.

    Args:
        target: what the references of probes and actions are said to lead to.
    """
    lines = []
    for name, value in runbook.options.vars.items():
        lines += _listed("variable ", f"{name}={value}")
    for block in runbook.blocks:
        lines += _of_block(block)
    hosts: set[str] = set()
    for step in runbook.steps:
        lines += _of_step(step, target)
        asked = [(probe.use, probe.parameters) for probe in step.probes]
        asked += [(action.use, action.parameters) for action in step.actions]
        for use, parameters in asked:
            hosts.update(_hosts(parameters.values(), target))
            hosts.update(_hosts(_table(use, target).values(), target))
    return (*lines, *(f"host {host}" for host in sorted(hosts)))


def is_powerful(runbook: Runbook) -> bool:
    """Whether there is anything in *runbook* that could run, look or change."""
    return bool(runbook.blocks) or any(
        step.probes or step.actions or step.options.fix for step in runbook.steps
    )


def only_prose_differs(old: Runbook, new: Runbook) -> bool:
    """Whether *new* declares and runs exactly what *old* does, in the same order."""
    return _powers(old) == _powers(new)


def _of_block(block: Block) -> Iterator[str]:
    from runbooks.wish import class_as_run

    where = f" in {block.options.cwd}" if block.options.cwd else ""
    for part in block.parts:
        said = class_as_run(block, part).command_class
        yield from _listed(f"command {part.line}: [{said}{where}] ", part.text)
    if block.options.undo:
        yield from _listed(f"undo {block.line}: ", block.options.undo)


def _of_step(step: Step, target: Target) -> Iterator[str]:
    for fix in step.options.fix:
        yield from _listed(f"fix {step.line}: ", fix)
    for probe in step.probes:
        said = _asked(probe.use, probe.parameters, target)
        yield from _listed(f"probe {step.line}: ", said)
    for action in step.actions:
        said = _asked(action.use, action.parameters, target)
        yield from _listed(f"action {step.line}: ", said)
        if action.undo:
            yield from _listed(f"undo {step.line}: ", action.undo)


def _asked(use: str, parameters: Mapping[str, Any], target: Target) -> str:
    """What is asked of which system, as written and as the profile fills it in."""
    words = [f"{name}={value}" for name, value in parameters.items()]
    return " ".join((use, *words)) + _leads(use, parameters, target)


def _leads(use: str, parameters: Mapping[str, Any], target: Target) -> str:
    """Where it leads: the table that is called as the family, and its references."""
    from runbooks.references import fill, references
    from runbooks.secrets import Secret

    said: dict[str, Any] = {}
    for key, value in _table(use, target).items():
        if not isinstance(value, Mapping | Secret):
            said[f"{_family(use)}.{key}"] = value
    for name in references(dict(parameters)):
        try:
            said[name] = fill(f"${{{name}}}", target)
        except ProbeError:
            said[name] = "in no profile that was read"
        if name in target.secrets:
            said[name] = "a secret"
    if not said:
        return ""
    return "; ".join(["", *(f"{name} is {value}" for name, value in said.items())])


def _table(use: str, target: Target) -> Mapping[str, Any]:
    """The table of the profile in which probes and actions of a family find it."""
    table = target.tables.get(_family(use), {})
    return table if isinstance(table, Mapping) else {}


def _family(use: str) -> str:
    return use.partition(".")[0]


def _hosts(values: Iterable[Any], target: Target) -> Iterator[str]:
    from runbooks.references import fill

    for value in values:
        try:
            filled = fill(value, target)
        except ProbeError:
            filled = value
        if isinstance(filled, str) and (host := _host(filled)):
            yield host


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no address
        return ""


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
