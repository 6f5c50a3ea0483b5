"""What is said of going back to a former revision before somebody agrees to it."""

from __future__ import annotations

from collections.abc import Sequence

from runbooks.actions.kubernetes.configuration import listed
from runbooks.actions.kubernetes.revisions import CAUSE, Revision, plain
from runbooks.actions.kubernetes.standing import Standing
from runbooks.actions.kubernetes.templates import differences
from runbooks.changes import Change, Precondition, Thing
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import annotations_of


def keeper(target: Revision) -> Thing:
    """Return what keeps it, as another one once its number has moved."""
    uid = str(target.kept["metadata"]["uid"])
    return Thing(target.kind, target.name, uid, f"revision {target.number}")


def differs(target: Revision, now: Revision | None) -> Precondition:
    if now and target.hash == now.hash:
        said = (
            f"revision {target.number} is the current template: nothing would change, "
            "so nothing is undone"
        )
        return Precondition(said, False)
    return Precondition(f"revision {target.number} is another template", True)


def ends_rollout(found: Object, now: Revision | None) -> Precondition:
    """Look whether the rollout that is taken back still goes on.

    One of somebody else after this look is another generation: it is noticed.
    """
    standing = Standing.of(found)
    if not standing.seen or now is None:
        said = "the controller has not seen the current template yet: look again"
        return Precondition(said, False)
    if standing.complete:
        return Precondition("no rollout is in progress", True)
    said = (
        f"revision {now.number} is not rolled out ({standing.updated} of "
        f"{standing.desired} pods are new, {standing.ready} ready): this ends it"
    )
    return Precondition(said, True)


def changed(
    found: Object, history: Sequence[Revision], target: Revision, now: Revision | None
) -> tuple[Change, ...]:
    latest = max(each.number for each in history)
    number = now.number if now else "unknown"
    images = f"{number} ({now.images})" if now else f"{number}"
    back = f"{latest + 1}, which is {target.number} again ({target.images})"
    cause = annotations_of(found).get(CAUSE, "")
    causes = (Change("cause", cause or "none", target.cause or "none"),)
    return (
        Change("revision", images, back),
        *differences(plain(found["spec"]["template"]), target.template),
        *(causes if cause != target.cause else ()),
    )


def stays(found: Object) -> tuple[str, ...]:
    said = [f"the number of pods stays {Standing.of(found).desired}"]
    if sources := listed(found["spec"]["template"]):
        said.append(f"{sources}: an undo leaves them as they are now")
    said.append("the database's schema: a migration is not taken back")
    if _waits_in_order(found):
        said.append(
            "a pod that never gets ready stays, too: a StatefulSet waits for it before "
            "it goes on, so delete it by hand then (kubernetes.delete_pod)"
        )
    return tuple(said)


def _waits_in_order(found: Object) -> bool:
    """Whether it is a StatefulSet with a pod that is not ready.

    See https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/,
    "Forced rollback".
    """
    policy = found["spec"].get("podManagementPolicy")
    now = Standing.of(found)
    return policy == "OrderedReady" and now.ready < now.desired


def forgotten(found: Object, now: Revision | None) -> str:
    """Return when the revision that is left cannot be gone back to any more."""
    if now is None:
        return ""
    limit = found["spec"].get("revisionHistoryLimit")
    return (
        f"after {10 if limit is None else limit} further revisions, when revision "
        f"{now.number} is forgotten"
    )
