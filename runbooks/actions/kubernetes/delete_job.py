"""Deleting a Job that somebody started by hand from a CronJob."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any, ClassVar

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes import jobs
from runbooks.actions.kubernetes.cluster import ClusterAction, thing
from runbooks.actions.kubernetes.requests import Request
from runbooks.actions.kubernetes.sending import reread, writing
from runbooks.changes import Change, Description, Precondition, Undo
from runbooks.errors import ActionError
from runbooks.parameters import Duration
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.templates import JOBS
from runbooks.probes.sources import Sources
from runbooks.tables import CommandClass


class DeleteJobAction(ClusterAction, frozen=True, kw_only=True):
    """Deletes a Job that was made by hand, and its pods with it.

    Attributes:
        name: of the Job.
        deadline: for how long it is waited for.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such Job.
    """

    name: str
    deadline: Duration = Duration(60)

    command_class: ClassVar[CommandClass] = CommandClass.DESTRUCTIVE

    async def describe(self, sources: Sources) -> Description:
        found = await self.present(sources, JOBS, self.name)
        pins = await self.pinned(sources, JOBS, found)
        request = _deleted(pins)
        by_hand = jobs.is_by_hand(found)
        said = "it was made by hand"
        if not by_hand:
            said = "it was not made by hand: whoever made it decides about it"
        dry, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, JOBS, "delete", self.name),
                Precondition(said, by_hand),
            ),
        )
        pods = int((found.get("status") or {}).get("active") or 0)
        return Description(
            title=f"delete Job/{self.name}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, "Job"),),
            changes=(
                Change(f"Job {self.name}", jobs.state(found), "gone, with its logs"),
                Change("pods of it that run", f"{pods}", "0"),
            ),
            stays=("what it did until now stays",),
            preconditions=checked,
            dry_run=dry,
            undo=Undo(irreversible="a Job and its logs do not come back"),
            seconds=float(self.deadline),
            snapshot={"job": jobs.state(found)},
            outcome={"job": "gone"},
            pins=pins,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            await reread(writer, pins)

            def arrived(job: Object | None) -> bool:
                return job is None or "deletionTimestamp" in job["metadata"]

            await writer.change(_deleted(pins), pins["path"], arrived)
            until = monotonic() + self.deadline
            while (job := await jobs.now(writer, pins["path"])) is not None:
                if job["metadata"]["uid"] != pins["uid"]:
                    return
                if monotonic() > until:
                    raise ActionError(
                        f"Job {self.name} is being deleted, and still there after "
                        f"{self.deadline:g} s: look at its finalizers and pods."
                    )
                await asyncio.sleep(self.every)

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        return {"job": jobs.state(await self.named(sources, JOBS, self.name))}


def _deleted(pins: Mapping[str, Any]) -> Request:
    """Return the request that deletes this Job and no other of its name."""
    body = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": pins["uid"]},
    }
    about = f"propagationPolicy = Background, preconditions.uid = {pins['uid']}"
    return Request("DELETE", pins["path"], body, about=about)
