"""What a recovery needs: a physical base backup, and proof that a dump restores.

Both are real: the base backup is PostgreSQL's own, and the report says how long the
newest dump took to become a database again.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from runbooks.rehearsal.database import program, query, superuser
from runbooks.rehearsal.layout import Layout
from runbooks.rehearsal.parts import run

_SCRATCH = "rehearsal_drill"
_TABLES = """
    select count(*) from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'
"""


async def back_up(layout: Layout) -> None:
    """Copy the files of the running cluster, with the WAL that they need."""
    base = layout.path("backups", "base", f"{datetime.now():%Y%m%d_%H%M%S}")
    base.mkdir(parents=True)
    await run(
        *(program("pg_basebackup"), "--pgdata", str(base), "--format=tar"),
        *("--compress=1", "--wal-method=fetch", "--checkpoint=fast", "--no-sync"),
        **superuser(layout),
    )


async def drill(layout: Layout, dump: Path) -> None:
    """Restore *dump* into a database of its own, drop it, leave a report.

    Raises:
        CommandError: the dump does not restore.
    """
    started = monotonic()
    plain = layout.path("drill.sql")
    plain.write_bytes(gzip.decompress(dump.read_bytes()))
    await query(layout, "-c", f"create database {_SCRATCH}")
    await query(layout, "-f", str(plain), database=_SCRATCH)
    tables = await query(layout, "-c", _TABLES, database=_SCRATCH)
    await query(layout, "-c", f"drop database {_SCRATCH}")
    plain.unlink()
    now = datetime.now(UTC)
    report = {
        "kind": "restore",
        "date": now.isoformat(timespec="seconds"),
        "seconds": round(monotonic() - started, 2),
        "result": "pass",
        "by": "rehearsal",
        "dump": dump.name,
        "tables": int(tables),
    }
    drills = layout.path("backups", "drills")
    drills.mkdir()
    (drills / f"restore_{now:%Y%m%d}.json").write_text(json.dumps(report))
