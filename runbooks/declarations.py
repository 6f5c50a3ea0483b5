"""Decodes what documents declare, strictly and with all complaints at once.

Each key is decoded for itself, so one mistake hides no other; what was right
is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from runbooks.durations import seconds
from runbooks.model import Problem
from runbooks.source import Source, near
from runbooks.tables import ActionSpec, ProbeSpec

S = TypeVar("S", bound=msgspec.Struct)

DURATIONS = frozenset({"fresh", "repeat", "for", "every", "timeout", "silence"})
"""Keys whose text is a duration."""

ID = re.compile(r"[^\W_](?:[\w./-]{0,98}[^\W_])?")
"""What a declared id may look like."""


def decode(
    cls: type[msgspec.Struct],
    table: Mapping[str, Any],
    source: Source,
    problems: list[Problem],
    above: tuple[str, ...] = (),
    *,
    lax: bool = False,
) -> dict[str, Any]:
    """Return the fields of struct *cls* that *table* declares rightly.

    Args:
        above: keys of *source* under which the table stands.
        lax: accept "true" for true, as annotations write it.
    """
    known = _fields(cls)
    values: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    for key, value in table.items():
        keys = (*above, key)
        if key not in known:
            if issubclass(cls, ProbeSpec | ActionSpec):
                parameters[key] = value
            else:
                problems.append(unknown_key(key, known, source, keys))
            continue
        name, wanted = known[key]
        inner = _struct(wanted)
        try:
            if inner is None:
                values[name] = msgspec.convert(value, wanted, strict=not lax)
                _check(key, values[name])
            elif get_origin(wanted) is tuple:
                tables = msgspec.convert(value, list[dict[str, Any]])
                made = [make(inner, each, source, problems, keys) for each in tables]
                values[name] = tuple(each for each in made if each is not None)
            else:
                one = msgspec.convert(value, dict[str, Any])
                values[name] = make(inner, one, source, problems, keys)
        except (msgspec.ValidationError, ValueError) as error:
            values.pop(name, None)
            problem, remedy = _complaint(key, value, wanted, error)
            problems.append(source.problem(source.find(keys), problem, remedy))
    if parameters:
        values["parameters"] = parameters
    return values


def unknown_key(
    key: str, known: Iterable[str], source: Source, keys: Sequence[str]
) -> Problem:
    """Return the complaint about a key that nothing reads."""
    meant = near(key, known)
    remedy = f"did you mean {meant}?" if meant else f"known are {', '.join(known)}"
    return source.problem(source.find(keys), f"unknown key {key!r}", remedy)


def make(
    cls: type[S],
    table: Mapping[str, Any],
    source: Source,
    problems: list[Problem],
    above: tuple[str, ...] = (),
) -> S | None:
    """Return the struct *cls* that *table* declares, None when a key is missing."""
    values = decode(cls, table, source, problems, above)
    complete = True
    for key, name in _required(cls):
        complete = complete and name in values
        if key not in table:
            problem = f"{'.'.join(above) or 'this block'} has no {key!r}"
            remedy = f'write {key} = "…"'
            problems.append(source.problem(source.find(above), problem, remedy))
    return cls(**values) if complete else None


@cache
def _fields(cls: type[msgspec.Struct]) -> dict[str, tuple[str, Any]]:
    """Return key as written to attribute and type; parameters are not written so."""
    return {
        field.encode_name: (field.name, field.type)
        for field in msgspec.structs.fields(cls)
        if field.name != "parameters"
    }


@cache
def _required(cls: type[msgspec.Struct]) -> list[tuple[str, str]]:
    """Return key as written and attribute of what a table cannot do without."""
    return [
        (field.encode_name, field.name)
        for field in msgspec.structs.fields(cls)
        if field.required
    ]


@cache
def _struct(wanted: Any) -> type[msgspec.Struct] | None:
    """Return the struct that *wanted* is, or is a tuple of, or None."""
    if get_origin(wanted) in (Union, UnionType, tuple):
        inner = (_struct(each) for each in get_args(wanted))
        return next((each for each in inner if each), None)
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return wanted
    return None


def _check(key: str, value: Any) -> None:
    if key in DURATIONS and isinstance(value, str):
        seconds(value)
    if key == "id" and isinstance(value, str) and not ID.fullmatch(value):
        raise ValueError(f"{value!r} is no id; write letters, digits and . - _ /")


def _complaint(key: str, value: Any, wanted: Any, error: Exception) -> tuple[str, str]:
    """Return what is wrong with *value*, and what to write."""
    choices = _choices(wanted)
    if choices and isinstance(value, str):
        meant = near(value, choices)
        remedy = f'write "{meant}"' if meant else f"write one of {', '.join(choices)}"
        return f"{key} = {_short(value)} is none of {', '.join(choices)}", remedy
    if not isinstance(error, msgspec.ValidationError):
        problem, _, remedy = str(error).partition("; ")
        return f"{key}: {problem}", remedy
    return f"{key} = {_short(value)} is not {_words(wanted)}", f"write {_words(wanted)}"


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode() if value is not None else "nothing"
    return text if len(text) <= 40 else f"{text[:39]}…"


def _choices(wanted: Any) -> list[str]:
    for each in (wanted, *get_args(wanted)):
        if isinstance(each, type) and issubclass(each, Enum):
            return [str(member.value) for member in each]
        if get_origin(each) is Literal:
            return [str(choice) for choice in get_args(each)]
    if get_origin(wanted) is Literal:
        return [str(choice) for choice in get_args(wanted)]
    return []


def _words(wanted: Any) -> str:
    """Return what *wanted* looks like in TOML."""
    kinds = [each for each in get_args(wanted) if each is not NoneType]
    if get_origin(wanted) is tuple:
        table = _struct(wanted) is not None
        return "a list of tables" if table else 'a list of texts such as ["…"]'
    if get_origin(wanted) in (Union, UnionType) and kinds:
        return _words(kinds[0])
    if wanted is str:
        return "text in quotes"
    if wanted is bool:
        return "true or false"
    if wanted is int:
        return "a number"
    if choices := _choices(wanted):
        return f"one of {', '.join(choices)}"
    return 'a table such as { name = "…" }'
