"""Suspending a CronJob, and letting it run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.controllers import Field, fights
from runbooks.actions.kubernetes.requests import Request, merged
from runbooks.actions.kubernetes.sending import has, reread, writing
from runbooks.actions.kubernetes.workload import LabelledAction
from runbooks.changes import Change, Description, Precondition, Undo
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.templates import CRON_JOBS
from runbooks.probes.sources import Sources


class SuspensionAction(LabelledAction, frozen=True, kw_only=True):
    """Sets whether a CronJob starts Jobs."""

    suspend: ClassVar[bool]
    back: ClassVar[str]
    """The action that takes it back."""

    async def describe(self, sources: Sources) -> Description:
        found = await self.one(sources, "CronJob")
        name = name_of(found)
        pins = await self.pinned(sources, CRON_JOBS, found)
        request = _set(pins, self.suspend)
        before, after = _said(not self.suspend), _said(self.suspend)
        now = f"it is {_said(suspended(found))}"
        dry, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, CRON_JOBS, "patch", name),
                Precondition(now, suspended(found) != self.suspend),
            ),
        )
        return Description(
            title=f"{'suspend' if self.suspend else 'resume'} CronJob/{name}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, "CronJob"),),
            changes=(Change(f"CronJob {name}", before, after),),
            stays=self._stays(found),
            fights=fights(found, Field.SUSPENDED),
            preconditions=checked,
            dry_run=dry,
            undo=Undo(self.back, self.again(name)),
            loose_end=f"CronJob {name} is suspended" if self.suspend else "",
            snapshot=_state(found),
            outcome={"schedule": after},
            pins=pins,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            before = await reread(writer, pins)
            arrived = has("spec", "suspend", value=self.suspend)
            request = _set(pins, self.suspend).at(before)
            await writer.change(request, pins["path"], arrived)

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        return _state(await self.one(sources, "CronJob"))

    def _stays(self, found: Object) -> tuple[str, ...]:
        running = [str(each["name"]) for each in active(found)]
        if self.suspend and running:
            return (f"Jobs that run go on: {', '.join(running)}",)
        if not self.suspend:
            return (
                "runs that were missed meanwhile may start at once, unless its "
                "startingDeadlineSeconds says otherwise",
            )
        return ()


class SuspendCronJobAction(SuspensionAction, frozen=True, kw_only=True):
    """Keeps a CronJob from starting Jobs.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such CronJob.
    """

    suspend: ClassVar[bool] = True
    back: ClassVar[str] = "kubernetes.resume_cronjob"


class ResumeCronJobAction(SuspensionAction, frozen=True, kw_only=True):
    """Lets a CronJob start Jobs again.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such CronJob.
    """

    suspend: ClassVar[bool] = False
    back: ClassVar[str] = "kubernetes.suspend_cronjob"


def suspended(found: Object) -> bool:
    return bool(found["spec"].get("suspend"))


def active(found: Object) -> list[dict[str, Any]]:
    """Return references to the Jobs of a CronJob that run."""
    running: list[dict[str, Any]] = (found.get("status") or {}).get("active") or []
    return running


def _state(found: Object) -> dict[str, str]:
    return {"schedule": _said(suspended(found))}


def _said(suspend: bool) -> str:
    return "suspended" if suspend else "runs"


def _set(pins: Mapping[str, Any], suspend: bool) -> Request:
    about = f"spec.suspend = {'true' if suspend else 'false'}"
    change = {"spec": {"suspend": suspend}}
    return merged(pins["path"], change, about)
