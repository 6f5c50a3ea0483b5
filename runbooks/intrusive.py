"""Looks that do more than read: they need the profile's leave, and a person's."""

from __future__ import annotations

from runbooks import probes
from runbooks.model import Step
from runbooks.tables import ProbeSpec
from runbooks.target import Target


def more_than_read(spec: ProbeSpec) -> str:
    """Return what looking does, such as "submits a job"; "" for nothing more."""
    try:
        return probes.probe_class(spec.use).intrusive
    except LookupError:
        return ""


def does(step: Step) -> str:
    """Return what looking at *step* does beyond reading, "" for nothing."""
    said = (more_than_read(spec) for spec in step.probes)
    return " and ".join(dict.fromkeys(filter(None, said)))


def allowed(step: Step, target: Target) -> bool:
    """Whether the profile names *step* under ``[intrusive] steps``."""
    return step.id in target.tables.get("intrusive", {}).get("steps", ())
