"""Restarting and rolling back: what is shown before, and how it goes on."""

from __future__ import annotations

import copy
import re

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.kubernetes.acting import Acting, changes, conditions
from tests.runbooks.actions.kubernetes.releases import NEW, OLD, release

PATCH = "PATCH deployments/transcript-api"


async def test_a_restart_is_described(act: Acting) -> None:
    said = await act.describe("rollout_restart", component="api")
    assert said.title == "restart Deployment/transcript-api"
    assert said.identity.says.startswith("cluster 7f3c1d, namespace transcripts, at ")
    (call,) = said.calls
    path = "/apis/apps/v1/namespaces/transcripts/deployments/transcript-api"
    query = "fieldManager=gonogo&fieldValidation=Strict"
    kind = "(application/strategic-merge-patch+json)"
    assert call.text == f"PATCH {path}?{query} {kind}"
    assert "kubectl.kubernetes.io/restartedAt" in call.body
    (thing,) = said.things
    assert (thing.kind, thing.id, thing.version) == (
        "Deployment",
        "uid-transcript-api",
        "2",
    )
    assert said.count == 3
    assert changes(said)["pods that are ready"] == ("3", "3 meanwhile")
    assert "as they are now" in " ".join(said.stays)
    assert "Secret transcript-secrets" in " ".join(said.stays)
    assert said.dry_run.startswith("200")
    assert act.api.rehearsed == [PATCH]
    assert said.unmet == ()
    assert conditions(said)["3 of 3 pods are ready, 3 go on serving"]
    assert (said.seconds, said.watch.split()[0]) == (600, "kubernetes.replicas")
    assert said.undo.use == "kubernetes.rollout_undo"
    assert said.undo.parameters["template"] == said.snapshot["template"]
    assert {"image", "template", "replicas", "ready", "config"} <= set(said.snapshot)


async def test_a_restart_in_the_performing_process(act: Acting) -> None:
    done = await act.perform_apart("rollout_restart", component="api")
    assert (done.code, done.says) == (0, "Done, and so it is now.")
    assert act.api.changes == [PATCH]
    assert done.before["template"] != done.after["template"]
    assert "200: done, generation 3" in done.output
    assert "Now 3 of 3 pods are new, 0 old ones are left, 3 are ready." in done.output
    assert done.progress.bars == {
        "new revision 3": (3, 3),
        "old revision 2": (0, 3),
        "ready": (3, 3),
        "available": (3, 3),
    }
    assert done.progress.deadline and done.progress.deadline[1] == 600


