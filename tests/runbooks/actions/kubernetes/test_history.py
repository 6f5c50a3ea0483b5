"""What ran before, as the cluster tells it, and which cluster that is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbooks.changes import Revision
from runbooks.histories import Histories, histories
from runbooks.identity_of import ask, tables
from runbooks.target import Target, parse
from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.actions.kubernetes.releases import NEW, OLD, release, release_badly
from tests.runbooks.actions.kubernetes.sets import workload
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import ago

HOUR = 3600


def target(act: Acting) -> Target:
    return parse(act.profile.read_bytes(), act.profile)


async def past(act: Acting, name: str = "Deployment/transcript-api") -> list[Revision]:
    """Return the revisions of one workload, the newest first."""
    found: Histories = await histories(target(act))
    said = found["kubernetes"]
    assert not isinstance(said, str), said
    return [each for each in said if each.workload == name]


def made(act: Acting, *hours: int) -> None:
    """Let the revisions have come so many hours ago, the oldest first."""
    for kept, hour in zip(act.controller.sets(act.deployment), hours, strict=True):
        kept["metadata"]["creationTimestamp"] = ago(hours=hour)


def wrote(manager: str, **span: float) -> Object:
    """Return who wrote the pod template, and when."""
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "apps/v1",
        "time": ago(**span),
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:template": {}}},
    }


async def test_each_revision_with_image_time_and_way_back(act: Acting) -> None:
    made(act, 5, 2)
    live, before = await past(act)
    assert (live.revision, live.image, live.live) == ("2", NEW, True)
    assert (before.revision, before.image, before.live) == ("1", OLD, False)
    assert before.ran == pytest.approx(3 * HOUR, abs=5)
    assert before.healthy is None
    assert not live.undo.use
    assert before.undo.use == "kubernetes.rollout_undo"
    done = await act.perform("rollout_undo", **before.undo.parameters)
    assert (done.code, done.after["image"]) == (0, OLD)


async def test_every_workload_of_the_application(act: Acting) -> None:
    act.api.add(workload("StatefulSet", "db", "postgres:15"))
    act.api.add(workload("DaemonSet", "agent", "agent:1"))
    stranger = act.api.add(workload("DaemonSet", "stranger", "other:1"))
    other = {"app": "other", "component": "stranger"}
    stranger["metadata"]["labels"] = other
    stranger["spec"]["template"]["metadata"]["labels"] = other
    act.controller.settle()
    found = (await histories(target(act)))["kubernetes"]
    assert [(each.workload, each.live) for each in found if isinstance(each, Revision)]
    assert list(dict.fromkeys(getattr(each, "workload", each) for each in found)) == [
        "Deployment/transcript-api",
        "Deployment/transcript-worker",
        "StatefulSet/db",
        "DaemonSet/agent",
    ]


async def test_how_long_the_live_one_has_been_well(act: Acting) -> None:
    made(act, 5, 2)
    act.controller.asleep = True
    conditions = [
        {
            "type": "Progressing",
            "status": "True",
            "reason": "NewReplicaSetAvailable",
            "lastUpdateTime": ago(hours=2),
            "lastTransitionTime": ago(hours=9),
        },
        {
            "type": "Available",
            "status": "True",
            "lastUpdateTime": ago(hours=1),
            "lastTransitionTime": ago(hours=1),
        },
    ]
    act.deployment["status"]["conditions"] = conditions
    assert (await past(act))[0].healthy == pytest.approx(HOUR, abs=5)
    conditions[1]["lastTransitionTime"] = ago(hours=9)
    assert (await past(act))[0].healthy == pytest.approx(2 * HOUR, abs=5)
    conditions[1]["status"] = "False"
    assert (await past(act))[0].healthy is None
    conditions.pop()
    assert (await past(act))[0].healthy is None


async def test_a_bad_release_is_seen_as_such(act: Acting) -> None:
    release_badly(act)
    live, before, _ = await past(act)
    assert live.revision == "3, 1 of 3 pods new, 3 ready, stuck"
    assert (live.live, live.healthy) == (True, None)
    assert before.image == NEW


async def test_what_came_back_has_no_time_that_nobody_knows(act: Acting) -> None:
    made(act, 5, 2)
    assert (await act.perform("rollout_undo", component="api")).code == 0
    del act.deployment["metadata"]["managedFields"]
    live, before = await past(act)
    assert (live.revision, live.image, live.at) == ("3, which was 1 before", OLD, "")
    assert before.ran is None
    entry = wrote("gonogo", hours=1)
    act.deployment["metadata"]["managedFields"] = [entry]
    live, before = await past(act)
    assert (live.by, live.at) == ("gonogo", entry["time"])
    assert before.ran == pytest.approx(HOUR, abs=5)


@pytest.mark.parametrize(
    ("entries", "by"),
    [
        ({}, ""),
        ({"ci-bot": 1}, "ci-bot"),
        ({"helm": 5, "ci-bot": 2}, "ci-bot"),
        # Whoever wrote later than that may have written something else.
        ({"helm": 5, "ci-bot": 1}, ""),
    ],
)
async def test_by_whom_the_live_one_came(
    act: Acting, entries: dict[str, int], by: str
) -> None:
    made(act, 5, 2)
    act.deployment["metadata"]["managedFields"] = [
        wrote(manager, hours=hours) for manager, hours in entries.items()
    ]
    assert (await past(act))[0].by == by


async def test_what_else_tells_who_it_was(act: Acting) -> None:
    release(act, cause="1.5.0 by ci")
    release(act)
    assert (await act.perform("rollout_restart", component="api")).code == 0
    kept = act.controller.sets(act.deployment)
    for each in kept:
        annotations = each["metadata"]["annotations"]
        annotations["meta.helm.sh/release-name"] = "shop"
    kept[2]["spec"]["template"]["metadata"]["labels"]["helm.sh/chart"] = "shop-1.5.0"
    tracked = "argocd.argoproj.io/tracking-id"
    kept[1]["metadata"]["annotations"][tracked] = "shop:apps/Deployment:a/b"
    said = [each.by for each in await past(act)]
    assert said == [
        "gonogo, a restart",
        # Nobody took the cause away, so that it came along.
        "Helm release shop",
        "Helm chart shop-1.5.0, 1.5.0 by ci",
        "Helm release shop, Argo CD shop",
        "Helm release shop",
    ]


@pytest.mark.parametrize("number", ["", "garbage", "-7", "9" * 30])
async def test_numbers_that_are_none(act: Acting, number: str) -> None:
    kept = act.controller.sets(act.deployment)[0]
    act.controller.asleep = True
    kept["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = number
    assert len(await past(act)) == 2


async def test_a_workload_that_its_controller_has_not_seen(act: Acting) -> None:
    act.controller.asleep = True
    for kept in act.controller.sets(act.deployment):
        act.api.objects.remove(kept)
    (only,) = await past(act)
    assert (only.revision, only.image, only.live) == ("none yet", NEW, True)


async def test_a_kind_that_nobody_may_list_does_not_hide_the_others(
    act: Acting,
) -> None:
    act.api.denied.add("statefulsets")
    (said,) = await past(act, "workloads")
    assert "no permission to list statefulsets" in said.revision
    assert said.undo.irreversible
    assert len(await past(act)) == 2


@pytest.mark.parametrize(
    ("denied", "words"),
    [
        ({"deployments", "statefulsets", "daemonsets"}, "no permission to list"),
        (set(), "transcripts has no workload of transcript-create"),
    ],
)
async def test_where_nobody_can_tell(act: Acting, denied: set[str], words: str) -> None:
    act.api.denied |= denied
    if not denied:
        act.api.objects = [e for e in act.api.objects if e["kind"] != "Deployment"]
    said = (await histories(target(act)))["kubernetes"]
    assert isinstance(said, str)
    assert words in said


async def test_the_cluster_that_the_profile_leads_to_is_asked(act: Acting) -> None:
    assert tables(target(act)) == ("kubernetes",)
    found = await ask("kubernetes", target(act))
    said = await act.describe("rollout_restart", component="api")
    assert found == said.identity


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"current-context": "gone"}, "has no current context; it has production"),
        ({"clusters": []}, "cannot be used"),
    ],
)
async def test_a_kubeconfig_that_leads_nowhere(
    act: Acting, edit: dict[str, Any], words: str
) -> None:
    said = {**json.loads(act.kubeconfig.read_text()), **edit}
    act.kubeconfig.write_text(json.dumps(said))
    found = (await histories(target(act)))["kubernetes"]
    assert isinstance(found, str)
    assert words in found
