"""Faults while an action is performed: what is told is what is so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import NAMESPACE, made

PATCH = "PATCH deployments/transcript-api"
GET = "GET deployments/transcript-api"
DONE, FAILED, REFUSED, UNKNOWN = 0, 1, 3, 4


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (401, "log in again"),
        (403, "Ask for this right"),
        (404, "It has gone since it was looked at"),
        (409, "Either somebody changed it since it was looked at"),
        (422, "or it is not allowed"),
        (429, "Try again later."),
        ((429, "7"), "Try again in 7 s."),
    ],
)
async def test_a_request_that_is_refused(act: Acting, fault: Any, words: str) -> None:
    act.api.faults[PATCH] = [fault]
    done = await act.perform("rollout_restart", component="api")
    assert (done.code, act.api.changes) == (REFUSED, [])
    assert "Nothing was changed: told to" in done.says
    assert words in done.says


@pytest.mark.parametrize("fault", [500, 503, 504, "dropped"])
async def test_a_request_that_was_not_done_so_far(act: Acting, fault: Any) -> None:
    act.api.faults[PATCH] = [fault]
    done = await act.perform("rollout_restart", component="api")
    assert (done.code, act.api.changes) == (UNKNOWN, [])
    assert "It is not done so far" in done.says
    assert "It may still arrive" in done.says
    assert act.api.requests[path(act)] > 0


async def test_an_answer_that_is_lost(act: Acting) -> None:
    act.api.faults[PATCH] = ["lost"]
    done = await act.perform("rollout_restart", component="api")
    assert (done.code, act.api.changes) == (DONE, [PATCH])
    assert "it was done all the same" in done.output


@pytest.mark.usefixtures("hasty")
async def test_an_answer_that_is_lost_with_the_server(act: Acting) -> None:
    def begin() -> str:
        act.api.faults[GET] = ["dropped"] * 1000
        return "lost"

    act.api.faults[PATCH] = [begin]
    done = await act.perform("rollout_restart", component="api")
    assert (done.code, act.api.changes) == (UNKNOWN, [PATCH])
    assert "Nobody knows whether this was done" in done.says


async def test_permission_that_is_lost_half_way(act: Acting) -> None:
    act.after(PATCH, *[403] * 1000)
    done = await act.perform("rollout_restart", component="api")
    assert (done.code, act.api.changes) == (UNKNOWN, [PATCH])
    assert "What was sent stands, and nobody can see how it goes on" in done.says
    assert "no permission to get" in done.says


@pytest.mark.parametrize("fault", ["dropped", 500])
@pytest.mark.usefixtures("hasty")
async def test_a_connection_that_is_lost_half_way(act: Acting, fault: Any) -> None:
    act.after(PATCH, *[fault] * 1000)
    done = await act.perform("rollout_restart", component="api")
    assert (done.code, act.api.changes) == (UNKNOWN, [PATCH])
    assert "What was sent stands, and nobody can see how it goes on" in done.says
    assert "trying again" in done.output


@pytest.mark.parametrize("fault", ["dropped", 500, (429, "0")])
async def test_a_connection_that_comes_back(act: Acting, fault: Any) -> None:
    act.after(PATCH, *[fault] * 3)
    done = await act.perform("rollout_restart", component="api")
    assert done.code == DONE


async def test_nobody_may_see_events(act: Acting) -> None:
    act.api.denied.add("events")
    done = await act.perform("rollout_restart", component="api")
    assert done.code == DONE
    assert done.output.count("without events: no permission to list events") <= 1


async def test_events_are_told_once(act: Acting) -> None:
    about = {"kind": "Deployment", "name": "transcript-api", "namespace": NAMESPACE}
    about["uid"] = "uid-transcript-api"

    def event(name: str, message: str) -> Object:
        return made(
            "Event",
            "v1",
            name,
            involvedObject=about,
            reason="ScalingReplicaSet",
            message=message,
            type="Normal",
            count=1,
        )

    act.api.add(event("before", "of long ago"))
    act.api.faults[PATCH] = [lambda: act.api.add(event("new", "Scaled up\nto 1"))]
    done = await act.perform("rollout_restart", component="api")
    line = "ScalingReplicaSet Deployment/transcript-api: Scaled up to 1"
    assert done.output.count(line) == 1
    assert "of long ago" not in done.output


async def test_a_right_that_is_missing(act: Acting) -> None:
    act.api.forbidden.add("patch deployments")
    said = await act.describe("rollout_restart", component="api")
    assert said.unmet == (
        "this login may not patch deployments. Add to a Role: "
        '{apiGroups: ["apps"], resources: ["deployments"], '
        'resourceNames: ["transcript-api"], verbs: ["patch"]}',
    )
    done = await act.perform("rollout_restart", said, component="api")
    assert (done.code, act.api.changes, act.api.rehearsed) == (REFUSED, [], [])


@pytest.mark.parametrize(("name", "may"), [("transcript-api", True), ("other", False)])
async def test_a_right_to_one_object_alone(act: Acting, name: str, may: bool) -> None:
    act.api.only["patch deployments"] = name
    said = await act.describe("rollout_restart", component="api")
    assert bool(said.unmet) is not may


async def test_admission_that_says_no_to_the_dry_run(act: Acting) -> None:
    act.deployment["spec"]["selector"]["matchLabels"]["component"] = "other"
    act.controller.asleep = True
    said = await act.describe("rollout_restart", component="api")
    assert "the API server refuses it: 422: spec.template.metadata.labels" in " ".join(
        said.unmet
    )


async def test_a_webhook_with_side_effects_is_no_refusal(act: Acting) -> None:
    act.api.side_effects = True
    said = await act.describe("rollout_restart", component="api")
    assert said.unmet == ()
    assert said.dry_run == (
        'not possible: 400: admission webhook "audit.test" does not support dry run'
    )
    assert (await act.perform("rollout_restart", said, component="api")).code == DONE


async def test_another_cluster_than_was_shown(act: Acting) -> None:
    said = await act.describe("rollout_restart", component="api")
    system = act.api.find("Namespace", "kube-system")
    assert system
    system["metadata"]["uid"] = "another"
    done = await act.perform("rollout_restart", said, component="api")
    assert (done.code, act.api.changes) == (REFUSED, [])
    assert "this is cluster another" in done.says
    assert "not cluster 7f3c1d" in done.says


async def test_a_kubeconfig_that_leads_elsewhere_in_the_last_moment(
    act: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way on which things are changed is asked who it is, too."""
    said = json.loads(act.kubeconfig.read_text())
    said["contexts"][0]["context"]["namespace"] = "elsewhere"
    rehearsals = list(act.api.rehearsed)

    class Rehearsed(list[str]):
        def append(self, what: str) -> None:
            super().append(what)
            if len(self) - len(rehearsals) == 2:
                act.kubeconfig.write_text(json.dumps(said))

    act.api.rehearsed = Rehearsed(rehearsals)
    done = await act.perform("rollout_restart", component="api")
    assert (done.code, act.api.changes) == (REFUSED, [])
    assert "Nothing was sent: this is cluster 7f3c1d, namespace elsewhere" in done.says


async def test_a_cluster_that_does_not_say_which_one_it_is(act: Acting) -> None:
    act.api.denied.add("namespaces")
    with pytest.raises(ProbeError, match="no permission to get") as caught:
        await act.describe("rollout_restart", component="api")
    assert 'resourceNames: ["kube-system"]' in caught.value.__notes__[0]


async def test_a_profile_that_was_edited(act: Acting) -> None:
    order = await act.order("rollout_restart", None, component="api")
    act.profile.write_text(act.profile.read_text() + "# changed\n")
    from runbooks.actions import performing

    ended = await performing.perform(order)
    assert (ended.code, act.api.changes) == (REFUSED, [])


def path(act: Acting) -> str:
    return f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/transcript-api"
