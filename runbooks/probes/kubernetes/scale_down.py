"""Probe of how autoscalers take pods away, and whether they ever did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.events import EVENTS, last_seen
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.quantities import age
from runbooks.probes.kubernetes.scaling import Autoscaler, autoscalers
from runbooks.probes.sources import Sources
from runbooks.results import Reading

USUAL = 300
"""Seconds that pods stay after they are needed where an autoscaler says nothing."""
_REASON = "SuccessfulRescale"
_FEWER = ("All metrics below target", "above Spec.MaxReplicas")


class ScaleDownProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures how the autoscalers of components take pods away.

    Source: ``spec.behavior.scaleDown`` of HorizontalPodAutoscalers, and the Events
    of their controller, which the API server keeps for an hour unless told otherwise.

    Readings:
        window: the shortest time that a pod stays after it is needed
            (``stabilizationWindowSeconds``, 300 s without); absent without an
            autoscaler.
        last: since pods were taken away; absent where no event says so.
        forbidden: autoscalers that may not take pods away at all.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    readings: ClassVar[Mapping[str, str]] = {
        "window": "s",
        "last": "s",
        "forbidden": "",
    }
    naming: ClassVar[frozenset[str]] = frozenset({"forbidden"})

    async def measure(self, sources: Sources) -> Measurement:
        _, found = await autoscalers(self, sources)
        names = {each.name for each in found}
        events = [
            each
            for each in await self.objects(sources, EVENTS)
            if each["involvedObject"].get("name") in names and _takes_away(each)
        ]
        events.sort(key=last_seen)
        lines = [_line(each) for each in found] or ["nothing scales them"]
        lines += [
            f"{last_seen(each)} {each['involvedObject']['name']}: {each['message']}"
            for each in events[-1:]
        ]
        windows = [_window(each) for each in found]
        return measured(
            "\n".join(lines),
            Reading("window", min(windows, default=None), "s"),
            Reading("last", age(last_seen(events[-1])) if events else None, "s"),
            listed("forbidden", (e.name for e in found if e.never("scaleDown"))),
        )


def _window(scaler: Autoscaler) -> int:
    said = scaler.behavior("scaleDown").get("stabilizationWindowSeconds")
    return USUAL if said is None else int(said)


def _takes_away(event: Object) -> bool:
    about = event["involvedObject"].get("kind"), event.get("reason")
    said = str(event.get("message", ""))
    return about == ("HorizontalPodAutoscaler", _REASON) and said.endswith(_FEWER)


def _line(scaler: Autoscaler) -> str:
    status = scaler.thing.get("status") or {}
    scaled = status.get("lastScaleTime") or "never"
    forbidden = ", may not" if scaler.never("scaleDown") else ""
    return (
        f"{scaler.workload.component}: {scaler.name} takes pods away after "
        f"{_window(scaler)} s{forbidden}; last scaled, either way: {scaled}"
    )
