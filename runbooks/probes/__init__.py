"""Probes, by the name that documents use.

A probe is called ``family`` or ``family.aspect``. A family is one module here; it
says in ``PROBES`` which probes it holds, and is imported when a document first
asks for one of them, so that opening a runbook costs only what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runbooks import expectations, families, parameters
from runbooks.parameters import build as build
from runbooks.parameters import near

if TYPE_CHECKING:
    from runbooks.probes.base import Probe
    from runbooks.tables import ProbeSpec

FAMILIES = (
    "alertmanager",
    "amd_gpu",
    "backups",
    "command",
    "dns",
    "docker",
    "file",
    "grafana",
    "host",
    "http",
    "image_scan",
    "kubernetes",
    "logs",
    "nvidia_gpu",
    "object_storage",
    "opensearch",
    "pgbouncer",
    "postgres",
    "prometheus",
    "redis",
    "reports",
    "settings",
    "tcp",
    "tls",
)
"""Names of the modules here that hold probes."""


def names() -> list[str]:
    """Return what documents may write after ``use``, imports every family."""
    return sorted(name for family in FAMILIES for name in _family(family))


def probe_class(name: str) -> type[Probe]:
    """Return the probe class that documents call *name*.

    Raises:
        LookupError: there is no such probe; the message offers near names.
    """
    family = name.partition(".")[0]
    if family not in FAMILIES:
        hint = near(name, FAMILIES) or near(family, FAMILIES)
        raise LookupError(f"no probe is called {name!r}{hint}")
    known = _family(family)
    if name not in known:
        hint = near(name, known) or f"; there are {', '.join(known)}"
        raise LookupError(f"no probe is called {name!r}{hint}")
    return known[name]


def _family(family: str) -> Mapping[str, type[Probe]]:
    module = families.family(f"{__name__}.{family}")
    known: Mapping[str, type[Probe]] = module.PROBES
    return known


def check(spec: ProbeSpec) -> list[str]:
    """Return what is wrong with a probe as written, each with what to write.

    Parameters that refer to the target profile are checked when they are filled.
    """
    try:
        cls = probe_class(spec.use)
    except LookupError as error:
        return [str(error)]
    wrong = parameters.complaints(cls, spec.parameters)
    if not wrong:
        wrong = cls.complaints(spec.parameters)
    if not spec.expect:
        wrong.append("nothing is expected of it; add expect = { READING = … }")
    for name, bound in spec.expect.items():
        try:
            expected(cls, {name: bound})
        except ValueError as error:
            wrong.append(str(error))
    return wrong


def expected(
    cls: type[Probe], bounds: Mapping[str, Any]
) -> dict[str, expectations.Expectation]:
    """Return what is expected of each reading.

    Raises:
        ValueError: the probe has no such reading, or a bound cannot be read.
    """
    found = {}
    for name, bound in bounds.items():
        unit = cls.unit(name)
        if unit is None:
            known = near(name, cls.readings) or f"; it has {', '.join(cls.readings)}"
            raise ValueError(f"there is no reading {name!r}{known}")
        if name in cls.naming and isinstance(bound, bool):
            wanted = "present" if bound else "absent"
            raise ValueError(f'{name} names what is there; write "{wanted}"')
        try:
            found[name] = expectations.parse(bound, unit)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        if name in found[name].others():
            raise ValueError(
                f"{name} is compared with itself, so it asserts nothing; name another"
            )
    return found


def unread(spec: ProbeSpec, step: Iterable[ProbeSpec]) -> list[str]:
    """Return the readings that bounds of *spec* compare with and nobody reads.

    Args:
        step: all probes of the step.
    """
    with suppress(LookupError, ValueError):
        cls = probe_class(spec.use)
        wanted = expected(cls, spec.expect).values()
        names = dict.fromkeys(name for each in wanted for name in each.others())
        return [name for name in names if not _read(name, cls, step)]
    return []


def _read(name: str, cls: type[Probe], step: Iterable[ProbeSpec]) -> bool:
    called, _, rest = name.partition(".")
    other = next((each for each in step if rest and each.called == called), None)
    if other is not None:
        return probe_class(other.use).unit(rest) is not None
    return cls.unit(name) is not None
