"""Follows one rollout to its end, and no other.

It is known by the generation that our request made and by its pod template. Whoever
rolls out something else meanwhile ends the following, with a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import msgspec

from runbooks.actions.kubernetes import revisions
from runbooks.actions.kubernetes.happenings import Happenings
from runbooks.actions.kubernetes.requests import Request
from runbooks.actions.kubernetes.revisions import Revision
from runbooks.actions.kubernetes.sending import Arrived, Writer
from runbooks.actions.kubernetes.standing import Standing, timed_out
from runbooks.actions.kubernetes.watching import Watch
from runbooks.changes import Progress
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.kubernetes.application import holds
from runbooks.probes.kubernetes.objects import PODS, Object
from runbooks.probes.kubernetes.selectors import name_of

TROUBLED = 3
"""Pods whose Events are told; those of the others are much alike."""


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """What is followed.

    Attributes:
        kind: of the workload, such as ``Deployment``.
        path: of the workload.
        before: the workload as it was right before the change.
        deadline: seconds after which nobody watches any more.
        replicas: how many pods there have to be, None where that may change.
        back: what to do when it fails, a sentence.
    """

    kind: str
    path: str
    before: Object
    deadline: float
    replicas: int | None = None
    back: str


class Following:
    """One rollout, from the request that begins it to its end."""

    def __init__(self, writer: Writer, rollout: Rollout) -> None:
        self._writer = writer
        self._rollout = rollout
        self._happenings = Happenings(writer)
        self._began = monotonic()
        self._after = rollout.before
        self._old = 0
        self._older: Revision | None = None
        self._said = ""

    async def begin(self, request: Request, arrived: Arrived) -> None:
        """Send the request that begins it.

        Raises:
            ActionError: it was refused, or nobody knows.
        """
        # What happened before is not told.
        await self._happenings.news([self._uid])
        self._began = monotonic()
        at = self._rollout.path
        answer = await self._writer.change(request, at, arrived)
        # A subresource answers with less; what it changes is no template.
        is_whole = "template" in (answer.get("spec") or {})
        self._after = answer if is_whole else self._rollout.before

    async def end(self) -> Revision:
        """Return once every pod is of the followed revision, and serves.

        Returns:
            The revision.

        Raises:
            ActionError: that did not come to pass, or nobody knows.
        """
        listed, _, name = self._rollout.path.rpartition("/")
        watch = Watch(self._writer, listed, name)
        while True:
            found = await self._read()
            history = await self._history(found)
            ours = revisions.current(found, history)
            if await self._is_done(found, history, ours) and ours:
                return ours
            await watch.wait(str(found["metadata"].get("resourceVersion", "")))

    @property
    def _uid(self) -> str:
        return str(self._rollout.before["metadata"]["uid"])

    @property
    def _gone(self) -> float:
        return monotonic() - self._began

    async def _read(self) -> Object:
        try:
            found = await self._writer.patiently(self._look)
        except ProbeError as error:
            raise ActionError(
                "What was sent stands, and nobody can see how it goes on: "
                f"{error}. Look at {self._rollout.path} as soon as that is possible, "
                "before anything else is done.",
                changed=None,
            ) from error
        if found is None or str(found["metadata"]["uid"]) != self._uid:
            how = "has gone" if found is None else "was deleted and made anew"
            raise ActionError(
                f"{self._rollout.path} {how} while it was rolled out: somebody deleted "
                "it. Find out who, and apply it again."
            )
        return dict(found)

    async def _look(self) -> Object | None:
        return await self._writer.read(self._rollout.path)

    async def _is_done(
        self, found: Object, history: Sequence[Revision], ours: Revision | None
    ) -> bool:
        """Tell how far it is, and whether that is the end.

        Raises:
            ActionError: it cannot come to a good end any more.
        """
        if problem := self._problem(found):
            raise ActionError(f"{problem} {self._state(found)} {self._rollout.back}")
        now = Standing.of(found)
        await self._tell(found, ours, history)
        if ours and now.complete:
            return True
        gave_up = timed_out(found)
        # That of the rollout before stays until there is progress.
        stale = gave_up == timed_out(self._rollout.before)
        if gave_up and not stale and now.seen:
            raise ActionError(
                f"The cluster gave up waiting (ProgressDeadlineExceeded). "
                f"{self._state(found)} {self._rollout.back}"
            )
        if self._gone > self._rollout.deadline:
            raise ActionError(
                f"It is not done after {self._rollout.deadline:g} s, and is not "
                f"watched any more; it goes on by itself. {self._state(found)} "
                f"{self._rollout.back}"
            )
        return False

    async def _history(self, found: Object) -> list[Revision]:
        labels = found["spec"]["selector"].get("matchLabels") or {}
        selector = ",".join(f"{key}={value}" for key, value in labels.items())

        async def look() -> list[Object]:
            kept = revisions.keepers(self._rollout.kind)
            return await self._writer.listed(kept, labelSelector=selector)

        try:
            sets = await self._writer.patiently(look)
        except ProbeError as error:
            raise ActionError(
                f"What was sent stands, and nobody can see how it goes on: {error}.",
                changed=None,
            ) from error
        return revisions.of(found, sets)

    def _problem(self, found: Object) -> str:
        """Return why this is not the rollout that was begun any more, or ""."""
        before, now = self._after["spec"], found["spec"]
        if revisions.plain(before["template"]) != revisions.plain(now["template"]):
            images = revisions.images(now["template"])
            return (
                f"Another rollout has begun meanwhile ({images}), so this one cannot "
                "end. Find out whose it is."
            )
        if now.get("paused") and not before.get("paused"):
            return "Somebody has paused it meanwhile. Find out who, and resume it."
        wanted = self._rollout.replicas
        if wanted is not None and Standing.of(found).desired != wanted:
            return (
                f"Something else has set the number of pods to {now.get('replicas')} "
                f"meanwhile, not {wanted}: look who controls it."
            )
        return ""

    def _state(self, found: Object) -> str:
        now = Standing.of(found)
        old = max(0, now.total - now.updated)
        return (
            f"Now {now.updated} of {now.desired} pods are new, {old} old ones are "
            f"left, {now.ready} are ready."
        )

    async def _tell(
        self, found: Object, ours: Revision | None, history: Sequence[Revision]
    ) -> None:
        now = Standing.of(found)
        self._old = max(self._old, now.total - now.updated)
        bars = {_called("new", ours): (_ready(ours, now), now.desired)}
        if self._old:
            left = max(0, now.total - now.updated)
            self._older = self._older or _older(history, ours)
            bars[_called("old", self._older)] = (left, self._old)
        bars["ready"] = (min(now.ready, now.desired), now.desired)
        bars["available"] = (min(now.available, now.desired), now.desired)
        gone = (min(self._gone, self._rollout.deadline), self._rollout.deadline)
        for line in await self._happenings.news(await self._uids(ours)):
            self._writer.tell(Progress(says=line, bars=bars, deadline=gone))
        said = self._state(found) if now.seen else "the controller has not seen it yet"
        fresh = said if said != self._said else ""
        self._said = said
        self._writer.tell(Progress(says=fresh, bars=bars, deadline=gone))

    async def _uids(self, ours: Revision | None) -> list[str]:
        """Return whose Events are told: the workload, its new revision, its pods."""
        if ours is None:
            return [self._uid]
        try:
            pods = await self._writer.listed(PODS, labelSelector=ours.pods)
        except ProbeError:
            pods = []
        waiting = sorted((e for e in pods if not holds(e, "Ready")), key=name_of)
        things = [ours.kept, *waiting[:TROUBLED]]
        return [self._uid, *(str(each["metadata"]["uid"]) for each in things)]


def _called(age: str, revision: Revision | None) -> str:
    return f"{age} revision {revision.number}" if revision else age


def _ready(ours: Revision | None, now: Standing) -> int:
    if ours is None or not ours.is_replica_set:
        return min(now.updated, now.ready)
    return int((ours.kept.get("status") or {}).get("readyReplicas") or 0)


def _older(history: Sequence[Revision], ours: Revision | None) -> Revision | None:
    """Return the latest other revision that still has pods."""
    status = ((each, each.kept.get("status") or {}) for each in history)
    kept = [each for each, said in status if said.get("replicas") and each != ours]
    return kept[-1] if kept else None
