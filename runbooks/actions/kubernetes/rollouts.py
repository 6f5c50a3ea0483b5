"""What restarting, rolling back, resuming and scaling have in common."""

from __future__ import annotations

from typing import ClassVar

from runbooks.actions.kubernetes.controllers import Field, fights
from runbooks.actions.kubernetes.following import Following, Rollout
from runbooks.actions.kubernetes.keda import scaled_by
from runbooks.actions.kubernetes.sending import Writer
from runbooks.actions.kubernetes.serving import covering
from runbooks.actions.kubernetes.standing import deadline
from runbooks.actions.kubernetes.workload import WorkloadAction
from runbooks.changes import Description
from runbooks.parameters import Duration
from runbooks.probes.kubernetes.disruption_budgets import BUDGETS
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.scaling import AUTOSCALERS, scaling
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources


class RolloutAction(WorkloadAction, frozen=True, kw_only=True):
    """Changes a workload so that its pods are made anew, or more or fewer of them.

    Attributes:
        deadline: for how long it is watched; without one for as long as the cluster
            itself waits (spec.progressDeadlineSeconds), else 10 minutes.
        keeping: pods that have to go on serving meanwhile; 0 accepts an outage.
    """

    watch: ClassVar[str] = "kubernetes.replicas lacking or crash_looping"
    """The reading that should make one go back."""

    deadline: Duration = Duration(0)
    keeping: int = 1

    def patience(self, found: Object) -> float:
        """Return the seconds that it may take."""
        return float(self.deadline) or deadline(found)

    async def autoscalers(self, sources: Sources, found: Object) -> list[Object]:
        """Return the autoscalers of a workload.

        Raises:
            ProbeError: they cannot be listed, so nobody knows who else scales it.
        """
        there = await self.objects(sources, AUTOSCALERS)
        return list(scaling(self.kind, name_of(found), there))

    async def budgets(self, sources: Sources, found: Object) -> list[Object]:
        template = found["spec"]["template"]
        return covering(template, await self.objects(sources, BUDGETS))

    async def fighting(
        self, sources: Sources, found: Object, field: Field
    ) -> tuple[str, ...]:
        """Return who else controls a workload, and what they do to a change of it."""
        known = fights(found, field, await self.autoscalers(sources, found))
        name = name_of(found)
        return (*await scaled_by(sources, self.connection, self.kind, name), *known)

    def following(
        self,
        writer: Writer,
        description: Description,
        before: Object,
        replicas: int | None = None,
    ) -> Following:
        back = (
            "Read the events and logs of the new pods before anything else; the way "
            f"back: {description.undo}."
        )
        return Following(
            writer,
            Rollout(
                kind=self.kind,
                path=description.pins["path"],
                before=before,
                deadline=self.patience(before),
                replicas=replicas,
                back=back,
            ),
        )
