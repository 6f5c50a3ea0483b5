"""Probe of the server's configuration as it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.postgres.connection import Row
from runbooks.probes.postgres.one_database import OneDatabase
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading, Value

_SQL = """
select name, setting, coalesce(unit, '') as unit, vartype, source, sourcefile,
  sourceline, pending_restart, current_setting(name) as shown
from pg_settings
"""
_ASPECTS = {
    **dict.fromkeys(("on", "number", "source", "pending"), ""),
    "seconds": "s",
    "bytes": "B",
}
SCALES = {
    **{"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    **{"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40},
}
UNIT = re.compile(r"(\d*)([A-Za-z]+)")
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", re.IGNORECASE)
# Their texts hold logins of archives and of other servers.
KEPT_BACK = re.compile(r"_command$|conninfo|passphrase|keytab|secret|password$")


class SettingsProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures settings of the server as they are in force now.

    Source: ``pg_settings``, see
    https://www.postgresql.org/docs/16/view-pg-settings.html. Some settings are
    shown to members of ``pg_read_all_settings`` alone.

    Readings, of each name:
        NAME: the value as SHOW writes it; ``set`` where it may hold a login;
            absent when it is empty.
        NAME.on: yes or no, of a switch.
        NAME.number: the number without its unit, in that of ``pg_settings``.
        NAME.seconds, NAME.bytes: a time or a size; absent below zero, which
            switches such a setting off.
        NAME.source: default, configuration file, command line, database, user, …
        NAME.pending: whether the file says otherwise and a restart is due.
        missing: names that the server does not know or does not show this role.
        pending: those for which a restart is due.

    Attributes:
        names: settings to read.

    Raises:
        ProbeError: the server cannot be asked.
    """

    names: tuple[str, ...]

    readings: ClassVar[Mapping[str, str]] = {
        **{f"NAME.{aspect}": unit for aspect, unit in _ASPECTS.items()},
        "missing": "",
        "pending": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"missing", "pending"})

    @classmethod
    def unit(cls, reading: str) -> str | None:
        _, dot, aspect = reading.rpartition(".")
        if dot and aspect in _ASPECTS:
            return _ASPECTS[aspect]
        return "" if _NAME.fullmatch(reading) else None

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        if not parameters.get("names"):
            return ['names is empty; write names = ["max_connections"]']
        return []

    async def measure(self, sources: Sources) -> Measurement:
        known = await settings(self, sources)
        there = {name: known[name] for name in self.names if name in known}
        values: dict[str, Value] = {
            f"{name}{aspect}": value
            for name, row in there.items()
            for aspect, value in _aspects(row).items()
        }
        unseen = [name for name in self.names if name not in known]
        values["missing"] = ", ".join(unseen) or None
        values["pending"] = pending(there.values())
        lines = [await self.asked_as(sources), *map(line, there.values())]
        lines += [f"{name}: not there, or not shown to this role" for name in unseen]
        found = {n: Reading(n, v, self.unit(n) or "") for n, v in values.items()}
        return Measurement(found, "\n".join(lines))


async def settings(probe: OneDatabase, sources: Sources) -> Mapping[str, Row]:
    """Return all settings by name, asked once a pass.

    Raises:
        ProbeError: the server cannot be asked.
    """
    return {row["name"]: row for row in await probe.rows(sources, _SQL)}


def pending(rows: Iterable[Row]) -> str | None:
    """Return the names of those settings that wait for a restart."""
    return ", ".join(row["name"] for row in rows if row["pending_restart"]) or None


def quantity(row: Row) -> float | None:
    """Return a time in seconds or a size in bytes, None below zero."""
    match = UNIT.fullmatch(row["unit"])
    number = _number(row)
    if match is None or match[2] not in SCALES or number is None or number < 0:
        return None
    return number * int(match[1] or 1) * SCALES[match[2]]


def line(row: Row) -> str:
    """Return a setting for the evidence, with where it comes from."""
    where = row["source"]
    if row["sourcefile"]:
        where = f"{row['sourcefile']}:{row['sourceline']}"
    due = ", a restart is due" if row["pending_restart"] else ""
    return f"{row['name']} = {_told(row) or 'empty'} ({where}{due})"


def _aspects(row: Row) -> dict[str, Value]:
    kind = UNIT.fullmatch(row["unit"])
    size = bool(kind and kind[2].endswith("B"))
    return {
        "": _told(row),
        ".on": row["setting"] == "on" if row["vartype"] == "bool" else None,
        ".number": _number(row),
        ".seconds": None if size else quantity(row),
        ".bytes": quantity(row) if size else None,
        ".source": row["source"],
        ".pending": row["pending_restart"],
    }


def _told(row: Row) -> str | None:
    if KEPT_BACK.search(row["name"]) and row["shown"] not in ("", "(disabled)"):
        return "set"
    return row["shown"] or None


def _number(row: Row) -> float | None:
    if row["vartype"] not in ("integer", "real"):
        return None
    number = float(row["setting"])
    return int(number) if number.is_integer() else number
