"""Probe of PgBouncer: its pools, who waits, and what it may ask of PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, Probe
from runbooks.probes.pgbouncer.console import DATABASE, Row, Rows, connected
from runbooks.probes.pgbouncer.pools import (
    Pool,
    keeps_prepared,
    modes,
    most,
    pools,
    version,
)
from runbooks.probes.postgres.dsn import Address, address
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value


class PoolerProbe(Probe, frozen=True, kw_only=True):
    """Measures what PgBouncer says of itself on its admin console.

    Source: ``SHOW VERSION``, ``CONFIG``, ``DATABASES``, ``STATS``, and ``POOLS`` in
    several samples, see https://www.pgbouncer.org/usage.html#show-commands. The
    console's own pool is left out. It has to be a user of ``stats_users``.

    Readings:
        answers: yes.
        version: such as 1.18.0.
        host, port: of the console, which are those of all its databases.
        mode: ``session``, ``transaction`` or ``statement``; all that are in use.
        keeps_prepared: whether clients find their prepared statements again: always
            in session mode, else since 1.21 if ``max_prepared_statements`` is set.
        clients: that are connected at once, at the most.
        waiting: in how many samples some waited for a connection to PostgreSQL.
        longest: that one had waited, in seconds.
        servers: connections to PostgreSQL now.
        most: the same if all pools are full; absent without a database.
        max_clients: ``max_client_conn``, above which clients are refused.
        queries: a second, on average of the last ``stats_period``.

    Attributes:
        dsn: address of the console with user and password:
            ``postgresql://USER:PASSWORD@HOST:6432/pgbouncer``. TLS as for a
            database: ``sslmode=verify-full&sslrootcert=FILE``.
        ca: file of the only certificate authorities to trust.
        samples: how often the pools are looked at.
        every: time between them.

    Raises:
        ProbeError: it cannot be asked, or what answers is no console.
    """

    dsn: str
    ca: str = ""
    samples: int = 3
    every: Duration = Duration(0.5)

    table: ClassVar[str] = "pgbouncer"
    server: ClassVar[str] = "PgBouncer"
    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                *("answers", "version", "host", "port", "mode", "keeps_prepared"),
                *("clients", "waiting", "servers", "most", "max_clients", "queries"),
            ),
            "",
        ),
        "longest": "s",
    }

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        samples = parameters.get("samples", 1)
        few = isinstance(samples, int) and samples < 1
        return ["samples is less than 1: nothing would be looked at"] if few else []

    @property
    def source(self) -> str:
        try:
            return f"pgbouncer {address(self.dsn).place.rpartition('/')[0]}"
        except ValueError:
            return "pgbouncer"

    async def measure(self, sources: Sources) -> Measurement:
        where = self._address()
        sources.hide(self.dsn, where.url, where.password, quote(where.password))
        console = await sources.client(
            ("pgbouncer", where.url), lambda: connected(where, self.source)
        )
        tables = {
            what: await console.show(sources, what)
            for what in ("VERSION", "CONFIG", "DATABASES", "STATS")
        }
        samples = [await console.show(sources, "POOLS")]
        for _ in range(1, self.samples):
            await asyncio.sleep(self.every)
            samples.append(await console.show(sources, "POOLS"))
        try:
            return self._measured(where, tables, [pools(rows) for rows in samples])
        except (LookupError, TypeError, ValueError) as error:
            said = f"the console does not say what PgBouncer says: {error}"
            raise ProbeError(said[:200], source=self.source, stage="query") from error

    def _address(self) -> Address:
        try:
            where = address(self.dsn, self.ca)
        except ValueError as error:
            raise ProbeError(str(error), stage="configuration") from error
        if where.database not in ("", DATABASE):
            said = f"the address names the database {where.database}, not the console"
            wrong = ProbeError(said, stage="configuration")
            wrong.add_note(f"end it with /{DATABASE}: [pgbouncer] dsn in the profile")
            raise wrong
        return where

    def _measured(
        self, where: Address, tables: Mapping[str, Rows], samples: list[list[Pool]]
    ) -> Measurement:
        written, number = version(tables["VERSION"])
        settings = {row["key"]: row["value"] for row in tables["CONFIG"]}
        seen = [pool for sample in samples for pool in sample]
        used = modes(tables["DATABASES"], seen, settings["pool_mode"])
        waiting = [sum(pool.waiting for pool in sample) for sample in samples]
        last = samples[-1]
        values: dict[str, Value] = {
            "answers": True,
            "version": written,
            "host": where.host,
            "port": where.port,
            "mode": ", ".join(used),
            "keeps_prepared": keeps_prepared(used, number, settings),
            "clients": max(sum(pool.clients for pool in each) for each in samples),
            "waiting": sum(count > 0 for count in waiting),
            "longest": max((pool.longest for pool in seen), default=0.0),
            "servers": sum(pool.servers for pool in last),
            "most": most(tables["DATABASES"], seen),
            "max_clients": int(settings["max_client_conn"]),
            "queries": sum(map(_queries, tables["STATS"])),
        }
        lines = [
            f"asked as {where.user or DATABASE} at {self.source.partition(' ')[2]}",
            f"PgBouncer {written}, {values['mode']} mode",
            f"max_prepared_statements = "
            f"{settings.get('max_prepared_statements', 'not in this version')}",
            f"at most {values['most'] or 0} connections to PostgreSQL and "
            f"{values['max_clients']} clients",
            f"waiting in {len(samples)} samples, {self.every:g} s apart: "
            f"{', '.join(map(str, waiting))}; the longest "
            f"{shown(Reading('', values['longest'], 's'))}",
            *map(str, last),
        ]
        found = {n: Reading(n, v, self.readings[n]) for n, v in values.items()}
        return Measurement(found, "\n".join(lines))


def _queries(row: Row) -> int:
    return 0 if row["database"] == DATABASE else int(row["avg_query_count"])
