"""Pinning the autoscaler of a workload for a time, and letting it go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.controllers import Field, fights
from runbooks.actions.kubernetes.keda import scaled_by
from runbooks.actions.kubernetes.requests import Request, operated, put
from runbooks.actions.kubernetes.rollouts import RolloutAction
from runbooks.actions.kubernetes.sending import has, reread, writing
from runbooks.actions.kubernetes.standing import Standing
from runbooks.changes import Change, Description, Precondition, Undo
from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.scaling import AUTOSCALERS, bounds
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources

_KIND = "HorizontalPodAutoscaler"


class HPAAction(RolloutAction, frozen=True, kw_only=True):
    """Sets the bounds of the autoscaler of a workload."""

    kind: Literal["Deployment", "StatefulSet"] = "Deployment"

    async def snapshot(self, sources: Sources) -> Mapping[str, str]:
        found = await self.workload(sources)
        return _state(found, await self._scaler(sources, found))

    async def _scaler(self, sources: Sources, found: Object) -> Object:
        """Return the autoscaler.

        Raises:
            ProbeError: there is none, or two, of which neither scales.
        """
        scalers = await self.autoscalers(sources, found)
        if len(scalers) == 1:
            return scalers[0]
        names = ", ".join(map(name_of, scalers)) or f"no {_KIND}"
        said = f"{self.kind}/{name_of(found)} has {names}"
        if scalers:
            said += ": of several neither scales it; remove all but one"
        raise ProbeError(said, source=self.source, stage="query")

    async def _described(
        self,
        sources: Sources,
        found: Object,
        to: tuple[int, int],
        more: Iterator[Precondition],
        **said: Any,
    ) -> Description:
        scaler = await self._scaler(sources, found)
        pins = {**await self.pinned(sources, AUTOSCALERS, scaler), "bounds": to}
        before, state = bounds(scaler), _state(found, scaler)
        request = _bounded(pins)
        same = Precondition(f"its bounds are {_said(*before)}", before != to)
        dry, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, AUTOSCALERS, "patch", name_of(scaler)),
                same,
                *more,
            ),
        )
        return Description(
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(scaler, _KIND),),
            changes=(Change("bounds", _said(*before), _said(*to)),),
            fights=(
                *await scaled_by(sources, self.connection, self.kind, name_of(found)),
                *fights(scaler, Field.BOUNDS),
            ),
            preconditions=checked,
            dry_run=dry,
            snapshot=state,
            outcome={"bounds": _said(*to)},
            pins=pins,
            **said,
        )

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            # It may want more pods by now than a pin at the shown number keeps.
            scaler = await reread(writer, pins, strictly=True)
            arrived = has("spec", "maxReplicas", value=pins["bounds"][1])
            request = _bounded(pins).at(scaler)
            await writer.change(request, pins["path"], arrived)


class PinHPAAction(HPAAction, frozen=True, kw_only=True):
    """Sets both bounds to the number of pods that there are, or to a larger one.

    It never takes pods away.

    Attributes:
        replicas: the number to keep; without one that of now.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such workload or autoscaler.
    """

    replicas: int = 0

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        scaler = await self._scaler(sources, found)
        least = _least(found, scaler)
        to = self.replicas or least
        low, high = bounds(scaler)
        back = {**self.again(name_of(found)), "least": low, "most": high}
        name = name_of(scaler)
        return await self._described(
            sources,
            found,
            (to, to),
            _pinnable(found, least, to),
            title=f"pin {_KIND}/{name} to {to} pods",
            stays=(f"the {Standing.of(found).desired} pods stay",),
            undo=Undo("kubernetes.release_hpa", back),
            loose_end=f"{_KIND} {name} is pinned at {to} (was {_said(low, high)})",
        )


class ReleaseHPAAction(HPAAction, frozen=True, kw_only=True):
    """Sets the bounds to what they were before they were pinned.

    Attributes:
        least, most: the bounds.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such workload or autoscaler.
    """

    least: int
    most: int

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        scaler = await self._scaler(sources, found)
        low, high = bounds(scaler)
        name = name_of(scaler)
        undo = Undo(
            "kubernetes.release_hpa",
            {**self.again(name_of(found)), "least": low, "most": high},
        )
        return await self._described(
            sources,
            found,
            (self.least, self.most),
            iter(()),
            title=f"set {_KIND}/{name} to {_said(self.least, self.most)}",
            stays=("it decides the number of pods again, within the bounds",),
            undo=undo,
        )


def _state(found: Object, scaler: Object) -> dict[str, str]:
    return {
        "bounds": _said(*bounds(scaler)),
        "replicas": str(Standing.of(found).desired),
    }


def _said(low: int, high: int) -> str:
    return f"{low} to {high}"


def _least(found: Object, scaler: Object) -> int:
    """Return the fewest pods that a pin may keep: those of now or on the way."""
    status = scaler.get("status") or {}
    return max(Standing.of(found).desired, int(status.get("desiredReplicas") or 0))


def _pinnable(found: Object, least: int, to: int) -> Iterator[Precondition]:
    if Standing.of(found).desired == 0:
        said = "it has 0 pods, so its autoscaler is switched off: scale it up first"
        yield Precondition(said, False)
    said = f"there are {least} pods"
    more = "" if to >= least else f": a pin at {to} would take some away"
    yield Precondition(f"{said}{more}", to >= least)


def _bounded(pins: Mapping[str, Any]) -> Request:
    low, high = pins["bounds"]
    changes = [put("/spec/minReplicas", low), put("/spec/maxReplicas", high)]
    about = f"spec.minReplicas = {low}, spec.maxReplicas = {high}"
    return operated(pins["path"], changes, about)
