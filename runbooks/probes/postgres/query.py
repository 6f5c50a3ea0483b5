"""Probe of what one statement of a document answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.postgres.connection import Row, Rows
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.postgres.statement import objection
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value

SHOWN = 10
"""Rows that the evidence shows."""
_UNITS = {"_seconds": "s", "_bytes": "B", "_percent": "%", "_days": "d"}
MOST = 1000
"""Rows that are taken of an answer."""
LARGEST = 4096
"""Bytes that are kept of one cell."""


class QueryProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures what one SELECT answers, in a READ ONLY transaction.

    The readings are the columns of the only row, by their names, so give each a
    name and write aggregates, which always answer one row: ``select count(*) as
    stale, string_agg(id, ', ') as ids from …``. The name says the unit:
    ``age_seconds`` (s), ``size_bytes`` (B), ``dead_percent`` (%) and ``left_days``
    (d); other names have none. An interval is read in the unit of its name. NULL is
    absent; an array becomes a text with commas, absent when it is empty; a time
    becomes a text in ISO 8601.

    Of several rows each column becomes one text with commas; without a row there
    is nothing but `rows`.

    Attributes:
        statement: one SELECT, WITH, VALUES or SHOW, run for at most 5 seconds on a
            connection of its own. Functions that act (``pg_terminate_backend``, …)
            and locks (``for update``) are refused. Of each cell 4 KiB are kept.

    Readings:
        rows: how many there are; the first 1,000 are taken, and no more counted.

    Raises:
        ProbeError: the server cannot be asked or refuses the statement.
    """

    statement: str

    readings: ClassVar[Mapping[str, str]] = {"rows": ""}

    @classmethod
    def unit(cls, reading: str) -> str | None:
        return _unit(reading)

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        objected = objection(str(parameters.get("statement", "select")))
        return [objected] if objected else []

    async def measure(self, sources: Sources) -> Measurement:
        await self.harmless(sources)
        database = await self.database(sources)
        found = await sources.once(
            ("postgres alone", self.address().url, self.statement),
            lambda: database.ask_alone(sources, self.statement, MOST + 1),
        )
        cut: set[str] = set()
        rows = [
            {name: _kept(name, cell, cut) for name, cell in row.items()}
            for row in found[:MOST]
        ]
        readings = [Reading("rows", len(rows)), *self._columns(rows)]
        evidence = [await self.asked_as(sources), *_lines(readings, rows)]
        if len(found) > MOST:
            evidence.append(f"there are more than {MOST:,} rows; the first were taken")
        evidence += [f"{name} was cut to {LARGEST:,} bytes" for name in sorted(cut)]
        return Measurement({each.name: each for each in readings}, "\n".join(evidence))

    def _columns(self, rows: Rows) -> list[Reading]:
        if not rows:
            return []
        try:
            if len(rows) == 1:
                only = rows[0].items()
                return [Reading(n, _value(n, v), _unit(n)) for n, v in only]
            return [Reading(name, _joined(name, rows)) for name in rows[0]]
        except TypeError as error:
            raise ProbeError(str(error), source=self.source, stage="query") from error


def _kept(name: str, cell: object, cut: set[str]) -> object:
    """Return what is kept of a cell; *cut* learns where that is not all."""
    if isinstance(cell, list | tuple):
        cell = ", ".join(str(_value(name, each)) for each in cell) or None
    if not isinstance(cell, str) or len(cell.encode()) <= LARGEST:
        return cell
    cut.add(name)
    return cell.encode()[:LARGEST].decode(errors="ignore")


def _unit(name: str) -> str:
    return next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")


def _value(name: str, value: object) -> Value:
    """Turn a value of asyncpg into one of a reading.

    Raises:
        TypeError: there is no such reading.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case UUID():
            return str(value)
        case timedelta():
            if _unit(name) not in ("s", "d"):
                raise TypeError(f"the interval {name} has no unit; name it …_seconds")
            seconds = value.total_seconds()
            return seconds / 86400 if _unit(name) == "d" else seconds
        case date() | time():
            return value.isoformat()
        case list() | tuple():
            return ", ".join(str(_value(name, each)) for each in value) or None
    kind = type(value).__name__
    raise TypeError(f"the column {name} is a {kind}; cast it to text")


def _joined(name: str, rows: Rows) -> str | None:
    return _text(_value(name, [row[name] for row in rows]))


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _lines(readings: list[Reading], rows: Rows) -> list[str]:
    if len(rows) == 1:
        return [f"{each.name}: {shown(each)}" for each in readings[1:]]
    lines = [_line(row) for row in rows[:SHOWN]]
    return [f"{len(rows)} rows", *lines, *(["…"] if len(rows) > SHOWN else [])]


def _line(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())
