"""A target profile to be filled in: what a runbook asks of it, and for which steps."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from runbooks import probes
from runbooks.errors import StateError
from runbooks.model import Runbook, Step
from runbooks.private import create
from runbooks.references import references
from runbooks.tables import ProbeSpec

HEAD = """\
# What gonogo has to know of this deployment to look at it. Fill in what exists
# here and take the '# ' away before it; what is missing is told as unknown.
# Never write a secret: say where it is kept, as in
#   token = {env = "API_TOKEN"}    or {file = "/path"}, or {command = "pass api"}
"""
Known = Mapping[str, Mapping[str, Any]]
"""Table to key to value: what is known of the deployment already."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def template(runbook: Runbook, known: Known | None = None) -> str:
    """Return a profile that names all that the steps refer to.

    Args:
        known: what it sets; the rest stands there as comments.
    """
    known = known or {}
    tables: dict[str, dict[str, list[Step]]] = {}
    facts: dict[str, list[Step]] = {}
    values: dict[str, list[str]] = {}
    for step in runbook.steps:
        for spec in step.probes:
            for name in _asked(spec):
                table, _, key = name.rpartition(".")
                keys = facts if table == "facts" else tables.setdefault(table, {})
                keys.setdefault(key, []).append(step)
        for when in (step.options.when, *(spec.when for spec in step.probes)):
            for fact, wanted in when.items():
                facts.setdefault(fact, []).append(step)
                for value in wanted if isinstance(wanted, list) else [wanted]:
                    values.setdefault(fact, []).append(json.dumps(value))
    for table, said in known.items():
        keys = facts if table == "facts" else tables.setdefault(table, {})
        for key in said:
            keys.setdefault(key, [])
    lines = [HEAD]
    for table, keys in tables.items():
        lines += [f"[{table}]", *_settings(keys, {}, known.get(table, {})), ""]
    if facts:
        lines += ["# What is so here; steps that need something else are n/a."]
        lines += ["[facts]", *_settings(facts, values, known.get("facts", {})), ""]
    return "\n".join(lines)


def write_template(runbook: Runbook, directory: Path) -> Path:
    """Write the profile of *runbook*, 0600, and return its path.

    One that is there already is left as it is.

    Raises:
        StateError: it cannot be written.
    """
    name = (runbook.options.target or runbook.id).replace("/", "-").strip(".") or "new"
    path = directory / f"{name}.toml"
    if not path.exists():
        write(path, template(runbook))
    return path


def write(path: Path, text: str) -> None:
    """Write a profile, 0600; one that is there stays until the new one is whole.

    Raises:
        StateError: it cannot be written.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        with os.fdopen(create(str(new)), "wb") as file:
            file.write(text.encode("utf-8", "replace"))
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise StateError(f"{path} cannot be written: {error.strerror}.") from error


def _asked(spec: ProbeSpec) -> Iterator[str]:
    """Yield dotted names that a probe needs of the profile."""
    yield from references([dict(spec.parameters), dict(spec.expect)])
    try:
        cls = probes.probe_class(spec.use)
    except LookupError:
        return
    for field in msgspec.structs.fields(cls) if cls.table else ():
        if field.required and field.encode_name not in spec.parameters:
            yield f"{cls.table}.{field.encode_name}"


def _settings(
    keys: dict[str, list[Step]], values: dict[str, list[str]], known: Mapping[str, Any]
) -> Iterator[str]:
    for key, steps in keys.items():
        value, *others = dict.fromkeys(values.get(key, ['""']))
        name = key if _BARE.fullmatch(key) else f'"{key}"'
        which = _which(steps)
        if key in known:
            yield f"{name} = {_toml(known[key])}" + (f"  # {which}" if which else "")
        else:
            others_said = f"or {', '.join(others)}; " if others else ""
            yield f"# {name} = {value}  # {others_said}{which}"


def _which(steps: list[Step]) -> str:
    """Name the step, or how many there are."""
    if not steps:
        return ""
    text = "".join(c for c in steps[0].text if c.isprintable())
    first = text if len(text) <= 60 else f"{text[:59]}…"
    different = len({step.id for step in steps})
    return first if different == 1 else f"{different} steps, first: {first}"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
