"""How many pods go on serving while a workload is rolled out, and who wants how many.

A rollout heeds its own strategy and no PodDisruptionBudget: whether both agree is
looked at before. See the API's reference, "RollingUpdateDeployment".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from runbooks.actions.kubernetes.standing import Standing, timed_out
from runbooks.changes import Precondition
from runbooks.probes.kubernetes import rollout
from runbooks.probes.kubernetes.application import condition
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import labels_of, name_of, selects

_ON_ITS_WAY = ("NewReplicaSetCreated", "FoundNewReplicaSet", "ReplicaSetUpdated")
"""Reasons of the condition Progressing of a rollout that is not done."""


def unavailable(found: Object) -> int:
    """Return how many of the desired pods a rollout takes away at most."""
    desired = Standing.of(found).desired
    if "updateStrategy" not in found["spec"]:
        return rollout.unavailable(found, desired)
    rolling = found["spec"]["updateStrategy"].get("rollingUpdate") or {}
    # Of a DaemonSet a share is rounded up; a StatefulSet goes one by one.
    said = rolling.get("maxUnavailable") or 1
    return max(1, rollout.share(said, desired, math.ceil))


def serving(
    found: Object, budgets: Iterable[Object], keeping: int
) -> Iterator[Precondition]:
    """Yield whether enough pods go on serving.

    Where none is ready, nothing is lost.

    Args:
        keeping: how many have to, at least.
    """
    now = Standing.of(found)
    kept = min(now.ready, max(0, now.desired - unavailable(found)))
    said = f"{now.ready} of {now.desired} pods are ready, {kept} go on serving"
    if now.ready and kept < keeping:
        said += f": {keeping} have to (keeping={kept} accepts it)"
    yield Precondition(said, not now.ready or kept >= keeping)
    lost = now.ready - kept
    for each in budgets:
        allowed = int((each.get("status") or {}).get("disruptionsAllowed") or 0)
        said = f"PodDisruptionBudget {name_of(each)} allows {allowed} to go"
        fits = lost <= allowed or not keeping
        yield Precondition(said if fits else f"{said}: {lost} would", fits)


def covering(pod: Object, budgets: Iterable[Object]) -> list[Object]:
    """Return the budgets that select a pod, or those of a pod template."""
    labels = labels_of(pod)
    return [
        each
        for each in budgets
        if (selector := each["spec"].get("selector")) is not None
        and selects(selector, labels)
    ]


def undisturbed(found: Object) -> Precondition:
    """Look whether a rollout of somebody else is in progress."""
    now = Standing.of(found)
    if now.complete:
        return Precondition("no rollout is in progress", True)
    if timed_out(found):
        said = "the last rollout got stuck (ProgressDeadlineExceeded)"
        return Precondition(said, True)
    on_its_way = condition(found, "Progressing").get("reason") in _ON_ITS_WAY
    if now.seen and now.updated == now.desired == now.total and not on_its_way:
        said = f"no rollout is in progress; {now.available} of {now.desired} serve"
        return Precondition(said, True)
    said = (
        f"a rollout is in progress ({now.updated} of {now.desired} pods are new): "
        "wait for it, or take it back"
    )
    return Precondition(said, False)


def unpaused(found: Object) -> Precondition:
    if found["spec"].get("paused"):
        said = "it is paused, so nothing would be rolled out: kubernetes.rollout_resume"
        return Precondition(said, False)
    return Precondition("it is not paused", True)


def rolled(found: Object) -> Iterator[Precondition]:
    """Yield why a new template would not make all pods anew."""
    strategy = found["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        said = "its strategy is OnDelete: a pod is made anew only when it is deleted"
        yield Precondition(said, False)
    if partition := (strategy.get("rollingUpdate") or {}).get("partition"):
        said = f"its strategy has partition {partition}: pods below it stay as they are"
        yield Precondition(said, False)
