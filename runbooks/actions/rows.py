"""Rows of the target's database, counted beside an action that changes the release.

What runs may be as it was before while what a release has done to the database is
not: only counting tells. That nobody can count keeps nothing from being done.
"""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.actions.filling import filled
from runbooks.changes import ROWS
from runbooks.errors import ProbeError
from runbooks.probes.postgres.row_counts import RowCounts
from runbooks.probes.sources import Sources
from runbooks.target import Target

PATIENCE = 10.0
"""Seconds for counting all."""


async def rows(target: Target) -> Mapping[str, str]:
    """Return the state of the database that is compared before and after.

    It is empty where the profile names no PostgreSQL.
    """
    if RowCounts.table not in target.tables:
        return {}
    try:
        async with Sources() as sources:
            counting = await filled(RowCounts, {}, target, sources)
            found = await sources.within(PATIENCE, counting.counted(sources))
    except (ProbeError, TimeoutError) as error:
        why = str(error) or f"no answer in {PATIENCE:g} s"
        return {ROWS.strip(): f"nobody could count them: {why}"}
    return {f"{ROWS}{table}": count for table, count in found.items()}
