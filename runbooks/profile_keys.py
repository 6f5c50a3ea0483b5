"""What a target profile may say: the tables and keys that probes and runbook ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from runbooks import probes
from runbooks.model import Runbook, Step
from runbooks.references import references
from runbooks.tables import ActionSpec, ProbeSpec

FREE = ("vars", "secrets", "window", "thresholds")
"""Tables whose keys are the operator's own, or checked by their own rules."""
_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "facts": (
        *("platform", "gpu", "search", "environment", "pooler", "caching", "billing"),
        *("diarization", "translation", "vocabulary", "email", "cdn"),
        *("remote_backups", "central_logs"),
    ),
    "api": ("url", "host", "ca"),
    "web": ("url", "ca", "terms_url", "privacy_url"),
    "worker": ("metrics_url",),
    "backups": (
        *("directory", "media_directory", "wal_directory"),
        *("command", "environment"),
    ),
    "intrusive": ("steps",),
    "kubernetes": ("kubeconfig", "context", "namespace"),
    "postgres": ("admin_dsn", "exclude"),
    "probes": ("every",),
    "settings": ("env_file", "api_env_file", "worker_env_file", "backup_env_file"),
}
"""What a profile may say whether or not this runbook asks for it."""


def known_keys(runbook: Runbook) -> dict[str, set[str]]:
    """Return the keys of each table that anything reads."""
    known = {table: set(keys) for table, keys in _ALWAYS.items()}
    for name in probes.names():
        cls = probes.probe_class(name)
        if cls.table:
            fields = {field.encode_name for field in msgspec.structs.fields(cls)}
            known.setdefault(cls.table, set()).update(fields)
    for step in runbook.steps:
        known["facts"].update(step.options.when)
        for spec in _looks_and_acts(step):
            known["facts"].update(spec.when)
            said: list[Any] = [dict(spec.parameters)]
            if isinstance(spec, ProbeSpec):
                said.append(dict(spec.expect))
            for name in references(said):
                table, _, key = name.partition(".")
                known.setdefault(table, set()).add(key.partition(".")[0])
    return known


def known_facts(runbook: Runbook) -> dict[str, list[Any]]:
    """Return the values of each fact that steps tell apart."""
    values: dict[str, list[Any]] = {}
    for step in runbook.steps:
        specs = _looks_and_acts(step)
        for when in (step.options.when, *(spec.when for spec in specs)):
            for fact, wanted in when.items():
                several = wanted if isinstance(wanted, list) else [wanted]
                found = values.setdefault(fact, [])
                found += [each for each in several if each not in found]
    return values


def _looks_and_acts(step: Step) -> list[ProbeSpec | ActionSpec]:
    return [*step.probes, *step.actions]
