"""Taking one pod away, so that its controller makes another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, ClassVar

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import ClusterAction, thing
from runbooks.actions.kubernetes.happenings import Happenings
from runbooks.actions.kubernetes.jobs import owner_of
from runbooks.actions.kubernetes.requests import Request
from runbooks.actions.kubernetes.sending import Writer, reread, writing
from runbooks.actions.kubernetes.serving import covering
from runbooks.changes import Change, Description, Precondition, Progress, Undo
from runbooks.errors import ActionError, ProbeError
from runbooks.parameters import Duration
from runbooks.probes.kubernetes.application import holds
from runbooks.probes.kubernetes.disruption_budgets import BUDGETS
from runbooks.probes.kubernetes.objects import PODS, Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources
from runbooks.tables import CommandClass

GRACE = 30
"""Seconds that a pod gets to end where it does not say otherwise."""


class DeletePodAction(ClusterAction, frozen=True, kw_only=True):
    """Evicts a pod, as its PodDisruptionBudget allows, and waits for the one after it.

    See https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/.

    Attributes:
        name: of the pod.
        deadline: for how long it is watched, beyond the time that the pod gets to end.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such pod.
    """

    name: str
    deadline: Duration = Duration(300)

    command_class: ClassVar[CommandClass] = CommandClass.DESTRUCTIVE

    async def describe(self, sources: Sources) -> Description:
        found = await self.present(sources, PODS, self.name)
        pods = _siblings(owner_of(found), await self.objects(sources, PODS))
        ready = sum(holds(each, "Ready") for each in pods)
        pins = {
            **await self.pinned(sources, PODS, found),
            "owner": owner_of(found),
            "pods": len(pods),
        }
        request = _evicted(pins, self.name)
        budgets = await self.objects(sources, BUDGETS)
        dry, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, PODS, "create", self.name, "eviction"),
                *_replaceable(found),
                *_allowed(found, covering(found, budgets)),
            ),
        )
        return Description(
            title=f"delete Pod/{self.name}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, "Pod"),),
            changes=(
                Change(f"Pod {self.name}", _how(found), "gone"),
                Change("pods that are ready", f"{ready}", f"{_left(found, ready)}"),
            ),
            stays=("template and number of pods stay: its controller makes another",),
            preconditions=checked,
            dry_run=dry,
            undo=Undo(irreversible="the pod, its logs and its memory do not come back"),
            seconds=self._patience(found),
            snapshot=_state(found),
            # A StatefulSet makes it anew under its name.
            outcome={"pod": "ready" if _has_name(found) else "gone"},
            pins=pins,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            before = await reread(writer, pins)
            uid = pins["uid"]

            def arrived(pod: Object | None) -> bool:
                if pod is None or pod["metadata"]["uid"] != uid:
                    return True
                return "deletionTimestamp" in pod["metadata"]

            request = _evicted(pins, self.name)
            await writer.change(request, pins["path"], arrived)
            await self._follow(writer, pins, self._patience(before))

    async def _follow(
        self, writer: Writer, pins: Mapping[str, Any], patience: float
    ) -> None:
        """Return once the pod is gone and as many are ready as there were.

        Raises:
            ActionError: that did not come to pass, or nobody knows.
        """
        began, happenings = monotonic(), Happenings(writer)

        async def look() -> list[Object]:
            return await writer.listed(PODS)

        while True:
            try:
                pods = await writer.patiently(look)
            except ProbeError as error:
                raise ActionError(
                    f"The pod was evicted, and nobody can see what follows: {error}. "
                    "Look at the pods as soon as that is possible.",
                    changed=None,
                ) from error
            there = any(each["metadata"]["uid"] == pins["uid"] for each in pods)
            others = _siblings(pins["owner"], pods, besides=pins["uid"])
            ready = sum(holds(each, "Ready") for each in others)
            waiting = [e["metadata"]["uid"] for e in others if not holds(e, "Ready")]
            for line in await happenings.news([pins["uid"], *waiting]):
                writer.say(line)
            gone = min(monotonic() - began, patience)
            bars = {
                "gone": (int(not there), 1),
                "ready": (min(ready, pins["pods"]), pins["pods"]),
            }
            writer.tell(Progress(bars=bars, deadline=(gone, patience)))
            if not there and ready >= pins["pods"]:
                return
            if gone >= patience:
                state = "still there" if there else "gone"
                raise ActionError(
                    f"The pod is {state}, and {ready} of {pins['pods']} pods are ready "
                    f"after {patience:g} s. Read the events of those that are not."
                )
            await asyncio.sleep(self.every)

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        return _state(await self.named(sources, PODS, self.name))

    def _patience(self, found: Object) -> float:
        grace = found["spec"].get("terminationGracePeriodSeconds")
        return float(self.deadline) + (GRACE if grace is None else float(grace))


def _siblings(owner: str, pods: Iterable[Object], besides: str = "") -> list[Object]:
    """Return the pods of one controller that are not on their way out."""
    return [
        each
        for each in pods
        if owner
        and owner_of(each) == owner
        and each["metadata"]["uid"] != besides
        and "deletionTimestamp" not in each["metadata"]
    ]


def _state(found: Object | None) -> dict[str, str]:
    return {"pod": _how(found) if found else "gone"}


def _how(found: Object) -> str:
    return "ready" if holds(found, "Ready") else "not ready"


def _has_name(found: Object) -> bool:
    """Whether what controls it gives its pods names that stay."""
    owners = found["metadata"].get("ownerReferences") or []
    return any(each.get("kind") == "StatefulSet" for each in owners)


def _left(found: Object, ready: int) -> int:
    return ready - 1 if holds(found, "Ready") else ready


def _replaceable(found: Object) -> Iterator[Precondition]:
    """Yield whether something makes another pod in its place."""
    if "deletionTimestamp" in found["metadata"]:
        yield Precondition("it is on its way out already", False)
    owners = found["metadata"].get("ownerReferences") or []
    kinds = [str(each["kind"]) for each in owners if each.get("controller")]
    if not kinds:
        yield Precondition("nothing controls it, so nothing would replace it", False)
    for kind in kinds:
        more = ", and counts it as a failure" if kind == "Job" else ""
        yield Precondition(f"its {kind} makes another{more}", kind != "Job")


def _allowed(found: Object, those: Sequence[Object]) -> Iterator[Precondition]:
    """Yield whether its budgets allow it; several forbid every eviction."""
    if len(those) > 1:
        names = ", ".join(map(name_of, those))
        said = f"several PodDisruptionBudgets select it ({names}): none can be evicted"
        yield Precondition(said, False)
        return
    for each in those:
        allowed = int((each.get("status") or {}).get("disruptionsAllowed") or 0)
        said = f"PodDisruptionBudget {name_of(each)} allows {allowed} to go"
        free = not holds(found, "Ready") and not allowed
        more = ": whether one that is not ready may go, the API server says"
        yield Precondition(f"{said}{more if free else ''}", bool(allowed) or free)


def _evicted(pins: Mapping[str, Any], name: str) -> Request:
    """Return the request that evicts this pod and no other of its name."""
    namespace = str(pins["path"]).split("/")[4]
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": {"preconditions": {"uid": pins["uid"]}},
    }
    about = f"deleteOptions.preconditions.uid = {pins['uid']}"
    return Request("POST", f"{pins['path']}/eviction", body, about=about)
