"""Rolling a workload back to a template that it had before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.controllers import Field
from runbooks.actions.kubernetes.going_back import (
    changed,
    differs,
    ends_rollout,
    forgotten,
    keeper,
    stays,
)
from runbooks.actions.kubernetes.requests import Request, operated, put
from runbooks.actions.kubernetes.revisions import (
    CAUSE,
    Revision,
    current,
    keepers,
    plain,
)
from runbooks.actions.kubernetes.rollouts import RolloutAction
from runbooks.actions.kubernetes.sending import Writer, reread, writing
from runbooks.actions.kubernetes.serving import rolled, serving, unpaused
from runbooks.actions.kubernetes.standing import Standing
from runbooks.actions.kubernetes.workload import KINDS
from runbooks.changes import Description, Undo
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import annotations_of, name_of
from runbooks.probes.sources import Sources

_ANNOTATION = f"/metadata/annotations/{CAUSE.replace('/', '~1')}"


class RolloutUndoAction(RolloutAction, frozen=True, kw_only=True):
    """Rolls a workload back to the template of one of its revisions, and follows it.

    Attributes:
        revision: its number; without one the revision before the current one.
        template: what stays when numbers move instead: of a Deployment the label
            pod-template-hash of its ReplicaSet, else the name of the
            ControllerRevision.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such workload or revision.
    """

    revision: int = 0
    template: str = ""

    field: ClassVar[Field] = Field.TEMPLATE
    counts_rows: ClassVar[bool] = True

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        history = await self.history(sources, found)
        target, now = self._target(found, history), current(found, history)
        name, state = name_of(found), await self.state(sources, found)
        pins = {
            **await self.pinned(sources, KINDS[self.kind], found),
            "kept": await self.path(sources, keepers(self.kind), target.name),
            "number": target.number,
            "kept_uid": str(target.kept["metadata"]["uid"]),
        }
        request = _rolled_back(pins, found, target)
        budgets = await self.budgets(sources, found)
        said, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, KINDS[self.kind], "patch", name),
                differs(target, now),
                ends_rollout(found, now),
                unpaused(found),
                *rolled(found),
                *serving(found, budgets, self.keeping),
            ),
        )
        number = now.number if now else 0
        return Description(
            title=f"roll back {self.kind}/{name} from revision "
            f"{number or 'unknown'} to {target.number} (template {target.hash})",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, self.kind), keeper(target)),
            count=Standing.of(found).desired,
            changes=changed(found, history, target, now),
            stays=stays(found),
            fights=await self.fighting(sources, found, self.field),
            preconditions=checked,
            dry_run=said,
            undo=self._undo(name, now),
            seconds=self.patience(found),
            watch=self.watch,
            point_of_no_return=forgotten(found, now),
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
            target = await _as_it_is(writer, pins)
            following = self.following(writer, description, before)

            def arrived(now: Object | None) -> bool:
                if now is None:
                    return False
                return plain(now["spec"]["template"]) == target.template

            request = _rolled_back(pins, before, target).at(before)
            await following.begin(request, arrived)
            now = await following.end()
            writer.say(f"revision {pins['number']} came back as revision {now.number}")

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
            said = "no revision has the current template, so it is not kept"
            return Undo(irreversible=said)
        back = {**self.again(name), "template": now.hash}
        return Undo("kubernetes.rollout_undo", back)


def _rolled_back(pins: Mapping[str, Any], found: Object, target: Revision) -> Request:
    """Return the request that puts the template of a revision in place.

    What was noted as its cause comes back with it; kubectl does the same.
    """
    changes = [put("/spec/template", target.template, "replace")]
    cause = annotations_of(target.kept).get(CAUSE)
    if cause is not None and annotations_of(found):
        changes.append(put(_ANNOTATION, cause))
    elif cause is None and CAUSE in annotations_of(found):
        changes.append({"op": "remove", "path": _ANNOTATION})
    about = f"spec.template = that of {target.kind}/{target.name}"
    return operated(pins["path"], changes, about)


async def _as_it_is(writer: Writer, pins: Mapping[str, Any]) -> Revision:
    """Return the revision to go back to, as it still is.

    Raises:
        ActionError: it is not there any more; nothing was sent.
    """
    try:
        found = await writer.read(pins["kept"])
    except ProbeError as error:
        said = f"Nothing was sent: {error}. Find out why, then try again."
        raise ActionError(said, changed=False) from error
    if found is None or found["metadata"]["uid"] != pins["kept_uid"]:
        said = f"Nothing was sent: {pins['kept']} has gone. Look again."
        raise ActionError(said, changed=False)
    return Revision.of(found)
