"""Setting the number of pods of a workload."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from runbooks.actions.base import Tell
from runbooks.actions.kubernetes.cluster import thing
from runbooks.actions.kubernetes.controllers import Field, scaled_object
from runbooks.actions.kubernetes.requests import Request, operated, put
from runbooks.actions.kubernetes.rollouts import RolloutAction
from runbooks.actions.kubernetes.sending import has, reread, writing
from runbooks.actions.kubernetes.serving import undisturbed
from runbooks.actions.kubernetes.standing import Standing
from runbooks.actions.kubernetes.workload import KINDS
from runbooks.changes import Change, Description, Precondition, Undo
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources


class ScaleAction(RolloutAction, frozen=True, kw_only=True):
    """Sets the number of pods, and follows until they serve or are gone.

    Attributes:
        replicas: how many there are to be.

    Raises:
        ProbeError: the cluster cannot be asked, or has no such workload.
    """

    kind: Literal["Deployment", "StatefulSet"] = "Deployment"
    replicas: int

    async def describe(self, sources: Sources) -> Description:
        found = await self.workload(sources)
        pins = await self.pinned(sources, KINDS[self.kind], found)
        name, now = name_of(found), Standing.of(found)
        scalers = await self.autoscalers(sources, found)
        request = _scaled(pins, self.replicas)
        said, checked = await self.tried(
            sources,
            request,
            (
                await self.permitted(sources, KINDS[self.kind], "patch", name, "scale"),
                undisturbed(found),
                *self._sensible(now, scalers),
            ),
        )
        undo = {**self.again(name), "replicas": now.desired}
        return Description(
            title=f"scale {self.kind}/{name} from {now.desired} to {self.replicas}",
            identity=await self.identity(sources),
            calls=(request.call,),
            things=(thing(found, self.kind),),
            count=abs(self.replicas - now.desired),
            changes=(Change("pods", f"{now.desired}", f"{self.replicas}"),),
            stays=("no PodDisruptionBudget is asked when pods are taken away",),
            fights=await self.fighting(sources, found, Field.REPLICAS),
            preconditions=checked,
            dry_run=said,
            undo=Undo("kubernetes.scale", undo),
            seconds=self.patience(found),
            watch=self.watch,
            snapshot=await self.state(sources, found),
            outcome={"replicas": f"{self.replicas}", "ready": "all"},
            pins=pins,
        )

    def _sensible(
        self, now: Standing, scalers: Iterable[Object]
    ) -> Iterable[Precondition]:
        """Yield why it would do nothing, or would not last."""
        if self.replicas < 0:
            yield Precondition("there cannot be fewer than 0 pods", False)
        if self.replicas == now.desired:
            yield Precondition(f"{now.desired} pods are what is asked for now", False)
        for each in scalers:
            # An autoscaler lets go of what has 0 replicas, see "Implicit
            # maintenance-mode deactivation" in its documentation. KEDA does not.
            lasts = 0 in (self.replicas, now.desired) and not scaled_object(each)
            said = f"HorizontalPodAutoscaler {name_of(each)} sets the number of pods"
            more = "" if lasts else ": pin it instead (kubernetes.pin_hpa)"
            yield Precondition(f"{said}{more}", lasts)

    async def perform(self, description: Description, tell: Tell) -> None:
        pins, shown = description.pins, description.identity.id
        async with writing(self.changing, shown, tell, self.every) as writer:
            before = await reread(writer, pins)
            following = self.following(writer, description, before, self.replicas)
            arrived = has("spec", "replicas", value=self.replicas)
            request = _scaled(pins, self.replicas).at(before)
            await following.begin(request, arrived)
            await following.end()


def _scaled(pins: Any, replicas: int) -> Request:
    """Return the request to the subresource, which leaves all other fields alone.

    A Scale leaves out a number of 0, so that nothing there could be replaced.
    """
    changes = [put("/spec/replicas", replicas)]
    about = f"spec.replicas = {replicas}"
    return operated(f"{pins['path']}/scale", changes, about)
