"""What the console's tables say of the pools, whatever version wrote them.

Columns come and go between versions, so they are read by name.
https://www.pgbouncer.org/usage.html#show-commands
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbooks.probes.pgbouncer.console import DATABASE, Row, Rows

KEEPING = (1, 21)
"""The first version that keeps prepared statements in transaction mode."""
_VERSION = re.compile(r"(\d+)\.(\d+)[\w.]*")


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections of one user to one database.

    Attributes:
        clients: that are at work, waiting ones included.
        servers: connections to PostgreSQL that are open.
        longest: that the first one in the queue has waited, in seconds.
    """

    database: str
    user: str
    mode: str
    clients: int
    waiting: int
    servers: int
    longest: float

    def __str__(self) -> str:
        return (
            f"{self.database} for {self.user}, {self.mode} mode: {self.clients} "
            f"clients, {self.waiting} waiting, {self.servers} servers"
        )


def pools(rows: Rows) -> list[Pool]:
    """Read ``SHOW POOLS``.

    Raises:
        LookupError, TypeError, ValueError: it is the table of something else.
    """
    return [_pool(row) for row in rows if row["database"] != DATABASE]


def _pool(row: Row) -> Pool:
    servers = (int(row[name]) for name in row if name.startswith("sv_"))
    waiting = int(row["cl_waiting"])
    return Pool(
        database=str(row["database"]),
        user=str(row["user"]),
        mode=str(row["pool_mode"]),
        clients=int(row["cl_active"]) + waiting,
        waiting=waiting,
        servers=sum(servers),
        longest=int(row["maxwait"]) + int(row.get("maxwait_us", 0)) / 1e6,
    )


def most(databases: Rows, seen: Iterable[Pool]) -> int | None:
    """Return how many connections to PostgreSQL all pools may open.

    Each user of a database has a pool of its own, as large as ``SHOW DATABASES``
    says; those who have not come yet are not known. None without a database.
    """
    users: dict[str, set[str]] = {}
    for pool in seen:
        users.setdefault(pool.database, set()).add(pool.user)
    own = [row for row in databases if row["name"] != DATABASE]
    return sum(_size(row, len(users.get(row["name"], ""))) for row in own) or None


def _size(database: Row, users: int) -> int:
    # 1.24 gave the reserve another name.
    reserve = database.get("reserve_pool_size", database.get("reserve_pool", 0))
    size = (int(database["pool_size"]) + int(reserve or 0)) * max(1, users)
    limit = int(database["max_connections"] or 0)
    return min(size, limit) if limit else size


def modes(databases: Rows, seen: Iterable[Pool], usual: str) -> list[str]:
    """Return the modes that are in use; a database without one has the *usual*."""
    own = [row for row in databases if row["name"] != DATABASE]
    found = {str(row["pool_mode"] or usual) for row in own}
    return sorted(found | {pool.mode for pool in seen}) or [usual]


def version(rows: Rows) -> tuple[str, tuple[int, int]]:
    """Return the version as it is written, and its first two numbers.

    Raises:
        LookupError: it is none.
    """
    match = _VERSION.search(str(rows[0]["version"]))
    if match is None:
        raise LookupError("version")
    return match[0], (int(match[1]), int(match[2]))


def keeps_prepared(
    modes: Iterable[str], number: tuple[int, int], settings: Mapping[str, str]
) -> bool:
    """Whether a client finds its prepared statements again.

    https://www.pgbouncer.org/config.html#max_prepared_statements
    """
    kept = int(settings.get("max_prepared_statements") or 0) > 0
    return set(modes) == {"session"} or (number >= KEEPING and kept)
