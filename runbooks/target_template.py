"""A target profile to be filled in: what a runbook asks of it, and for which steps."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from runbooks.errors import StateError
from runbooks.model import Runbook, Step
from runbooks.private import create
from runbooks.references import references

HEAD = """\
# What gonogo has to know of this deployment to look at it. Fill in what exists
# here and take the '# ' away before it; what is missing is told as unknown.
# Never write a secret: say where it is kept, as in
#   token = {env = "API_TOKEN"}    or {file = "/path"}, or {command = "pass api"}
"""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def template(runbook: Runbook) -> str:
    """Return a profile that sets nothing yet and names all that the steps refer to."""
    tables: dict[str, dict[str, list[Step]]] = {}
    facts: dict[str, list[Step]] = {}
    values: dict[str, list[str]] = {}
    for step in runbook.steps:
        for probe in step.probes:
            for name in references(dict(probe.parameters)):
                table, _, key = name.rpartition(".")
                tables.setdefault(table, {}).setdefault(key, []).append(step)
        for fact, wanted in step.options.when.items():
            facts.setdefault(fact, []).append(step)
            for value in wanted if isinstance(wanted, list) else [wanted]:
                values.setdefault(fact, []).append(json.dumps(value))
    lines = [HEAD]
    for table, keys in tables.items():
        lines += [f"[{table}]", *_settings(keys, {}), ""]
    if facts:
        lines += ["# What is so here; steps that need something else are n/a."]
        lines += ["[facts]", *_settings(facts, values), ""]
    return "\n".join(lines)


def write_template(runbook: Runbook, directory: Path) -> Path:
    """Write the profile of *runbook*, 0600, and return its path.

    One that is there already is left as it is.

    Raises:
        StateError: it cannot be written.
    """
    name = (runbook.options.target or runbook.id).replace("/", "-").strip(".") or "new"
    path = directory / f"{name}.toml"
    if path.exists():
        return path
    try:
        directory.mkdir(0o700, parents=True, exist_ok=True)
        with os.fdopen(create(str(path)), "wb") as file:
            file.write(template(runbook).encode("utf-8", "replace"))
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}.") from error
    return path


def _settings(
    keys: dict[str, list[Step]], values: dict[str, list[str]]
) -> Iterator[str]:
    for key, steps in keys.items():
        value, *others = dict.fromkeys(values.get(key, ['""']))
        known = f"or {', '.join(others)}; " if others else ""
        key = key if _BARE.fullmatch(key) else f'"{key}"'
        text = "".join(c for c in steps[0].text if c.isprintable())
        first = text if len(text) <= 60 else f"{text[:59]}…"
        which = first if len(steps) == 1 else f"{len(steps)} steps, first: {first}"
        yield f"# {key} = {value}  # {known}{which}"
