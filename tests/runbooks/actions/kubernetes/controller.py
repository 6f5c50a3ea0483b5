"""A tiny controller of Deployments, of other sets, and of Jobs that somebody makes.

It does in small steps what the cluster's own does: an equal template is found again and
takes the next number, the numbers of the status follow the generation, and the
condition Progressing stays as it is while nothing moves (so that it can be stale). See
pkg/controller/deployment in https://github.com/kubernetes/kubernetes.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.runbooks.actions.kubernetes import sets
from tests.runbooks.actions.kubernetes.templates import hashed, owned_by
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import made

if TYPE_CHECKING:
    from tests.runbooks.actions.kubernetes.writable_api import WritableAPI

REVISION = "deployment.kubernetes.io/revision"
FORMER = "deployment.kubernetes.io/revision-history"
CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"
PATIENCE = 3
"""Steps without progress until it gives up."""


class Controller:
    """Goes one step when it is told.

    Attributes:
        broken: images of which no pod gets ready.
        asleep: whether it does nothing at all.
        gives_up: whether it ever says that a deadline is exceeded.
        failing: whether Jobs fail.
        stale: for how many steps the condition Progressing is not looked at.
    """

    def __init__(self, api: WritableAPI) -> None:
        self._api = api
        self.broken: set[str] = set()
        self.asleep = False
        self.gives_up = True
        self.failing = False
        self.stale = 0
        self._still = 0
        self._going: set[str] = set()

    def settle(self, steps: int = 40) -> None:
        """Go on until nothing moves any more."""
        for _ in range(steps):
            self.step()

    def step(self) -> None:
        if self.asleep:
            return
        self._end()
        for each in list(self._api.objects):
            match each["kind"]:
                case "Deployment":
                    self._deploy(each)
                case "Job":
                    self._work(each)
                case "StatefulSet" | "DaemonSet":
                    sets.serve(self._api, each)

    def _end(self) -> None:
        """Let pods that are on their way out be gone in the step after."""
        going = [
            each
            for each in self._api.objects
            if each["kind"] == "Pod" and "deletionTimestamp" in each["metadata"]
        ]
        for each in going:
            if each["metadata"]["uid"] in self._going:
                self._api.objects.remove(each)
            self._going.add(each["metadata"]["uid"])

    def _deploy(self, owner: Object) -> None:
        before = json.dumps(owner.get("status", {}), sort_keys=True)
        ours = self._current(owner)
        if ours is not None:
            self._move(owner, ours)
        self._report(owner, ours)
        if json.dumps(owner["status"], sort_keys=True) != before:
            self._api.touch(owner)

    def sets(self, owner: Object) -> list[Object]:
        uid = owner["metadata"]["uid"]
        return [
            each
            for each in self._api.objects
            if each["kind"] == "ReplicaSet"
            and each["metadata"]["ownerReferences"][0]["uid"] == uid
        ]

    def pods(self, sets: Object) -> list[Object]:
        uid = sets["metadata"]["uid"]
        return [
            each
            for each in self._api.objects
            if each["kind"] == "Pod"
            and "deletionTimestamp" not in each["metadata"]
            and each["metadata"].get("ownerReferences", [{}])[0].get("uid") == uid
        ]

    def _current(self, owner: Object) -> Object | None:
        """Return the ReplicaSet of the template, with the highest number."""
        hash = hashed(owner["spec"]["template"])
        sets = self.sets(owner)
        numbers = [int(each["metadata"]["annotations"][REVISION]) for each in sets]
        found = [e for e in sets if e["metadata"]["labels"][HASH] == hash]
        if not found and owner["spec"].get("paused"):
            return None
        if not found:
            return self._made(owner, hash, max(numbers, default=0) + 1)
        annotations = found[0]["metadata"]["annotations"]
        if int(annotations[REVISION]) < max(numbers) and not owner["spec"].get(
            "paused"
        ):
            former = filter(None, (annotations.get(FORMER), annotations[REVISION]))
            annotations[FORMER] = ",".join(former)
            annotations[REVISION] = str(max(numbers) + 1)
            self._noted(owner, annotations)
            self._api.touch(found[0])
        return found[0]

    def _made(self, owner: Object, hash: str, number: int) -> Object:
        template = copy.deepcopy(owner["spec"]["template"])
        labels = {**template["metadata"]["labels"], HASH: hash}
        template["metadata"]["labels"] = labels
        annotations = {REVISION: str(number)}
        found = made(
            "ReplicaSet",
            "apps/v1",
            f"{owner['metadata']['name']}-{hash}",
            metadata={
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [owned_by(owner)],
            },
            spec={
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": template,
            },
            status={"replicas": 0},
        )
        self._noted(owner, annotations)
        return self._api.add(found)

    def _noted(self, owner: Object, annotations: Object) -> None:
        own = owner["metadata"].setdefault("annotations", {})
        own[REVISION] = annotations[REVISION]
        if CAUSE in own:
            annotations[CAUSE] = own[CAUSE]

    def _move(self, owner: Object, ours: Object) -> None:
        """Make one pod, or one ready, or take one away."""
        desired = owner["spec"].get("replicas", 1)
        old = [p for s in self.sets(owner) if s is not ours for p in self.pods(s)]
        new = self.pods(ours)
        unready = [pod for pod in new if not _is_ready(pod)]
        broken = any(e["image"] in self.broken for e in _containers(ours))
        if len(new) > desired:
            self._api.objects.remove(new[-1])
        elif unready and not broken:
            unready[0]["status"]["conditions"][0]["status"] = "True"
            self._api.touch(unready[0])
        elif old and len(old) + len(new) - len(unready) > desired:
            self._api.objects.remove(old[-1])
        elif len(new) < desired and len(old) + len(new) <= desired:
            self._api.add(_pod(ours, len(new)))

    def _report(self, owner: Object, ours: Object | None) -> None:
        desired = owner["spec"].get("replicas", 1)
        before = owner.setdefault("status", {})
        for each in self.sets(owner):
            pods = self.pods(each)
            ready = sum(map(_is_ready, pods))
            each["spec"]["replicas"] = len(pods)
            each["status"] = {"replicas": len(pods), "readyReplicas": ready}
        pods = [p for s in self.sets(owner) for p in self.pods(s)]
        ready = sum(map(_is_ready, pods))
        status = {
            "observedGeneration": owner["metadata"]["generation"],
            "replicas": len(pods),
            "updatedReplicas": len(self.pods(ours)) if ours else 0,
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        numbers = ("replicas", "updatedReplicas", "readyReplicas")
        moved = any(status[key] != before.get(key) for key in numbers)
        self._still = 0 if moved else self._still + 1
        conditions = before.get("conditions") or [{"type": "Progressing"}]
        all_there = {status["replicas"], status["updatedReplicas"], ready} == {desired}
        if all_there:
            reason = "NewReplicaSetAvailable"
        elif moved:
            reason = "ReplicaSetUpdated"
        elif self._still >= PATIENCE and self.gives_up:
            reason = "ProgressDeadlineExceeded"
        else:
            reason = conditions[0].get("reason", "ReplicaSetUpdated")
        if owner["spec"].get("paused"):
            reason = "DeploymentPaused"
        if self.stale:
            self.stale -= 1
        elif conditions[0].get("reason") != reason:
            now = datetime.now(UTC).isoformat(timespec="microseconds")
            conditions = [_condition(reason, now.replace("+00:00", "Z"))]
        owner["status"] = {**status, "conditions": conditions}

    def _work(self, job: Object) -> None:
        """Let a Job run for one step, and end."""
        status = job.setdefault("status", {})
        if status.get("conditions"):
            return
        if not status:
            job["status"] = {"active": 1}
        elif self.failing:
            said = {"reason": "BackoffLimitExceeded", "message": "it failed too often"}
            job["status"] = {
                "conditions": [{"type": "Failed", "status": "True", **said}]
            }
        else:
            ended = [{"type": "Complete", "status": "True"}]
            job["status"] = {"succeeded": 1, "conditions": ended}
        self._api.touch(job)


def _pod(owner: Object, number: int) -> Object:
    template = owner["spec"]["template"]
    name = f"{owner['metadata']['name']}-{number}{_next():x}"
    return made(
        "Pod",
        "v1",
        name,
        metadata={
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owned_by(owner)],
            "uid": f"uid-{name}",
        },
        spec=copy.deepcopy(template["spec"]),
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False"}],
        },
    )


_made_pods = iter(range(1, 10**6))


def _next() -> int:
    return next(_made_pods)


def _is_ready(pod: Object) -> bool:
    return bool(pod["status"]["conditions"][0]["status"] == "True")


def _containers(sets: Object) -> list[Any]:
    found: list[Any] = sets["spec"]["template"]["spec"]["containers"]
    return found


def _condition(reason: str, now: str) -> Object:
    failed = reason == "ProgressDeadlineExceeded"
    times = {"lastUpdateTime": now, "lastTransitionTime": now}
    state = "False" if failed else "True"
    return {"type": "Progressing", "status": state, "reason": reason, **times}
