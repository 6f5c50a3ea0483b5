"""What is read of variables, and how several services' readings become one."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence

from runbooks.quantities import shown
from runbooks.results import Reading, Value
from runbooks.setting_aspects import aspects
from runbooks.settings import Environment, Setting


def seen_of(name: str, found: Sequence[Setting], key: bytes) -> list[dict[str, Value]]:
    """Return all that can be read of one variable in each environment.

    What only the running container knows has its source and nothing else.
    """
    same = len({setting.value or "" for setting in found}) == 1
    seen = []
    for setting in found:
        values: dict[str, Value] = {"source": setting.source}
        if setting.value is not None or setting.source == "unset":
            values |= aspects(name, setting.value)
            values |= {"source": setting.source, "mode": setting.mode or None}
            values["same"] = same
            if setting.value:
                digest = hmac.new(key, setting.value.encode(), "sha256").hexdigest()
                values["fingerprint"] = digest[:12]
        seen.append(values)
    return seen


def merged(
    name: str, labels: Sequence[str], seen: Sequence[Mapping[str, Value]]
) -> Iterable[Reading]:
    """Merge the environments: one value where they agree, else each with its label."""
    for aspect in dict.fromkeys(aspect for values in seen for aspect in values):
        if any(aspect not in values for values in seen):
            continue
        full = f"{name}.{aspect}" if aspect else name
        each = [Reading(full, values[aspect]) for values in seen]
        texts = [shown(reading) for reading in each]
        if len(set(texts)) == 1:
            yield each[0]
        else:
            pairs = zip(labels, texts, strict=True)
            yield Reading(full, ", ".join(f"{label}={text}" for label, text in pairs))


def sets(
    together: Sequence[Sequence[str]], environments: Sequence[Environment]
) -> Iterable[Reading]:
    """Count the sets that are whole everywhere, and name what others lack."""
    complete, lacking = 0, []
    for names in together:
        given = [
            {name for name in names if each.setting(name).value}
            for each in environments
        ]
        complete += all(each == set(names) for each in given)
        if any(given):
            lacking += [n for n in names if any(n not in each for each in given)]
    yield Reading("complete", complete)
    yield Reading("incomplete", ", ".join(lacking) or None)


def told(values: Mapping[str, Value]) -> str:
    """Return a line of evidence: ``= INFO (file 0600)``."""
    mode = f" {values['mode']}" if values.get("mode") else ""
    value = values.get("")
    said = "is not set" if value is None else f"= {shown(Reading('', value))}"
    if values["source"] == "fieldRef":
        said = "is known to the running container alone"
    return f"{said} ({values['source']}{mode})"
