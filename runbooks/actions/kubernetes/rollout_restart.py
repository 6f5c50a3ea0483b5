"""Restarting a workload: pods made anew from the same template."""

from __future__ import annotations

from datetime import UTC, datetime

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.configuration import listed
from runbooks.actions.kubernetes.controllers import Field
from runbooks.actions.kubernetes.origins import RESTARTED
from runbooks.actions.kubernetes.requests import Request, merged
from runbooks.actions.kubernetes.revisions import current
from runbooks.actions.kubernetes.rollouts import RolloutAction
from runbooks.actions.kubernetes.sending import has, reread, writing
from runbooks.actions.kubernetes.serving import (
    rolled,
    serving,
    unavailable,
    undisturbed,
    unpaused,
)
from runbooks.actions.kubernetes.standing import Standing
from runbooks.actions.kubernetes.workload import KINDS
from runbooks.changes import Change, Description, Undo
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import annotations_of, name_of
from runbooks.probes.sources import Sources


class RolloutRestartAction(RolloutAction, frozen=True, kw_only=True):
    """Makes all pods of a workload anew, as its strategy says, and follows it.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such workload.
    """

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        state = await self.state(sources, found)
        pins = await self.pinned(sources, KINDS[self.kind], found)
        name, now = name_of(found), Standing.of(found)
        request = restart(pins["path"], moment())
        budgets = await self.budgets(sources, found)
        said, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, KINDS[self.kind], "patch", name),
                undisturbed(found),
                *rolled(found),
                unpaused(found),
                *serving(found, budgets, self.keeping),
            ),
        )
        template = found["spec"]["template"]
        last = annotations_of(template).get(RESTARTED, "never")
        kept = min(now.ready, max(0, now.desired - unavailable(found)))
        return Description(
            title=f"restart {self.kind}/{name}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, self.kind),),
            count=now.desired,
            changes=(
                Change("restarted", last, "the time of the request"),
                Change("pods that are ready", f"{now.ready}", f"{kept} meanwhile"),
            ),
            stays=_stays(found, state),
            fights=await self.fighting(sources, found, Field.RESTART),
            preconditions=checked,
            dry_run=said,
            undo=await self._undo(sources, found),
            seconds=self.patience(found),
            watch=self.watch,
            snapshot=state,
            outcome={"image": state["image"], "ready": "all"},
            pins=pins,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            before = await reread(writer, pins)
            following = self.following(writer, description, before)
            now = moment()
            place = ("spec", "template", "metadata", "annotations", RESTARTED)
            request = restart(pins["path"], now).at(before)
            await following.begin(request, has(*place, value=now))
            await following.end()

    async def _undo(self, sources: Sources, found: Object) -> Undo:
        """Return how to go back: to the revision whose pods run now."""
        revision = current(found, await self.history(sources, found))
        if revision is None:
            said = "the pods are made anew from the same template; none comes back"
            return Undo(irreversible=said)
        back = {**self.again(name_of(found)), "template": revision.hash}
        return Undo("kubernetes.rollout_undo", back)


def restart(path: str, now: str) -> Request:
    change = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}}}
    about = f"spec.template.metadata.annotations[{RESTARTED}] = the time of the request"
    return merged(path, change, about)


def moment() -> str:
    """Return the time, finer than a second: two restarts in one are two restarts."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _stays(found: Object, state: dict[str, str]) -> tuple[str, ...]:
    said = [f"the image stays {state['image']}"]
    if sources := listed(found["spec"]["template"]):
        said.append(f"new pods read {sources} as they are now")
    return tuple(said)
