"""Rolling a Deployment back to a template that it had before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.configuration import listed
from runbooks.actions.kubernetes.controllers import Field
from runbooks.actions.kubernetes.requests import Request, operated, put
from runbooks.actions.kubernetes.revisions import CAUSE, Revision, current, plain
from runbooks.actions.kubernetes.rollouts import RolloutAction
from runbooks.actions.kubernetes.sending import Writer, reread, writing
from runbooks.actions.kubernetes.serving import serving, unpaused
from runbooks.actions.kubernetes.standing import Standing
from runbooks.actions.kubernetes.templates import differences
from runbooks.changes import Change, Description, Precondition, Thing, Undo
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.kubernetes.objects import DEPLOYMENTS, Object
from runbooks.probes.kubernetes.rollout import REPLICA_SETS
from runbooks.probes.kubernetes.selectors import annotations_of, name_of
from runbooks.probes.sources import Sources

_ANNOTATION = f"/metadata/annotations/{CAUSE.replace('/', '~1')}"


class RolloutUndoAction(RolloutAction, frozen=True, kw_only=True):
    """Rolls a Deployment back to the template of one of its revisions, and follows it.

    Attributes:
        revision: its number; without one the revision before the current one.
        template: its hash instead (label pod-template-hash), which stays when numbers
            move.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such Deployment or revision.
    """

    kind: Literal["Deployment"] = "Deployment"
    revision: int = 0
    template: str = ""

    field: ClassVar[Field] = Field.TEMPLATE

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        history = await self.history(sources, found)
        target, now = self._target(found, history), current(found, history)
        state = await self.state(sources, found)
        pins = {
            **await self.pinned(sources, DEPLOYMENTS, found),
            "set": await self.path(sources, REPLICA_SETS, target.name),
            "number": target.number,
            "set_uid": str(target.set["metadata"]["uid"]),
        }
        request = _rolled_back(pins, found, target.set)
        budgets = await self.budgets(sources, found)
        said, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, DEPLOYMENTS, "patch"),
                _differs(target, now),
                _in_progress(found, now),
                unpaused(found),
                *serving(found, budgets, self.keeping),
            ),
        )
        name = name_of(found)
        number = now.number if now else 0
        return Description(
            title=f"roll back Deployment/{name} from revision {number or 'unknown'} to "
            f"{target.number} (template {target.hash})",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, "Deployment"), _set(target)),
            count=Standing.of(found).desired,
            changes=_changes(found, history, target, now),
            stays=_stays(found),
            fights=await self.fighting(sources, found, self.field),
            preconditions=checked,
            dry_run=said,
            undo=self._undo(name, now),
            seconds=self.patience(found),
            point_of_no_return=_forgotten(found, now),
            snapshot=state,
            outcome={
                "image": target.images,
                "template": target.hash,
                "ready": "all",
            },
            pins=pins,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            before = await reread(writer, pins)
            target = await _set_now(writer, pins)
            following = self.following(writer, description, before)
            wanted = plain(target["spec"]["template"])

            def arrived(now: Object | None) -> bool:
                return now is not None and plain(now["spec"]["template"]) == wanted

            request = _rolled_back(pins, before, target).at(before)
            await following.begin(request, arrived)
            if now := await following.end():
                said = f"revision {pins['number']} came back as revision {now.number}"
                writer.say(said)

    def _target(self, found: Object, history: Sequence[Revision]) -> Revision:
        """Return the revision that is meant.

        Raises:
            ProbeError: there is none such.
        """
        if self.revision and self.template:
            said = "say either revision or template of the one to go back to"
            raise ProbeError(said, source=self.source, stage="configuration")
        now = current(found, history)
        if self.revision:
            meant = [each for each in history if each.number == self.revision]
            wanted = f"revision {self.revision}"
        elif self.template:
            meant = [each for each in history if each.hash == self.template]
            wanted = f"template {self.template}"
        else:
            meant = [each for each in history if each != now]
            wanted = "revision before the current one"
        if meant:
            return meant[-1]
        there = ", ".join(f"{e.number} ({e.hash}, {e.images})" for e in history)
        said = f"{name_of(found)} has no {wanted}; it has {there or 'none'}"
        raise ProbeError(said, source=self.source, stage="query")

    def _undo(self, name: str, now: Revision | None) -> Undo:
        if now is None:
            said = "no ReplicaSet has the current template, so it is not kept"
            return Undo(irreversible=said)
        back = {**self.again(name), "template": now.hash}
        return Undo("kubernetes.rollout_undo", back)


def _rolled_back(pins: Mapping[str, Any], found: Object, target: Object) -> Request:
    """Return the request that puts the template of a ReplicaSet in place.

    What was noted as its cause comes back with it; kubectl does the same.
    """
    name = target["metadata"]["name"]
    changes = [put("/spec/template", plain(target["spec"]["template"]), "replace")]
    cause = annotations_of(target).get(CAUSE)
    if cause is not None and annotations_of(found):
        changes.append(put(_ANNOTATION, cause))
    elif cause is None and CAUSE in annotations_of(found):
        changes.append({"op": "remove", "path": _ANNOTATION})
    about = f"spec.template = that of ReplicaSet/{name}"
    return operated(pins["path"], changes, about)


async def _set_now(writer: Writer, pins: Mapping[str, Any]) -> Object:
    """Return the ReplicaSet to go back to, as it still is.

    Raises:
        ActionError: it is not there any more; nothing was sent.
    """
    try:
        found = await writer.read(pins["set"])
    except ProbeError as error:
        said = f"Nothing was sent: {error}. Find out why, then try again."
        raise ActionError(said, changed=False) from error
    if found is None or found["metadata"]["uid"] != pins["set_uid"]:
        said = f"Nothing was sent: {pins['set']} has gone. Look again."
        raise ActionError(said, changed=False)
    return found


def _set(target: Revision) -> Thing:
    """Return the ReplicaSet as one that is another one once its number has moved."""
    uid = str(target.set["metadata"]["uid"])
    return Thing("ReplicaSet", target.name, uid, f"revision {target.number}")


def _differs(target: Revision, now: Revision | None) -> Precondition:
    if now and target.hash == now.hash:
        said = (
            f"revision {target.number} is the current template: nothing would change, "
            "so nothing is undone"
        )
        return Precondition(said, False)
    return Precondition(f"revision {target.number} is another template", True)


def _in_progress(found: Object, now: Revision | None) -> Precondition:
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


def _changes(
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


def _stays(found: Object) -> tuple[str, ...]:
    said = [f"the number of pods stays {Standing.of(found).desired}"]
    if sources := listed(found["spec"]["template"]):
        said.append(f"{sources}: an undo leaves them as they are now")
    said.append("the database's schema: a migration is not taken back")
    return tuple(said)


def _forgotten(found: Object, now: Revision | None) -> str:
    """Return when the revision that is left cannot be gone back to any more."""
    if now is None:
        return ""
    limit = found["spec"].get("revisionHistoryLimit")
    return (
        f"after {10 if limit is None else limit} further revisions, when revision "
        f"{now.number} is forgotten"
    )
