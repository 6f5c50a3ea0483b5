"""Setting the number of pods, and pinning what sets it."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.kubernetes.acting import Acting, changes, conditions
from tests.runbooks.actions.kubernetes.releases import release
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import autoscaler

SCALE = "PATCH deployments/transcript-api/scale"
PIN = "PATCH horizontalpodautoscalers/transcript-api-hpa"


@pytest.fixture
def scaler(act: Acting) -> Object:
    return act.api.add(autoscaler(act.deployment, 3, 10, cpu=(70, 35)))


@pytest.mark.parametrize("replicas", [0, 1, 5])
async def test_the_number_of_pods(act: Acting, replicas: int) -> None:
    said = await act.describe("scale", component="api", replicas=replicas)
    assert said.unmet == ()
    assert changes(said)["pods"] == ("3", f"{replicas}")
    assert said.undo.parameters["replicas"] == 3
    done = await act.perform("scale", said, component="api", replicas=replicas)
    assert done.code == 0
    assert act.api.changes == [SCALE]
    assert (done.after["replicas"], done.after["ready"]) == (f"{replicas}", "all")
    back = await act.take_back(said)
    assert (back.code, back.after) == (0, said.snapshot)


async def test_scaling_in_the_performing_process(act: Acting) -> None:
    done = await act.perform_apart("scale", component="api", replicas=4)
    assert (done.code, done.progress.bars["ready"]) == (0, (4, 4))


@pytest.mark.parametrize(
    ("replicas", "words"),
    [(-1, "there cannot be fewer than 0"), (3, "3 pods are what is asked for now")],
)
async def test_numbers_that_make_no_sense(
    act: Acting, replicas: int, words: str
) -> None:
    said = await act.describe("scale", component="api", replicas=replicas)
    assert words in " ".join(said.unmet)
    assert act.api.rehearsed == []


async def test_somebody_else_sets_the_number_meanwhile(act: Acting) -> None:
    def again() -> None:
        act.api.edit(act.deployment, replicas=7)

    act.after(SCALE, None, again)
    done = await act.perform("scale", component="api", replicas=5)
    assert done.code == 1
    assert (
        "Something else has set the number of pods to 7 meanwhile, not 5" in done.says
    )


async def test_an_autoscaler_is_pinned_not_fought(act: Acting, scaler: Object) -> None:
    said = await act.describe("scale", component="api", replicas=5)
    assert "pin it instead (kubernetes.pin_hpa)" in " ".join(said.unmet)
    assert "sets the number of pods back within seconds" in " ".join(said.fights)
    nobody = await act.describe("scale", component="api", replicas=0)
    assert nobody.unmet == ()


async def test_a_pin_keeps_what_there_is(act: Acting, scaler: Object) -> None:
    act.api.edit(act.deployment, replicas=6)
    act.controller.settle()
    said = await act.describe("pin_hpa", component="api")
    assert said.title == "pin HorizontalPodAutoscaler/transcript-api-hpa to 6 pods"
    assert changes(said)["bounds"] == ("3 to 10", "6 to 6")
    assert said.loose_end == (
        "HorizontalPodAutoscaler transcript-api-hpa is pinned at 6 (was 3 to 10)"
    )
    assert said.undo.use == "kubernetes.release_hpa"
    done = await act.perform_apart("pin_hpa", component="api")
    assert (done.code, act.api.changes) == (0, [PIN])
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (6, 6)
    assert done.after["replicas"] == "6"
    back = await act.take_back(said)
    assert (back.code, back.after["bounds"]) == (0, "3 to 10")


async def test_a_pin_never_lowers(act: Acting, scaler: Object) -> None:
    scaler["status"]["desiredReplicas"] = 8
    said = await act.describe("pin_hpa", component="api")
    assert changes(said)["bounds"][1] == "8 to 8"
    lower = await act.describe("pin_hpa", component="api", replicas=4)
    assert "there are 8 pods: a pin at 4 would take some away" in lower.unmet
    higher = await act.describe("pin_hpa", component="api", replicas=9)
    assert conditions(higher)["there are 8 pods"]
    assert higher.unmet == ()


async def test_an_autoscaler_that_scales_up_meanwhile(
    act: Acting, scaler: Object
) -> None:
    """Between the last look and the request it wanted more: it keeps that."""

    def more() -> None:
        scaler["status"]["desiredReplicas"] = 9
        act.api.touch(scaler)

    look = "GET horizontalpodautoscalers/transcript-api-hpa"
    for request in (look, PIN):
        act.api.faults[request] = [more]
        done = await act.perform("pin_hpa", component="api")
        assert (done.code, act.api.changes) == (3, [])
    agreed = await act.describe("pin_hpa", component="api")
    scaler["status"]["desiredReplicas"] = 10
    done = await act.perform("pin_hpa", agreed, component="api")
    assert (done.code, act.api.changes) == (3, [])
    assert "what it would do has changed since it was shown" in done.says


async def test_an_autoscaler_that_is_off(act: Acting, scaler: Object) -> None:
    act.api.edit(act.deployment, replicas=0)
    act.controller.settle()
    said = await act.describe("pin_hpa", component="api")
    assert "it has 0 pods, so its autoscaler is switched off" in " ".join(said.unmet)


async def test_there_has_to_be_one_autoscaler(act: Acting) -> None:
    with pytest.raises(ProbeError, match="has no HorizontalPodAutoscaler"):
        await act.describe("pin_hpa", component="api")
    for name in ("a", "b"):
        one = act.api.add(autoscaler(act.deployment, 3, 10, cpu=(70, 35)))
        one["metadata"] |= {"name": name, "uid": name}
    with pytest.raises(ProbeError, match="of several neither scales it"):
        await act.describe("pin_hpa", component="api")


async def test_bounds_that_the_api_server_refuses(act: Acting, scaler: Object) -> None:
    said = await act.describe("release_hpa", component="api", least=9, most=2)
    assert "the API server refuses it: 422: spec.maxReplicas" in " ".join(said.unmet)
    same = await act.describe("release_hpa", component="api", least=3, most=10)
    assert same.unmet == ("its bounds are 3 to 10",)


async def test_pause_and_resume(act: Acting) -> None:
    said = await act.describe("rollout_pause", component="api")
    assert said.loose_end == "the rollouts of Deployment/transcript-api are paused"
    assert (await act.perform_apart("rollout_pause", component="api")).code == 0
    again = await act.describe("rollout_pause", component="api")
    assert again.unmet == ("it is paused already",)
    template = act.deployment["spec"]["template"]
    template["spec"]["containers"][0]["image"] = "registry.test/new:2"
    act.api.edit(act.deployment)
    act.controller.settle()
    resumed = await act.describe("rollout_resume", component="api")
    assert changes(resumed)["api image"][1] == "registry.test/new:2"
    done = await act.take_back(said)
    assert (done.code, done.after["image"]) == (0, "registry.test/new:2")
    assert done.after["rollouts"] == "go on"
    assert (await act.describe("rollout_resume", component="api")).unmet == (
        "it is not paused",
    )


async def test_a_pause_stops_a_rollout_where_it_is(act: Acting) -> None:
    release(act, steps=3)
    said = await act.describe("rollout_pause", component="api")
    assert changes(said)["rollouts"][1] == "paused: stops with 1 of 3 pods new"
    assert (await act.perform("rollout_pause", said, component="api")).code == 0
