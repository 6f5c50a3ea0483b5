"""Probes, by the name that documents use.

A probe is called ``family`` or ``family.aspect``. A family is one module here; it
says in ``PROBES`` which probes it holds, and is imported when a document first
asks for one of them, so that opening a runbook costs only what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from runbooks import expectations
from runbooks.durations import seconds
from runbooks.probes.base import Duration
from runbooks.references import misspelt, references

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
    known: Mapping[str, type[Probe]] = import_module(f"{__name__}.{family}").PROBES
    return known


def build(cls: type[Probe], parameters: Mapping[str, Any]) -> Probe:
    """Return the probe with these parameters.

    Raises:
        ValueError: a parameter is missing, unknown or of a wrong kind.
    """
    wrong = _wrong(cls, parameters)
    if wrong:
        raise ValueError(wrong[0])
    return msgspec.convert(dict(parameters), cls, dec_hook=_decode)


def check(spec: ProbeSpec) -> list[str]:
    """Return what is wrong with a probe as written, each with what to write.

    Parameters that refer to the target profile are checked when they are filled.
    """
    try:
        cls = probe_class(spec.use)
    except LookupError as error:
        return [str(error)]
    wrong = _wrong(cls, spec.parameters)
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


def near(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest of *known*, or ""."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _wrong(cls: type[Probe], parameters: Mapping[str, Any]) -> list[str]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(cls)}
    wrong = [
        f"no parameter is called {name!r}{near(name, fields)}"
        for name in parameters
        if name not in fields
    ]
    for name, field in fields.items():
        if name not in parameters:
            if field.required and not cls.table:
                wrong.append(f"the parameter {name!r} is missing; add it")
        elif name not in cls.verbatim and (broken := misspelt(parameters[name])):
            wrong.append(f"{name}: {broken} is no reference; write ${{table.key}}")
        elif name in cls.verbatim or not references(parameters[name]):
            try:
                msgspec.convert(parameters[name], field.type, dec_hook=_decode)
            except (msgspec.ValidationError, ValueError) as error:
                problem = str(error)
                wrong.append(f"{name}: {problem[:1].lower()}{problem[1:]}")
    return wrong


def _decode(kind: type, value: object) -> object:
    if kind is Duration:
        return Duration(seconds(str(value)))
    raise NotImplementedError(kind)
