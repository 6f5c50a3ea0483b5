"""Probe of which PostgreSQL serves the database, and how it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

# inet_server_addr answers an address with its mask where it is cast to text.
_SQL = """
select current_setting('server_version') as version,
  current_setting('server_version_num')::int as number,
  current_database()::text as database, host(inet_server_addr()) as address,
  inet_server_port() as port, pg_is_in_recovery() as standby,
  extract(epoch from now() - pg_postmaster_start_time())::float8 as uptime,
  pg_database_size(current_database()) as size,
  s.version as tls
from (select 1) one left join pg_stat_ssl s on s.pid = pg_backend_pid() and s.ssl
"""


class VersionProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures which server answers, in which version, and how it is reached.

    Source: ``server_version_num`` and the functions of the session, see
    https://www.postgresql.org/docs/16/functions-info.html.

    Readings:
        answers: yes.
        version: such as 16.14, with what the packager adds.
        major, minor: its two numbers.
        behind: minor releases that it lacks; absent where `newest` does not name
            its major version.
        host: of the address, as declared.
        database, user: that one is connected to, and as whom.
        address: of the server as it knows it; absent on a socket.
        standby: whether it only follows another server.
        uptime: of the server, in seconds.
        size: of the database, in bytes.
        encrypted: whether this connection is.
        tls: its version of TLS; absent without.

    Attributes:
        newest: minor release by major version, such as ``{ 16 = 14 }``.

    Raises:
        ProbeError: the server cannot be asked.
    """

    newest: Mapping[str, int] = {}

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                *("answers", "version", "major", "minor", "behind", "host"),
                *("database", "user", "address", "standby", "encrypted", "tls"),
            ),
            "",
        ),
        "uptime": "s",
        "size": "B",
    }

    async def measure(self, sources: Sources) -> Measurement:
        said = await self.row(sources, _SQL)
        major, minor = divmod(said["number"], 10_000)
        known = self.newest.get(str(major))
        behind = None if known is None else max(0, known - minor)
        where = self.address()
        role = (await self.role(sources))["role"]
        values = {
            "answers": True,
            "version": said["version"],
            "major": major,
            "minor": minor,
            "behind": behind,
            "host": where.host,
            "database": said["database"],
            "user": role,
            "address": said["address"],
            "standby": said["standby"],
            "uptime": said["uptime"],
            "size": said["size"],
            "encrypted": said["tls"] is not None,
            "tls": said["tls"],
        }
        up = shown(Reading("", said["uptime"], "s"))
        size = shown(Reading("", said["size"], "B"))
        lines = [
            await self.asked_as(sources),
            f"PostgreSQL {said['version']}, up for {up}"
            + (", a standby" if said["standby"] else ""),
            f"database {said['database']}, {size}, at {where.place}",
            f"connection: {said['tls'] or 'not encrypted'}",
        ]
        found = {n: Reading(n, v, self.readings[n]) for n, v in values.items()}
        lacking = {"behind": f"nobody said which is the newest release of {major}"}
        return Measurement(found, "\n".join(lines), lacking=lacking)
