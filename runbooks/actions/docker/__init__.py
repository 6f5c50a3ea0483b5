"""Actions on a Docker Engine and on the compose project that runs on it.

What is touched is found by labels and then known by its full id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.actions.describing import identified_by
from runbooks.actions.docker.past import history
from runbooks.actions.docker.prune import PruneAction
from runbooks.actions.docker.recreate import RecreateAction
from runbooks.actions.docker.restart import RestartAction
from runbooks.actions.docker.stop import StartAction, StopAction

if TYPE_CHECKING:
    from runbooks.actions.base import Action

__all__ = ["ACTIONS", "history", "identify"]

ACTIONS: Mapping[str, type[Action]] = {
    "docker.prune": PruneAction,
    "docker.recreate": RecreateAction,
    "docker.restart": RestartAction,
    "docker.start": StartAction,
    "docker.stop": StopAction,
}
# The Engine itself, so that it is known without a container of the project, too.
identify = identified_by("docker.prune")
