"""Probe of connections: how many there are, may be, and could be wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.postgres.connection import is_full
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.postgres.settings import settings
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading, Value

# Of sessions of others a stranger sees neither the kind nor the state, but whose
# they are; the server's own processes have no role or no database.
_CLIENTS = """
from pg_stat_activity where backend_type = 'client backend'
  or backend_type is null and usesysid is not null and datid is not null
"""
_TOTALS = f"""
select count(*) as used,
  count(*) filter (where state = 'active') as active,
  count(*) filter (where state = 'idle') as idle,
  count(*) filter (where state like 'idle in transaction%') as idle_in_transaction,
  count(*) filter (where wait_event_type = 'Lock') as blocked,
  count(*) filter (where state is null) as hidden,
  max(extract(epoch from now() - state_change)) filter (
    where state like 'idle in transaction%')::float8 as longest_idle,
  max(extract(epoch from now() - xact_start)) filter (
    where pid <> pg_backend_pid())::float8 as longest_transaction,
  max(extract(epoch from now() - query_start)) filter (
    where state = 'active' and pid <> pg_backend_pid())::float8 as longest_statement
{_CLIENTS}
"""
_GROUPS = f"""
select coalesce(nullif(application_name, ''), 'without a name') as name,
  coalesce(usename, 'nobody')::text as role, coalesce(state, 'not shown') as state,
  count(*) as sessions
{_CLIENTS}
group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit 8
"""


class ConnectionsProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures the server's connections and what could be wanted of them.

    Source: ``pg_stat_activity`` and ``pg_settings``, see
    https://www.postgresql.org/docs/16/monitoring-stats.html. What sessions of
    others do needs ``pg_read_all_stats``.

    Readings:
        most: ``max_connections``.
        usable: the same without those that are reserved for superusers and others.
        used: client connections now, this one included.
        share: used of usable; 100 % is all that is known once none is left.
        active, idle, idle_in_transaction, blocked: how many of them are at work,
            waiting, waiting with a transaction open, waiting for a lock.
        longest_idle: time that one has idled within a transaction.
        longest_transaction, longest_statement: of those that are going on.
        demand: the most that `processes` open: `each` times as many.

    The four times are in seconds, and absent when there is nothing of the kind.

    Attributes:
        processes: API and worker processes at most, those that an autoscaler may
            add included.
        each: connections that one of them may open: SQLAlchemy's pool of 5, and 10
            in overflow.

    Raises:
        ProbeError: the server cannot be asked.
    """

    processes: int = 0
    each: int = 15

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                *("most", "usable", "used", "active", "idle", "idle_in_transaction"),
                *("blocked", "demand"),
            ),
            "",
        ),
        "share": "%",
        **dict.fromkeys(
            ("longest_idle", "longest_transaction", "longest_statement"), "s"
        ),
    }

    async def measure(self, sources: Sources) -> Measurement:
        try:
            return await self._counted(sources)
        except ProbeError as error:
            if not is_full(error):
                raise
            # Nothing can be asked, and yet what the step is about has been seen.
            return Measurement(
                {"share": Reading("share", 100.0, "%")},
                str(error),
                lacking=dict.fromkeys(self.readings, str(error)),
            )

    async def _counted(self, sources: Sources) -> Measurement:
        known = await settings(self, sources)
        most = int(known["max_connections"]["setting"])
        # 16 knows a second kind of reserved connections.
        kept = ("superuser_reserved_connections", "reserved_connections")
        reserved = sum(int(known[name]["setting"]) for name in kept if name in known)
        usable = most - reserved
        totals = dict(await self.row(sources, _TOTALS))
        hidden = totals.pop("hidden")
        demand = self.processes * self.each
        values: dict[str, Value] = {
            **totals,
            "most": most,
            "usable": usable,
            "share": 100 * totals["used"] / usable,
        }
        lines = [
            await self.asked_as(sources),
            f"{totals['used']} of {usable} usable connections "
            f"({most} without {reserved} reserved)",
        ]
        if demand:
            values["demand"] = demand
            lines.append(
                f"demand: {self.processes} processes of {self.each} each, {demand}"
            )
        for name in ("longest_idle", "longest_transaction", "longest_statement"):
            if totals[name] is not None:
                time = shown(Reading("", totals[name], "s"))
                lines.append(f"{name.replace('_', ' ')}: {time}")
        for row in await self.rows(sources, _GROUPS):
            lines.append(
                f"{row['name']} as {row['role']}: {row['sessions']} {row['state']}"
            )
        lacking = {}
        if not demand:
            lacking["demand"] = (
                "nobody said how many processes there can be: "
                "processes under [postgres] in the profile"
            )
        if hidden:
            said = "only members of pg_monitor see what other sessions do"
            for name in set(totals) - {"used"}:
                lacking[name] = said
                del values[name]
        found = {n: Reading(n, v, self.readings[n]) for n, v in values.items()}
        return Measurement(found, "\n".join(lines), lacking=lacking)