async def test_two_restarts_in_one_second_are_two(act: Acting) -> None:
    first = await act.perform("rollout_restart", component="api")
    second = await act.perform("rollout_restart", component="api")
    assert (first.code, second.code) == (0, 0)
    assert first.after["template"] != second.after["template"]
    annotations = act.deployment["spec"]["template"]["metadata"]["annotations"]
    said = annotations["kubectl.kubernetes.io/restartedAt"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", said)


async def test_taking_a_restart_back_brings_the_state_back(act: Acting) -> None:
    said = await act.describe("rollout_restart", component="api")
    assert (await act.perform("rollout_restart", said, component="api")).code == 0
    back = await act.take_back(said)
    assert back.code == 0
    assert back.after == said.snapshot


async def test_an_undo_is_described(act: Acting) -> None:
    template = copy.deepcopy(act.deployment["spec"]["template"])
    container = template["spec"]["containers"][0]
    container["env"] += [
        {"name": "SEARCH_BACKEND", "value": "opensearch"},
        {"name": "SESSION_SECRET", "value": "hunter2hunter2"},
        {"name": "BROKER", "value": "amqp://me:hunter2hunter2@mq"},
    ]
    container["resources"]["limits"]["memory"] = "8Gi"
    container["livenessProbe"]["periodSeconds"] = 20
    release(act, template, cause="1.5.0 by ci")
    said = await act.describe("rollout_undo", component="api")
    assert said.title.startswith(
        "roll back Deployment/transcript-api from revision 3 to 2"
    )
    shown = changes(said)
    assert shown["revision"] == (f"3 ({NEW})", f"4, which is 2 again ({NEW})")
    assert shown["api env SEARCH_BACKEND"] == ("opensearch", "not there")
    assert shown["api env SESSION_SECRET"] == ("[redacted]", "not there")
    assert shown["api env BROKER"] == ("[redacted]", "not there")
    assert shown["api resources limits memory"] == ("8Gi", "4Gi")
    assert shown["api livenessProbe periodSeconds"] == ("20", "10")
    assert shown["cause"] == ("1.5.0 by ci", "none")
    assert "hunter2" not in repr(said)
    order = [each.what for each in said.changes]
    assert order.index("api env BROKER") < order.index("api resources limits memory")
    assert order.index("api resources limits memory") < order.index(
        "api livenessProbe periodSeconds"
    )
    stays = " ".join(said.stays)
    assert "the number of pods stays 3" in stays
    assert "ConfigMap transcript-config, Secret transcript-secrets: an undo" in stays
    assert "revision 3 is forgotten" in said.point_of_no_return
    assert [thing.kind for thing in said.things] == ["Deployment", "ReplicaSet"]
    assert said.unmet == ()


async def test_an_undo_in_the_performing_process(act: Acting) -> None:
    done = await act.perform_apart("rollout_undo", component="api")
    assert done.code == 0
    assert (done.before["image"], done.after["image"]) == (NEW, OLD)
    assert "revision 1 came back as revision 3" in done.output
    assert "pod-template-hash" not in str(act.deployment["spec"]["template"])


async def test_to_any_revision_and_its_cause(act: Acting) -> None:
    release(act, cause="third")
    release(act, cause="fourth")
    done = await act.perform("rollout_undo", component="api", revision=1)
    assert done.code == 0
    assert done.after["image"] == OLD
    assert "kubernetes.io/change-cause" not in act.deployment["metadata"]["annotations"]
    done = await act.perform("rollout_undo", component="api", revision=3)
    assert done.code == 0
    cause = act.deployment["metadata"]["annotations"]["kubernetes.io/change-cause"]
    assert cause == "third"


async def test_an_undo_of_an_undo_names_what_came_back(act: Acting) -> None:
    release(act)
    first = await act.describe("rollout_undo", component="api", revision=1)
    assert (await act.perform("rollout_undo", component="api", revision=1)).code == 0
    # Numbers have moved: 1 is 4 now. What is taken back is a template, not a number.
    done = await act.take_back(first)
    assert done.code == 0
    assert done.after == first.snapshot
    assert "revision 3 came back as revision 5" in done.output
    with pytest.raises(ProbeError, match=r"no revision 1; it has 2 \(.*4 \(.*5 \("):
        await act.describe("rollout_undo", component="api", revision=1)


async def test_config_counts_in_the_comparison(act: Acting) -> None:
    before = await act.describe("rollout_restart", component="api")
    config = act.api.find("ConfigMap", "transcript-config")
    assert config
    config["data"]["log-level"] = "DEBUG"
    changed = await act.describe("rollout_restart", component="api")
    assert changed.snapshot["config"] != before.snapshot["config"]
    assert changed.snapshot["secrets"] == before.snapshot["secrets"]
    assert changed.digest == before.digest


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({}, "say either component or name"),
        ({"component": "api", "name": "x"}, "say either component or name"),
        ({"component": "gpu"}, "transcripts has no Deployment of gpu"),
        ({"name": "nothing"}, "transcripts has no Deployment nothing"),
        ({"name": "db", "kind": "StatefulSet"}, "has no StatefulSet db"),
    ],
)
async def test_what_is_not_there(
    act: Acting, parameters: dict[str, str], problem: str
) -> None:
    with pytest.raises(ProbeError, match=problem):
        await act.describe("rollout_restart", **parameters)


async def test_of_two_deployments_one_has_to_be_named(act: Acting) -> None:
    canary = copy.deepcopy(act.deployment)
    canary["metadata"] |= {"name": "canary", "uid": "uid-canary"}
    act.api.add(canary)
    with pytest.raises(ProbeError, match="several Deployments of api: say the name"):
        await act.describe("rollout_restart", component="api")
    said = await act.describe("rollout_restart", name="transcript-api")
    assert said.things[0].id == "uid-transcript-api"
