"""Actions on backups that are files of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.actions.backups.run_now import RunNowAction

if TYPE_CHECKING:
    from runbooks.actions.base import Action

ACTIONS: Mapping[str, type[Action]] = {"backups.run_now": RunNowAction}
