"""Running what a CronJob runs, now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes import jobs
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.cron_jobs import active
from runbooks.actions.kubernetes.happenings import Happenings
from runbooks.actions.kubernetes.requests import Request
from runbooks.actions.kubernetes.revisions import images
from runbooks.actions.kubernetes.sending import Writer, reread, writing
from runbooks.actions.kubernetes.workload import LabelledAction
from runbooks.changes import Change, Description, Precondition, Progress, Undo
from runbooks.errors import ActionError
from runbooks.parameters import Duration
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.templates import CRON_JOBS, JOBS
from runbooks.probes.sources import Sources


class RunCronJobAction(LabelledAction, frozen=True, kw_only=True):
    """Makes a Job from a CronJob, and follows it to its end.

    Attributes:
        deadline: for how long it is watched.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such CronJob.
    """

    deadline: Duration = Duration(600)

    async def describe(self, sources: Sources) -> Description:
        found = await self.one(sources, "CronJob")
        there = await self.objects(sources, JOBS)
        by_hand = jobs.started_by_hand(found, there)
        name = jobs.next_name(found, there)
        pins = {
            **await self.pinned(sources, CRON_JOBS, found),
            "job": await self.path(sources, JOBS, name),
            "kept": jobs.is_kept(found),
        }
        request = _made(pins, found)
        running = [each for each in there if jobs.state(each) == "running"]
        dry, checked = await self.tried(
            sources,
            request,
            (await self.permitted(sources, JOBS, "create"), *_alone(found, running)),
        )
        spec = found["spec"]["jobTemplate"]["spec"]
        kept = jobs.is_kept(found)
        return Description(
            title=f"run CronJob/{name_of(found)} now as Job/{name}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, "CronJob"),),
            count=1,
            changes=(
                Change(f"Job {name}", "not there", f"runs {images(spec['template'])}"),
            ),
            stays=("its schedule stays, and so does whether it is suspended",),
            fights=_beside(found),
            preconditions=checked,
            dry_run=dry,
            undo=Undo("kubernetes.delete_job", {**self.place, "name": name}),
            seconds=float(self.deadline),
            point_of_no_return="once it runs: what the Job does is not taken back",
            snapshot=_states(by_hand),
            outcome={name: "complete"} if kept else {},
            pins=pins,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            found = await reread(writer, pins)
            uid = str(found["metadata"]["uid"])

            def arrived(job: Object | None) -> bool:
                return job is not None and jobs.owner_of(job) == uid

            made = await writer.change(_made(pins, found), pins["job"], arrived)
            uid = str(made["metadata"]["uid"])
            await self._follow(writer, pins["job"], uid, pins["kept"])

    async def _follow(self, writer: Writer, path: str, uid: str, kept: bool) -> None:
        """Return once the Job is complete.

        Args:
            kept: whether a Job that has ended is still there.

        Raises:
            ActionError: it failed, has gone, or nobody knows.
        """
        began, happenings = monotonic(), Happenings(writer)
        patience = float(self.deadline)
        while True:
            job = await jobs.now(writer, path)
            gone = min(monotonic() - began, patience)
            for line in await happenings.news([uid]):
                writer.say(line)
            if job is None and not kept:
                raise ActionError(
                    f"{path} has gone, as its Jobs do once they have ended, and nobody "
                    "saw how it ended: look at what it was to make.",
                    changed=None,
                )
            if job is None or job["metadata"]["uid"] != uid:
                raise ActionError(
                    f"{path} has gone while it ran: somebody deleted it. What it did "
                    "until then stays; look at what it was to make."
                )
            status = job.get("status") or {}
            wanted = int(job["spec"].get("completions") or 1)
            done = int(status.get("succeeded") or 0)
            bars = {"completed": (min(done, wanted), wanted)}
            writer.tell(Progress(bars=bars, deadline=(gone, patience)))
            match jobs.state(job):
                case "complete":
                    return
                case "failed":
                    raise ActionError(
                        f"Job {name_of(job)} failed ({jobs.why(job)}). What it did "
                        f"until then stays: read kubectl logs job/{name_of(job)}."
                    )
            if gone >= patience:
                raise ActionError(
                    f"Job {name_of(job)} still runs after {patience:g} s, and is "
                    "not watched any more; it goes on by itself. Look at it with "
                    f"kubectl logs -f job/{name_of(job)}."
                )
            await asyncio.sleep(self.every)

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        found = await self.one(sources, "CronJob")
        there = await self.objects(sources, JOBS)
        return _states(jobs.started_by_hand(found, there))


def _states(there: list[Object]) -> dict[str, str]:
    """Return how each Job is; one that was there at all keeps the look from empty."""
    return {"jobs by hand": str(len(there))} | {
        name_of(each): jobs.state(each) for each in there
    }


def _alone(cron_job: Object, running: list[Object]) -> Iterator[Precondition]:
    """Yield whether one of its Jobs runs, which may forbid a second one."""
    names = {str(each["name"]) for each in active(cron_job)}
    names |= {name_of(each) for each in running if jobs.is_of(cron_job, each)}
    if not names:
        yield Precondition("none of its Jobs runs", True)
        return
    policy = cron_job["spec"].get("concurrencyPolicy") or "Allow"
    said = f"{', '.join(sorted(names))} runs already (concurrencyPolicy {policy})"
    yield Precondition(said, policy == "Allow")


def _beside(cron_job: Object) -> tuple[str, ...]:
    """Return what its controller does to a Job that it did not make.

    It counts it among those that ended, and not among those that run.
    """
    name = name_of(cron_job)
    said = [f"CronJob {name} may start a scheduled Job beside it, whatever it allows"]
    if cron_job["spec"].get("suspend"):
        said = []
    if not jobs.is_kept(cron_job):
        said.append(f"CronJob {name} removes its Jobs once they have ended")
    return tuple(said)


def _made(pins: Mapping[str, Any], cron_job: Object) -> Request:
    at, _, name = str(pins["job"]).rpartition("/")
    about = f"Job {name}: spec.jobTemplate of CronJob {name_of(cron_job)}, owned by it"
    return Request("POST", at, jobs.made(cron_job, name), about=about)
