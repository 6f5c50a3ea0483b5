"""What ran on the application's workloads before, as far as the cluster still knows.

It keeps templates and when each was first rolled out. When a revision got ready, and
who brought it, it keeps of the live one alone: of the others that is left unsaid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from runbooks.actions.describing import make
from runbooks.actions.kubernetes.origins import origin, writer
from runbooks.actions.kubernetes.revisions import Revision, current, images
from runbooks.actions.kubernetes.standing import Standing, paused, timed_out
from runbooks.actions.kubernetes.workload import KINDS, WorkloadAction
from runbooks.changes import Revision as Past
from runbooks.changes import Undo
from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.application import condition, holds
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.quantities import age, moment
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.tables import ActionSpec
from runbooks.target import Target

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
_HIDDEN = Undo(irreversible="nobody could look what there is to go back to")


async def history(target: Target) -> list[Past]:
    """Return the revisions of each workload of the application, the newest first.

    A kind that may not be listed is told as such, beside the others.

    Raises:
        ProbeError: no kind can be listed, or there is no workload of the application.
    """
    async with Sources() as sources:
        actions = [await _asking(kind, target, sources) for kind in _KINDS]
        looks = (_of_kind(each, sources) for each in actions)
        found = await asyncio.gather(*looks)
        failed = [each for each in found if isinstance(each, ProbeError)]
        if len(failed) == len(found):
            raise failed[0]
        past = [each for said in found for each in _rows(said)]
        if not past:
            action = actions[0]
            namespace = await action.connection.in_namespace(sources)
            problem = f"{namespace} has no workload of {action.application}"
            raise ProbeError(problem, source=action.source, stage="query")
    return past


def _rows(said: list[Past] | ProbeError) -> list[Past]:
    if isinstance(said, ProbeError):
        return [Past(workload="workloads", revision=str(said), undo=_HIDDEN)]
    return said


async def _asking(kind: str, target: Target, sources: Sources) -> WorkloadAction:
    """Return an action that knows the cluster and the labels of the profile."""
    asked = ActionSpec("kubernetes.rollout_restart", {"kind": kind})
    action = await make(asked, target, sources)
    assert isinstance(action, WorkloadAction)
    return action


async def _of_kind(action: WorkloadAction, sources: Sources) -> list[Past] | ProbeError:
    past: list[Past] = []
    try:
        found = await action.objects(sources, KINDS[action.kind])
        for each in filter(action.is_ours, found):
            known = await action.history(sources, each)
            past += reversed(_told(action, each, known))
    except ProbeError as error:
        return error
    return past


def _told(
    action: WorkloadAction, workload: Object, known: Sequence[Revision]
) -> list[Past]:
    """Return the revisions of one workload as people read them, oldest first.

    One that its controller has not seen yet has none, and is there all the same.
    """
    if not known:
        image = images(workload["spec"]["template"])
        name = f"{action.kind}/{name_of(workload)}"
        return [Past(workload=name, revision="none yet", image=image, live=True)]
    live = current(workload, known)
    times = [_came(workload, known[: n + 1], live) for n in range(len(known))]
    ran = [_between(*each) for each in pairwise(times)]
    name = name_of(workload)
    return [
        Past(
            workload=f"{action.kind}/{name}",
            revision=_called(workload, each, live),
            image=each.images,
            at=at,
            by=origin(workload, before, each, live),
            ran=None if each == live else lasted,
            healthy=_healthy(workload) if each == live else None,
            live=each == live,
            undo=Undo()
            if each == live
            else Undo(
                "kubernetes.rollout_undo",
                {**action.again(name), "template": each.hash},
            ),
        )
        for before, each, at, lasted in zip(
            [None, *known[:-1]], known, times, [*ran, None], strict=True
        )
    ]


def _came(workload: Object, known: Sequence[Revision], live: Revision | None) -> str:
    """Return when the last of the *known* revisions came, "" where nobody knows.

    One that came back is older than its number: of the live one alone it is known,
    from whoever wrote the template.
    """
    revision = known[-1]
    first = any(each.made > revision.made for each in known[:-1])
    if not (first or revision.was):
        return revision.made
    wrote = writer(workload) if revision == live else None
    return wrote.time if wrote and wrote.time >= max(e.made for e in known) else ""


def _between(began: str, ended: str) -> float | None:
    if not (began and ended):
        return None
    return max(0.0, (moment(ended) - moment(began)).total_seconds())


def _called(workload: Object, revision: Revision, live: Revision | None) -> str:
    """Return its number, and of the live one what is wrong with it."""
    said = [str(revision.number)]
    if revision.was:
        said.append(f"which was {revision.was} before")
    now = Standing.of(workload)
    if revision == live and not now.complete:
        stuck = ", stuck" if timed_out(workload) else ""
        said.append(
            f"{now.updated} of {now.desired} pods new, {now.ready} ready{stuck}"
        )
    if revision == live and paused(workload):
        said.append("paused")
    return ", ".join(said)


def _healthy(workload: Object) -> float | None:
    """Return for how many seconds the live revision has served with all its pods.

    It is so since its rollout was done and since enough pods are available, whatever
    came last. A StatefulSet or DaemonSet does not say either.
    """
    rolled = condition(workload, "Progressing")
    done = rolled.get("reason") == "NewReplicaSetAvailable"
    available = condition(workload, "Available").get("lastTransitionTime")
    if not (Standing.of(workload).complete and done and holds(workload, "Available")):
        return None
    times = [rolled.get("lastUpdateTime"), available]
    if not all(times):
        return None
    return max(0.0, min(age(str(each)) for each in times))
