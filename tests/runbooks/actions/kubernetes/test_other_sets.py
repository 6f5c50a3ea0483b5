"""StatefulSets and DaemonSets: restarted, and rolled back by their own revisions."""

from __future__ import annotations

import copy

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.kubernetes.acting import Acting, changes
from tests.runbooks.actions.kubernetes.sets import workload
from tests.runbooks.actions.kubernetes.templates import hashed
from tests.runbooks.probes.kubernetes_api import Object

OLD, NEW = "postgres:15", "postgres:16"
KINDS = pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])


def started(act: Acting, kind: str, *images: str) -> Object:
    """Return a workload that ran these images, one after the other."""
    owner = act.api.add(workload(kind, "db", images[0]))
    for image in images:
        template = copy.deepcopy(owner["spec"]["template"])
        template["spec"]["containers"][0]["image"] = image
        act.api.edit(owner, template=template)
        act.controller.settle()
    return owner


@KINDS
async def test_a_restart_and_its_way_back(act: Acting, kind: str) -> None:
    owner = started(act, kind, OLD)
    name = f"db-{hashed(owner['spec']['template'])}"
    said = await act.describe("rollout_restart", name="db", kind=kind)
    assert said.unmet == ()
    assert changes(said)["pods that are ready"] == ("2", "1 meanwhile")
    assert said.undo.parameters["template"] == said.snapshot["template"] == name
    done = await act.perform("rollout_restart", said, name="db", kind=kind)
    assert done.code == 0
    assert done.after["template"] != name
    assert done.progress.bars["new revision 2"] == (2, 2)
    back = await act.take_back(said)
    assert (back.code, back.after) == (0, said.snapshot)
    assert "revision 1 came back as revision 3" in back.output


@KINDS
async def test_an_undo(act: Acting, kind: str) -> None:
    owner = started(act, kind, OLD, NEW)
    said = await act.describe("rollout_undo", name="db", kind=kind)
    assert said.title.startswith(f"roll back {kind}/db from revision 2 to 1 (template")
    assert changes(said) == {
        "revision": (f"2 ({NEW})", f"3, which is 1 again ({OLD})"),
        "db image": (NEW, OLD),
    }
    assert [thing.kind for thing in said.things] == [kind, "ControllerRevision"]
    done = await act.perform_apart("rollout_undo", name="db", kind=kind)
    assert (done.code, done.after["image"]) == (0, OLD)
    template = owner["spec"]["template"]
    assert "$patch" not in template
    assert "creationTimestamp" not in template["metadata"]
    again = await act.take_back(said)
    assert (again.code, again.after) == (0, said.snapshot)


async def test_a_pod_that_a_stateful_set_waits_for(act: Acting) -> None:
    owner = started(act, "StatefulSet", OLD, NEW)
    act.controller.asleep = True
    owner["status"]["readyReplicas"] = 1
    said = await act.describe("rollout_undo", name="db", kind="StatefulSet")
    assert "delete it by hand then (kubernetes.delete_pod)" in " ".join(said.stays)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ({"type": "OnDelete"}, "a pod is made anew only when it is deleted"),
        (
            {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}},
            "pods below it stay as they are",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["rollout_restart", "rollout_undo"])
async def test_a_strategy_by_which_pods_stay(
    act: Acting, verb: str, strategy: Object, words: str
) -> None:
    owner = started(act, "StatefulSet", OLD, NEW)
    act.api.edit(owner, updateStrategy=strategy)
    act.controller.settle()
    said = await act.describe(verb, name="db", kind="StatefulSet")
    assert words in " ".join(said.unmet)


async def test_nobody_may_see_their_revisions(act: Acting) -> None:
    started(act, "StatefulSet", OLD)
    act.api.denied.add("controllerrevisions")
    with pytest.raises(ProbeError, match="no permission to list controllerrevisions"):
        await act.describe("rollout_restart", name="db", kind="StatefulSet")
