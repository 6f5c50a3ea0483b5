"""Pausing the rollouts of a Deployment, and resuming them."""

from __future__ import annotations

from typing import Literal

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.controllers import Field
from runbooks.actions.kubernetes.requests import Request, merged
from runbooks.actions.kubernetes.revisions import current, plain
from runbooks.actions.kubernetes.rollouts import RolloutAction
from runbooks.actions.kubernetes.sending import has, reread, writing
from runbooks.actions.kubernetes.serving import serving
from runbooks.actions.kubernetes.standing import Standing, paused
from runbooks.actions.kubernetes.templates import differences
from runbooks.changes import Change, Description, Precondition, Undo
from runbooks.probes.kubernetes.objects import DEPLOYMENTS, Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources


class PausingAction(RolloutAction, frozen=True, kw_only=True):
    """Sets whether changes of a Deployment's template are rolled out."""

    kind: Literal["Deployment"] = "Deployment"

    async def state(self, sources: Sources, found: Object) -> dict[str, str]:
        said = await super().state(sources, found)
        return {**said, "rollouts": "paused" if paused(found) else "go on"}


class RolloutPauseAction(PausingAction, frozen=True, kw_only=True):
    """Stops a rollout where it is, and those to come.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such Deployment.
    """

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        pins = await self.pinned(sources, DEPLOYMENTS, found)
        name, now = name_of(found), Standing.of(found)
        request = _set(pins["path"], True)
        said, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, DEPLOYMENTS, "patch", name),
                Precondition(
                    "it is paused already" if paused(found) else "it is not paused",
                    not paused(found),
                ),
            ),
        )
        where = "no rollout is in progress"
        if not now.complete:
            where = f"stops with {now.updated} of {now.desired} pods new"
        return Description(
            title=f"pause the rollouts of Deployment/{name}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, "Deployment"),),
            changes=(Change("rollouts", "go on", f"paused: {where}"),),
            stays=(
                "pods that run stay, and are made anew when they end",
                "the clock of the deadline stands still meanwhile",
            ),
            fights=await self.fighting(sources, found, Field.PAUSED),
            preconditions=checked,
            dry_run=said,
            undo=Undo("kubernetes.rollout_resume", self.again(name)),
            loose_end=f"the rollouts of Deployment/{name} are paused",
            snapshot=await self.state(sources, found),
            outcome={"rollouts": "paused"},
            pins=pins,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            before = await reread(writer, pins)
            request = _set(pins["path"], True).at(before)
            arrived = has("spec", "paused", value=True)
            await writer.change(request, pins["path"], arrived)


class RolloutResumeAction(PausingAction, frozen=True, kw_only=True):
    """Rolls out what was changed while it was paused, and follows it.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such Deployment.
    """

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        pins = await self.pinned(sources, DEPLOYMENTS, found)
        name, state = name_of(found), await self.state(sources, found)
        request = _set(pins["path"], False)
        budgets = await self.budgets(sources, found)
        said, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, DEPLOYMENTS, "patch", name),
                Precondition(
                    "it is paused" if paused(found) else "it is not paused",
                    paused(found),
                ),
                *serving(found, budgets, self.keeping),
            ),
        )
        return Description(
            title=f"resume the rollouts of Deployment/{name}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, "Deployment"),),
            count=Standing.of(found).desired,
            changes=(
                Change("rollouts", "paused", "go on"),
                *await self._waiting(sources, found),
            ),
            fights=await self.fighting(sources, found, Field.PAUSED),
            preconditions=checked,
            dry_run=said,
            undo=Undo("kubernetes.rollout_pause", self.again(name)),
            seconds=self.patience(found),
            watch=self.watch,
            snapshot=state,
            outcome={"image": state["image"], "ready": "all", "rollouts": "go on"},
            pins=pins,
        )

    async def _waiting(self, sources: Sources, found: Object) -> tuple[Change, ...]:
        """Return what was changed while it was paused, and is rolled out now."""
        history = await self.history(sources, found)
        if current(found, history) or not history:
            return ()
        return differences(history[-1].template, plain(found["spec"]["template"]))

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            before = await reread(writer, pins)
            following = self.following(writer, description, before)
            request = _set(pins["path"], False).at(before)

            def arrived(now: Object | None) -> bool:
                return now is not None and not paused(now)

            await following.begin(request, arrived)
            await following.end()


def _set(path: str, value: bool) -> Request:
    about = f"spec.paused = {'true' if value else 'false'}"
    return merged(path, {"spec": {"paused": value}}, about)
