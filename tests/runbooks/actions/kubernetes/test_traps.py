"""The accidents of rollouts: each is refused, or ends with a sentence that says it."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.actions.kubernetes.acting import Acting, conditions
from tests.runbooks.actions.kubernetes.releases import (
    BAD,
    NEW,
    OLD,
    release,
    release_badly,
)
from tests.runbooks.probes.kubernetes_workloads import autoscaler

PATCH = "PATCH deployments/transcript-api"
GET = "GET deployments/transcript-api"
REFUSED, FAILED = 3, 1


async def test_a_stuck_release_is_rolled_back(act: Acting) -> None:
    release_badly(act)
    said = await act.describe("rollout_undo", component="api")
    stuck = "revision 3 is not rolled out (1 of 3 pods are new, 3 ready): this ends it"
    assert conditions(said)[stuck]
    done = await act.perform("rollout_undo", said, component="api")
    assert done.code == 0
    assert (done.before["image"], done.after["image"]) == (BAD, NEW)
    assert (done.before["ready"], done.after["ready"]) == ("3 of 3", "all")


async def test_a_deadline_that_was_exceeded_before_does_not_count(act: Acting) -> None:
    release_badly(act)
    act.controller.stale = 1000
    # Pods that have to come keep it going on for a while.
    act.api.edit(act.deployment, replicas=6)
    act.controller.settle()
    (condition,) = act.deployment["status"]["conditions"]
    assert condition["reason"] == "ProgressDeadlineExceeded"
    done = await act.perform("rollout_undo", component="api")
    assert act.deployment["status"]["conditions"] == [condition]
    assert done.code == 0
    assert "Now 4 of 6 pods are new" in done.output


async def test_a_deadline_that_is_exceeded_meanwhile_ends_it(act: Acting) -> None:
    act.controller.broken.add(NEW)
    done = await act.perform("rollout_restart", component="api")
    assert done.code == FAILED
    assert "ProgressDeadlineExceeded" in done.says
    assert "Now 1 of 3 pods are new, 3 old ones are left, 3 are ready." in done.says
    assert "the way back: kubernetes.rollout_undo" in done.says


async def test_watching_ends_by_its_own_deadline(act: Acting) -> None:
    act.controller.broken.add(NEW)
    act.controller.gives_up = False
    done = await act.perform("rollout_restart", component="api", deadline="200ms")
    assert done.code == FAILED
    assert "It is not done after 0.2 s, and is not watched any more" in done.says
    assert "the way back: kubernetes.rollout_undo" in done.says
    assert done.progress.deadline
    assert done.progress.deadline[1] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("said", "seconds"), [(None, 600), (120, 120), (2**31 - 1, 600)]
)
async def test_the_deadline_is_that_of_the_deployment(
    act: Acting, said: int | None, seconds: int
) -> None:
    if said is not None:
        act.deployment["spec"]["progressDeadlineSeconds"] = said
    found = await act.describe("rollout_restart", component="api")
    assert found.seconds == seconds


async def test_a_controller_that_does_nothing(act: Acting) -> None:
    said = await act.describe("rollout_restart", component="api")
    act.controller.asleep = True
    done = await act.perform(
        "rollout_restart", component="api", deadline="100ms", agreed=None
    )
    assert done.code == FAILED
    assert "the controller has not seen it yet" in done.output
    assert said.unmet == ()


async def test_a_rollout_between_looking_and_agreeing(act: Acting) -> None:
    said = await act.describe("rollout_undo", component="api")
    release(act)
    done = await act.perform("rollout_undo", said, component="api")
    assert (done.code, act.api.changes) == (REFUSED, [])
    assert "what it would do has changed since it was shown" in done.says


async def test_an_undo_between_looking_and_agreeing(act: Acting) -> None:
    said = await act.describe("rollout_undo", component="api", revision=1)
    await act.perform("rollout_undo", component="api", revision=1)
    act.api.changes.clear()
    done = await act.perform("rollout_undo", said, component="api", revision=1)
    assert (done.code, act.api.changes) == (REFUSED, [])


async def test_a_rollout_right_before_the_request(act: Acting) -> None:
    """Whoever was faster is not written over: the version is part of the request."""
    for verb in ("rollout_restart", "rollout_undo"):
        act.api.faults[PATCH] = [lambda: release(act, steps=0)]
        done = await act.perform(verb, component="api")
        assert (done.code, act.api.changes) == (REFUSED, [])
        assert "Nothing was changed" in done.says
        assert "look again" in done.says
        act.controller.settle()


async def test_of_two_operators_at_once_one_is_refused(
    act: Acting, tmp_path: Path
) -> None:
    place = tmp_path / "other"
    place.mkdir()
    both = (act, Acting(act.api, place))
    done = await asyncio.gather(
        *(each.perform_apart("rollout_undo", component="api") for each in both)
    )
    assert act.api.changes == [PATCH]
    assert sorted(each.code for each in done) == [0, REFUSED]
    refused = next(each for each in done if each.code == REFUSED)
    assert "Nothing was" in refused.says
    assert "ook again" in refused.says or "wait for it" in refused.says


async def test_a_status_that_moves_is_no_reason_to_refuse(act: Acting) -> None:
    said = await act.describe("rollout_restart", component="api")
    act.api.touch(act.deployment)
    act.api.faults[GET] = [lambda: act.api.touch(act.deployment)] * 2
    done = await act.perform("rollout_restart", said, component="api")
    assert done.code == 0


async def test_another_rollout_meanwhile_ends_it(act: Acting) -> None:
    act.after(PATCH, None, None, None, lambda: release(act, steps=0, image=OLD))
    done = await act.perform("rollout_restart", component="api")
    assert done.code == FAILED
    assert f"Another rollout has begun meanwhile ({OLD})" in done.says


async def test_scaling_meanwhile_does_not_end_it(act: Acting) -> None:
    act.after(PATCH, None, None, None, lambda: act.api.edit(act.deployment, replicas=4))
    done = await act.perform("rollout_restart", component="api")
    assert done.code == 0
    assert done.progress.bars["ready"] == (4, 4)


async def test_a_pause_meanwhile_ends_it(act: Acting) -> None:
    act.after(
        PATCH, None, None, None, lambda: act.api.edit(act.deployment, paused=True)
    )
    done = await act.perform("rollout_restart", component="api")
    assert done.code == FAILED
    assert "Somebody has paused it meanwhile" in done.says


async def test_a_deployment_that_is_deleted_meanwhile(act: Acting) -> None:
    act.after(PATCH, None, None, None, lambda: act.api.objects.remove(act.deployment))
    done = await act.perform("rollout_restart", component="api")
    assert done.code == FAILED
    assert "has gone while it was rolled out: somebody deleted it" in done.says


async def test_a_deployment_that_is_made_anew_meanwhile(act: Acting) -> None:
    def anew() -> None:
        again = copy.deepcopy(act.deployment)
        again["metadata"]["uid"] = "uid-another"
        act.api.objects.remove(act.deployment)
        act.api.add(again)

    act.after(PATCH, None, None, None, anew)
    done = await act.perform("rollout_restart", component="api")
    assert done.code == FAILED
    assert "was deleted and made anew" in done.says
    said = await act.describe("rollout_restart", component="api")
    assert said.things[0].id == "uid-another"


@pytest.mark.parametrize("verb", ["rollout_restart", "rollout_undo"])
async def test_a_paused_deployment_is_left_alone(act: Acting, verb: str) -> None:
    act.api.edit(act.deployment, paused=True)
    act.controller.settle()
    said = await act.describe(verb, component="api")
    assert "it is paused, so nothing would be rolled out" in " ".join(said.unmet)
    assert said.dry_run == ""
    done = await act.perform(verb, said, component="api")
    assert (done.code, act.api.changes) == (REFUSED, [])


async def test_an_undo_that_would_change_nothing_says_so(act: Acting) -> None:
    said = await act.describe("rollout_undo", component="api", revision=2)
    assert said.unmet[0].startswith("revision 2 is the current template: nothing would")
    done = await act.perform("rollout_undo", said, component="api", revision=2)
    assert (done.code, act.api.changes) == (REFUSED, [])


async def test_without_a_history_there_is_no_way_back(act: Acting) -> None:
    act.api.objects.remove(act.controller.sets(act.deployment)[0])
    with pytest.raises(ProbeError, match="no revision before the current one; it has"):
        await act.describe("rollout_undo", component="api")


async def test_somebody_elses_rollout_is_waited_for(act: Acting) -> None:
    release(act, steps=2)
    said = await act.describe("rollout_restart", component="api")
    assert "a rollout is in progress (1 of 3 pods are new)" in " ".join(said.unmet)
    act.controller.settle()
    assert (await act.describe("rollout_restart", component="api")).unmet == ()


async def test_the_number_of_pods_stays_with_an_autoscaler(act: Acting) -> None:
    act.api.add(autoscaler(act.deployment, 2, 10, cpu=(70, 35)))
    act.api.edit(act.deployment, replicas=5)
    act.controller.settle()
    said = await act.describe("rollout_undo", component="api")
    assert "the number of pods stays 5" in said.stays
    assert said.fights == (
        "HorizontalPodAutoscaler transcript-api-hpa (2 to 10 pods) may change the "
        "number of pods meanwhile: kubernetes.pin_hpa keeps it",
    )
    done = await act.perform("rollout_undo", said, component="api")
    assert (done.code, done.after["replicas"]) == (0, "5")


@pytest.mark.parametrize(
    ("strategy", "keeping", "unmet"),
    [
        ({"type": "Recreate"}, 1, "3 of 3 pods are ready, 0 go on serving: 1 have to"),
        ({"type": "Recreate"}, 0, ""),
        (
            {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}},
            1,
            "PodDisruptionBudget transcript-api-pdb allows 1 to go: 2 would",
        ),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}, 1, ""),
    ],
)
async def test_enough_pods_go_on_serving(
    act: Acting, strategy: dict[str, object], keeping: int, unmet: str
) -> None:
    act.deployment["spec"]["strategy"] = strategy
    said = await act.describe("rollout_restart", component="api", keeping=keeping)
    assert unmet in " ".join(said.unmet)
    assert bool(unmet) == bool(said.unmet)


async def test_where_nothing_serves_nothing_is_lost(act: Acting) -> None:
    act.deployment["spec"]["strategy"] = {"type": "Recreate"}
    for sets in act.controller.sets(act.deployment):
        for pod in act.controller.pods(sets):
            pod["status"]["conditions"][0]["status"] = "False"
    act.controller.broken.add(NEW)
    act.controller.settle()
    assert (await act.describe("rollout_restart", component="api")).unmet == ()


async def test_an_undo_restores_neither_replicas_nor_config(act: Acting) -> None:
    """What is compared afterwards shows it, and it is said before."""
    before = await act.describe("rollout_restart", component="api")
    config = act.api.find("ConfigMap", "transcript-config")
    assert config
    config["data"]["log-level"] = "DEBUG"
    release(act)
    act.api.edit(act.deployment, replicas=5)
    act.controller.settle()
    said = await act.describe("rollout_undo", component="api")
    stays = " ".join(said.stays)
    assert "the number of pods stays 5" in stays
    assert "ConfigMap transcript-config" in stays
    done = await act.perform("rollout_undo", said, component="api")
    assert done.code == 0
    was = before.snapshot
    differs = {name for name in was if was[name] != done.after[name]}
    assert differs == {"replicas", "config"}
