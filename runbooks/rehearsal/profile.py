"""The target profile that is wired to a rehearsal, and the secrets it refers to."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from runbooks.rehearsal import cache
from runbooks.rehearsal.database import APPLICATION, PROBE
from runbooks.rehearsal.layout import Layout, write_private
from runbooks.rehearsal.pooler import ADMINISTRATOR

if TYPE_CHECKING:
    from runbooks.rehearsal.containers import Containers

_TEMPLATE = Path(__file__).with_name("profile.toml")
_COMPOSE = Path(__file__).with_name("compose.toml")
_OPTIONAL = {
    "pgbouncer": 'dsn = { file = "$directory/secrets/pgbouncer.dsn" }',
    "prometheus": 'url = "$prometheus"',
    "alertmanager": 'url = "$alertmanager"',
}
"""Tables of the parts that may not be installed."""


def profile_file(layout: Layout) -> Path:
    return layout.path("profile.toml")


def write(
    layout: Layout, running: Collection[str], contained: Containers | None
) -> None:
    """Write the profile; *running* says which parts there are."""
    for name, value in (
        ("postgres.dsn", layout.dsn(PROBE, "probe-password")),
        ("postgres-admin.dsn", layout.dsn(APPLICATION, "postgres-password")),
        ("redis.url", cache.url(layout)),
        ("pgbouncer.dsn", _console(layout)),
    ):
        write_private(layout.secret_file(name), value)
    text = _TEMPLATE.read_text()
    for table, settings in _OPTIONAL.items():
        if table in running:
            text += f"\n[{table}]\n{settings}\n"
    urls = {listener: layout.url(listener) for listener in layout.ports}
    pooled = str("pgbouncer" in running).lower()
    known = {"directory": str(layout.directory), "pooled": pooled, **urls}
    known["platform"] = "compose" if contained else "processes"
    if contained:
        text += f"\n{_COMPOSE.read_text()}"
        known |= {"engine": contained.engine, "project": contained.name}
    filled = Template(text).substitute(known)
    profile_file(layout).write_text(filled)


def _console(layout: Layout) -> str:
    """Return the URL of PgBouncer's admin console."""
    console = layout.dsn(ADMINISTRATOR, "pgbouncer-password", "pgbouncer")
    return f"{console.rpartition('/')[0]}/pgbouncer"
