"""Parameters of probes and actions: checked as written, filled from a profile, built.

They are the fields of a frozen struct; what a document leaves out may stand in the
profile's table that the class names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from runbooks.durations import seconds
from runbooks.references import misspelt, references

if TYPE_CHECKING:
    from runbooks.target import Target


class Duration(float):
    """Seconds, written as text such as ``"5s"`` or ``"500ms"`` in a document."""


class Parametrised(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What has parameters: the fields of a subclass.

    Those that say where to look and with what right come from the profile's table of
    that name, so that a document need not repeat them.

    Attributes:
        timeout: budget for one look, in seconds.
    """

    timeout: Duration = Duration(10)

    table: ClassVar[str] = ""
    """Table of the profile whose keys are parameters that a document leaves out."""
    verbatim: ClassVar[frozenset[str]] = frozenset()
    """Parameters in which ``${…}`` is left alone, because it means something else."""

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        """Return *parameters* with what the profile adds to them.

        Raises:
            ProbeError: neither says what cannot be done without.
        """
        from runbooks.target import lookup

        known = dict(parameters)
        said = target.tables.get(cls.table, {})
        for field in msgspec.structs.fields(cls) if cls.table else ():
            name = field.encode_name
            if name in parameters or (name not in said and not field.required):
                continue
            lookup(target, f"{cls.table}.{name}")
            known[name] = f"${{{cls.table}.{name}}}"
        return known


P = TypeVar("P", bound=Parametrised)


def complaints(cls: type[Parametrised], parameters: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with *parameters*, each with what to write.

    Those that refer to the target profile are checked when they are filled.
    """
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


def build(cls: type[P], parameters: Mapping[str, Any]) -> P:
    """Return the probe or action with these parameters.

    Raises:
        ValueError: a parameter is missing, unknown or of a wrong kind.
    """
    wrong = complaints(cls, parameters)
    if wrong:
        raise ValueError(wrong[0])
    return msgspec.convert(dict(parameters), cls, dec_hook=_decode)


def near(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest of *known*, or ""."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _decode(kind: type, value: object) -> object:
    if kind is Duration:
        return Duration(seconds(str(value)))
    raise NotImplementedError(kind)
