"""Actions on a PostgreSQL server.

Each change is one statement that names what was shown, by more than a process id: a
pid is given again, and the next query of a session has the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.actions.describing import identified_by
from runbooks.actions.postgres.cancel import CancelQueryAction
from runbooks.actions.postgres.idle import TerminateIdleAction
from runbooks.actions.postgres.reload import ReloadAction

if TYPE_CHECKING:
    from runbooks.actions.base import Action

ACTIONS: Mapping[str, type[Action]] = {
    "postgres.cancel_query": CancelQueryAction,
    "postgres.reload": ReloadAction,
    "postgres.terminate_idle": TerminateIdleAction,
}
identify = identified_by("postgres.reload")
