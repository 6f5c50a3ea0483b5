"""Actions on a Kubernetes cluster.

Objects are read and written as plain JSON, because the library's own classes drop
fields that they do not know. Every request is tried as a dry run first, is refused
where the object has changed since, and is never sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbooks.actions.describing import identified_by
from runbooks.actions.kubernetes.cron_jobs import (
    ResumeCronJobAction,
    SuspendCronJobAction,
)
from runbooks.actions.kubernetes.delete_job import DeleteJobAction
from runbooks.actions.kubernetes.delete_pod import DeletePodAction
from runbooks.actions.kubernetes.hpa import PinHPAAction, ReleaseHPAAction
from runbooks.actions.kubernetes.past import history
from runbooks.actions.kubernetes.pausing import RolloutPauseAction, RolloutResumeAction
from runbooks.actions.kubernetes.rollout_restart import RolloutRestartAction
from runbooks.actions.kubernetes.rollout_undo import RolloutUndoAction
from runbooks.actions.kubernetes.run_cronjob import RunCronJobAction
from runbooks.actions.kubernetes.scale import ScaleAction

if TYPE_CHECKING:
    from runbooks.actions.base import Action

__all__ = ["ACTIONS", "history", "identify"]

ACTIONS: Mapping[str, type[Action]] = {
    "kubernetes.delete_job": DeleteJobAction,
    "kubernetes.delete_pod": DeletePodAction,
    "kubernetes.pin_hpa": PinHPAAction,
    "kubernetes.release_hpa": ReleaseHPAAction,
    "kubernetes.resume_cronjob": ResumeCronJobAction,
    "kubernetes.rollout_pause": RolloutPauseAction,
    "kubernetes.rollout_restart": RolloutRestartAction,
    "kubernetes.rollout_resume": RolloutResumeAction,
    "kubernetes.rollout_undo": RolloutUndoAction,
    "kubernetes.run_cronjob": RunCronJobAction,
    "kubernetes.scale": ScaleAction,
    "kubernetes.suspend_cronjob": SuspendCronJobAction,
}
identify = identified_by("kubernetes.rollout_restart")
