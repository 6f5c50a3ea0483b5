"""Having the server read its configuration files again."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import ClassVar

from runbooks.actions.base import Tell
from runbooks.actions.postgres.action import PostgresAction
from runbooks.actions.postgres.files import FILES, SETTINGS, Pending, pending
from runbooks.actions.postgres.values import canonical
from runbooks.changes import Call, Description, Precondition, Progress, Thing, Undo
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.postgres.connection import Row
from runbooks.probes.sources import Sources

_RELOAD = "select pg_reload_conf() as sent"
_RIGHTS = """
select current_user::text as role,
  has_function_privilege('pg_reload_conf()', 'execute') as reloads,
  has_table_privilege('pg_file_settings', 'select')
    and has_function_privilege('pg_show_all_file_settings()', 'execute') as reads,
  has_table_privilege('pg_hba_file_rules', 'select')
    and has_function_privilege('pg_hba_file_rules()', 'execute') as logins,
  pg_conf_load_time() as loaded
"""
_LOGINS = """
select line_number as line, error from pg_hba_file_rules where error is not null
"""
_LOADED = "select pg_conf_load_time() as loaded"
_LISTS = (
    *("search_path", "temp_tablespaces", "session_preload_libraries"),
    "local_preload_libraries",
)
"""Settings that hold a list of names, each quoted for itself."""
_PATIENCE = 10.0
"""Seconds for the server to read its files."""
_PAUSE = 0.2
"""Seconds between two looks at whether it has."""


class ReloadAction(PostgresAction, frozen=True, kw_only=True):
    """Has the server read its configuration files again.

    Which settings that changes is told from ``pg_file_settings`` and ``pg_settings``;
    an error in a file keeps it from being done. The values of settings that may hold
    a login are not shown.

    Attributes:
        compared: settings whose values are compared before and after; without it
            those that change.
    """

    compared: tuple[str, ...] = ()

    verbatim: ClassVar[frozenset[str]] = frozenset({"compared"})

    async def describe(self, sources: Sources) -> Description:
        rights = await self.row(sources, _RIGHTS)
        found = Pending()
        if rights["reads"]:
            settings = await self.rows(sources, SETTINGS)
            found = pending(settings, await self.rows(sources, FILES))
        identity = await self.identity(sources)
        version = rights["loaded"].isoformat()
        return Description(
            title=f"have PostgreSQL at {self.place} read its configuration again",
            identity=identity,
            calls=(Call(_RELOAD),),
            things=(Thing("server", self.place, identity.id, version),),
            count=1,
            changes=tuple(found.changes.values()),
            stays=(*found.stays, *_nothing(found)),
            preconditions=await self._preconditions(sources, rights, found),
            undo=self._undo(found),
            seconds=_PATIENCE,
            snapshot=await self._values(sources, tuple(found.wanted)),
            outcome=found.wanted,
            pins={"loaded": version},
            settles={"compared": list(found.wanted)},
        )

    async def _preconditions(
        self, sources: Sources, rights: Row, found: Pending
    ) -> tuple[Precondition, ...]:
        return (
            _granted(rights, "reloads", "FUNCTION pg_reload_conf()", "EXECUTE"),
            _granted(rights, "reads", "pg_file_settings", "SELECT"),
            *(Precondition(f"{error}", False) for error in found.errors),
            *[each async for each in self._logins(sources, rights)],
        )

    async def _logins(
        self, sources: Sources, rights: Row
    ) -> AsyncIterator[Precondition]:
        """Yield what is wrong in pg_hba.conf; the former rules would stay in force."""
        if not rights["logins"]:
            return
        for row in await self.rows(sources, _LOGINS):
            said = f"pg_hba.conf:{row['line']}: {row['error']}"
            yield Precondition(said, False)

    def _undo(self, found: Pending) -> Undo:
        if not found.changes:
            return Undo(irreversible="no setting changes, so nothing is to be undone")
        if kept := [name for name in found.changes if name not in found.former]:
            places = ", ".join(f"{name} ({found.places[name]})" for name in kept)
            return Undo(
                irreversible=f"the former values of {places} may hold a login and are "
                "not kept: put the former lines back and reload again"
            )
        words = ["psql", self._where()]
        for name, value in found.former.items():
            words += ["-c", f"ALTER SYSTEM SET {name} = {_literal(name, value)}"]
        return Undo(command=shlex.join([*words, "-c", "SELECT pg_reload_conf()"]))

    def _where(self) -> str:
        """Return the address without a password, as psql takes it."""
        where = self.address()
        first = where.place.rpartition("/")[0].split(",")[0]
        said = {
            "host": where.host,
            "port": first.rpartition(":")[2],
            "user": where.user,
            "dbname": where.database,
        }
        return " ".join(f"{name}={value}" for name, value in said.items() if value)

    async def _values(
        self, sources: Sources, names: tuple[str, ...]
    ) -> Mapping[str, str]:
        rows = {row["name"]: row for row in await self.rows(sources, SETTINGS)}
        there = {name: rows[name] for name in names if name in rows}
        return {
            name: canonical(row, row["setting"]) or "" for name, row in there.items()
        }

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        loaded = (await self.row(sources, _LOADED))["loaded"].isoformat()
        return {"files read": loaded, **await self._values(sources, self.compared)}

    async def perform(self, description: Description, tell: Tell) -> None:
        async with self.changing(description.identity) as changes:
            rows = await changes.send(_RELOAD)
        if not rows[0]["sent"]:
            said = f"The server at {self.place} could not be told to reload."
            raise ActionError(said, changed=False)
        tell(Progress(says=f"told the server at {self.place} to read its files"))
        began = monotonic()
        while (gone := monotonic() - began) < _PATIENCE:
            if await self._has_read(description.pins["loaded"]):
                tell(Progress(says="it has read its files"))
                return
            tell(Progress(deadline=(gone, _PATIENCE)))
            await asyncio.sleep(_PAUSE)
        raise ActionError(
            f"The server was told to read its files and has not done so in "
            f"{_PATIENCE:g} s. What it found is in its log; what was in force may "
            "still be so.",
            changed=None,
        )

    async def _has_read(self, before: str) -> bool:
        """Whether a session that begins now has newer settings."""
        try:
            async with Sources() as sources:
                row = await self.row(sources, _LOADED)
        except ProbeError:  # it may be restarting; the time is up at some point
            return False
        return bool(row["loaded"].isoformat() != before)


def _granted(rights: Row, name: str, what: str, right: str) -> Precondition:
    role = rights["role"]
    if rights[name]:
        return Precondition(f"{role} has {right} on {what}", True)
    return Precondition(
        f"{role} has no {right} on {what}: a superuser may GRANT {right} ON {what} TO "
        f"{role}, or name another role's address as admin_dsn under [postgres]",
        False if name == "reloads" else None,
    )


def _literal(name: str, value: str) -> str:
    if name in _LISTS and value:
        return value  # in quotes it would be one name with commas
    quoted = value.replace("'", "''")
    return f"'{quoted}'"


def _nothing(found: Pending) -> tuple[str, ...]:
    if found.changes or found.errors:
        return ()
    return ("no setting changes; pg_hba.conf and certificates are read again too",)
