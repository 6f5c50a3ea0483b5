"""CronJobs that are suspended or run now, and pods that are taken away."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks.actions import action_class
from runbooks.errors import ProbeError
from runbooks.tables import CommandClass
from tests.runbooks.actions.kubernetes.acting import Acting, changes
from tests.runbooks.actions.kubernetes.templates import owned_by
from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import cron_job, job, made

JOB = "POST jobs"
BY_HAND = "backup-by-hand-1"
BY_HAND_TOO = {"cronjob.kubernetes.io/instantiate": "manual"}


@pytest.fixture
def backup(act: Acting) -> Object:
    return act.api.add(cron_job("backup", "0 2 * * *", ["backup_db.sh"]))


async def test_suspending_is_a_loose_end(act: Acting, backup: Object) -> None:
    backup["status"] = {"active": [{"kind": "Job", "name": "backup-29"}]}
    said = await act.describe("suspend_cronjob", name="backup")
    assert changes(said) == {"CronJob backup": ("runs", "suspended")}
    assert said.loose_end == "CronJob backup is suspended"
    assert said.stays == ("Jobs that run go on: backup-29",)
    done = await act.perform_apart("suspend_cronjob", name="backup")
    assert (done.code, backup["spec"]["suspend"]) == (0, True)
    again = await act.describe("suspend_cronjob", name="backup")
    assert again.unmet == ("it is suspended",)
    back = await act.take_back(said)
    assert (back.code, back.after) == (0, said.snapshot)


async def test_a_run_by_hand(act: Acting, backup: Object) -> None:
    said = await act.describe("run_cronjob", name="backup")
    assert said.title == f"run CronJob/backup now as Job/{BY_HAND}"
    assert said.unmet == ()
    assert act.api.rehearsed == [JOB]
    done = await act.perform_apart("run_cronjob", name="backup")
    assert done.code == 0
    assert done.after == {"jobs by hand": "1", BY_HAND: "complete"}
    assert done.progress.bars == {"completed": (1, 1)}
    made_job = act.api.find("Job", BY_HAND)
    assert made_job
    (owner,) = made_job["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("uid-backup", True)
    assert "blockOwnerDeletion" not in owner
    assert made_job["spec"] == backup["spec"]["jobTemplate"]["spec"]
    next_one = await act.describe("run_cronjob", name="backup")
    assert next_one.title.endswith("Job/backup-by-hand-2")


async def test_taking_a_run_back_deletes_that_job(act: Acting, backup: Object) -> None:
    said = await act.describe("run_cronjob", name="backup")
    assert "what the Job does is not taken back" in said.point_of_no_return
    await act.perform("run_cronjob", said, name="backup")
    assert action_class("kubernetes.delete_job").command_class is (
        CommandClass.DESTRUCTIVE
    )
    back = await act.take_back(said)
    assert (back.code, back.after) == (0, {"job": "gone"})
    assert act.api.changes == [JOB, f"DELETE jobs/{BY_HAND}"]


async def test_a_job_that_was_not_made_by_hand_is_kept(act: Acting) -> None:
    act.api.add(job("transcript-migrations"))
    said = await act.describe("delete_job", name="transcript-migrations")
    assert said.unmet == ("it was not made by hand: whoever made it decides about it",)
    with pytest.raises(ProbeError, match="no nothing among its jobs"):
        await act.describe("delete_job", name="nothing")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("backup", "backup-by-hand-1"),
        ("b" * 52, f"{'b' * 52}-by-hand-1"),
        (f"{'b' * 52}.c", f"{'b' * 52}-by-hand-1"),
    ],
)
async def test_names_of_jobs_are_no_longer_than_names_may_be(
    act: Acting, name: str, made: str
) -> None:
    act.api.add(cron_job(name, "0 2 * * *", ["backup_db.sh"]))
    said = await act.describe("run_cronjob", name=name)
    assert said.title.endswith(f"Job/{made}")
    assert said.unmet == ()


async def test_a_job_that_kubectl_made_counts(act: Acting, backup: Object) -> None:
    by_kubectl = job("by-kubectl")
    by_kubectl["metadata"]["annotations"] = BY_HAND_TOO
    owner = owned_by(backup)
    del owner["controller"]
    by_kubectl["metadata"]["ownerReferences"] = [owner]
    act.api.add(by_kubectl)
    act.controller.asleep = True
    said = await act.describe("run_cronjob", name="backup")
    assert said.snapshot["by-kubectl"] == "running"
    assert said.fights == (
        "CronJob backup may start a scheduled Job beside it, whatever it allows",
    )


async def test_a_cron_job_that_keeps_no_jobs(act: Acting, backup: Object) -> None:
    backup["spec"] |= {"successfulJobsHistoryLimit": 0, "suspend": True}
    said = await act.describe("run_cronjob", name="backup")
    assert said.fights == ("CronJob backup removes its Jobs once they have ended",)
    assert said.outcome == {}

    def gone() -> None:
        found = act.api.find("Job", BY_HAND)
        assert found
        act.api.objects.remove(found)

    act.api.faults[f"GET jobs/{BY_HAND}"] = [gone]
    done = await act.perform("run_cronjob", said, name="backup")
    assert done.code == 4
    assert "nobody saw how it ended: look at what it was to make" in done.says


async def test_a_run_that_fails(act: Acting, backup: Object) -> None:
    act.controller.failing = True
    done = await act.perform("run_cronjob", name="backup")
    assert done.code == 1
    assert "failed (BackoffLimitExceeded: it failed too often)" in done.says
    assert f"kubectl logs job/{BY_HAND}" in done.says


async def test_a_run_that_takes_longer(act: Acting, backup: Object) -> None:
    act.controller.asleep = True
    done = await act.perform("run_cronjob", name="backup", deadline="50ms")
    assert done.code == 1
    assert "still runs after 0.05 s, and is not watched any more" in done.says


async def test_a_job_that_is_deleted_meanwhile(act: Acting, backup: Object) -> None:
    def gone() -> None:
        found = act.api.find("Job", BY_HAND)
        assert found
        act.api.objects.remove(found)

    act.api.faults[f"GET jobs/{BY_HAND}"] = [gone]
    done = await act.perform("run_cronjob", name="backup")
    assert done.code == 1
    assert "somebody deleted it" in done.says


@pytest.mark.parametrize("policy", ["Forbid", "Replace", "Allow"])
async def test_two_at_once(act: Acting, backup: Object, policy: str) -> None:
    backup["spec"]["concurrencyPolicy"] = policy
    running = job("backup-29")
    running["metadata"]["ownerReferences"] = [owned_by(backup)]
    act.api.add(running)
    act.controller.asleep = True
    said = await act.describe("run_cronjob", name="backup")
    words = f"backup-29 runs already (concurrencyPolicy {policy})"
    assert said.unmet == (() if policy == "Allow" else (words,))


async def test_the_name_is_taken_meanwhile(act: Acting, backup: Object) -> None:
    def taken() -> None:
        act.api.add(job(BY_HAND))

    act.api.faults[JOB] = [taken]
    done = await act.perform("run_cronjob", name="backup")
    assert (done.code, act.api.changes) == (3, [])
    assert "already exists (409)" in done.says


async def test_an_answer_about_a_job_that_is_lost(act: Acting, backup: Object) -> None:
    act.api.faults[JOB] = ["lost"]
    done = await act.perform("run_cronjob", name="backup")
    assert (done.code, act.api.changes) == (0, [JOB])


# --------------------------------------------------------------------- pods


def a_pod(act: Acting) -> Object:
    ours = act.controller.sets(act.deployment)[-1]
    return act.controller.pods(ours)[0]


async def test_a_pod_is_evicted(act: Acting) -> None:
    pod = a_pod(act)
    name = pod["metadata"]["name"]
    said = await act.describe("delete_pod", name=name)
    assert said.unmet == ()
    assert action_class("kubernetes.delete_pod").command_class is (
        CommandClass.DESTRUCTIVE
    )
    assert said.undo.irreversible
    assert changes(said)["pods that are ready"] == ("3", "2")
    assert "its controller makes another" in said.stays[0]
    done = await act.perform_apart("delete_pod", name=name)
    assert (done.code, done.after) == (0, {"pod": "gone"})
    assert act.api.changes == [f"POST pods/{name}/eviction"]
    assert done.progress.bars == {"gone": (1, 1), "ready": (3, 3)}


async def test_the_budget_is_asked(act: Acting) -> None:
    budget = act.api.find("PodDisruptionBudget", "transcript-api-pdb")
    assert budget
    budget["status"]["disruptionsAllowed"] = 0
    name = a_pod(act)["metadata"]["name"]
    said = await act.describe("delete_pod", name=name)
    assert said.unmet == ("PodDisruptionBudget transcript-api-pdb allows 0 to go",)
    assert act.api.rehearsed == []


async def test_the_budget_shrinks_in_the_last_moment(act: Acting) -> None:
    budget = act.api.find("PodDisruptionBudget", "transcript-api-pdb")
    assert budget
    name = a_pod(act)["metadata"]["name"]

    def shrink() -> None:
        budget["status"]["disruptionsAllowed"] = 0

    act.api.faults[f"POST pods/{name}/eviction"] = [shrink]
    done = await act.perform("delete_pod", name=name)
    assert (done.code, act.api.changes) == (3, [])
    assert "would violate the pod's disruption budget" in done.says
    assert "Try again later." in done.says


async def test_a_pod_that_is_not_ready_may_go(act: Acting) -> None:
    act.controller.asleep = True
    pod = a_pod(act)
    pod["status"]["conditions"][0]["status"] = "False"
    budget = act.api.find("PodDisruptionBudget", "transcript-api-pdb")
    assert budget
    budget["status"]["disruptionsAllowed"] = 0
    said = await act.describe("delete_pod", name=pod["metadata"]["name"])
    assert len(said.unmet) == 1
    assert "429: Cannot evict pod" in said.unmet[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ownerReferences": []}, "nothing controls it, so nothing would replace it"),
        ({"deletionTimestamp": "2026-06-05T02:51:00Z"}, "on its way out already"),
    ],
)
async def test_pods_that_are_left_alone(
    act: Acting, change: dict[str, Any], words: str
) -> None:
    act.controller.asleep = True
    pod = a_pod(act)
    pod["metadata"] |= change
    said = await act.describe("delete_pod", name=pod["metadata"]["name"])
    assert words in " ".join(said.unmet)


async def test_several_budgets_forbid_every_eviction(act: Acting) -> None:
    from tests.runbooks.probes.kubernetes_scaling import budget

    other = budget("api", 1, 3)
    other["metadata"] |= {"name": "other", "uid": "other"}
    act.api.add(other)
    said = await act.describe("delete_pod", name=a_pod(act)["metadata"]["name"])
    assert "none can be evicted" in " ".join(said.unmet)


async def test_the_next_pod_does_not_get_ready(act: Acting) -> None:
    pod = a_pod(act)
    image = pod["spec"]["containers"][0]["image"]
    act.controller.broken.add(image)
    name = pod["metadata"]["name"]
    act.api.faults[f"POST pods/{name}/eviction"] = [
        lambda: pod["spec"].update(terminationGracePeriodSeconds=0)
    ]
    pod["spec"]["terminationGracePeriodSeconds"] = 0
    done = await act.perform("delete_pod", name=name, deadline="300ms")
    assert done.code == 1
    assert "The pod is gone, and 2 of 3 pods are ready after 0.3 s" in done.says


async def test_another_pod_of_that_name_is_left_alone(act: Acting) -> None:
    pod = a_pod(act)
    name = pod["metadata"]["name"]
    said = await act.describe("delete_pod", name=name)
    pod["metadata"]["uid"] = "another"
    done = await act.perform("delete_pod", said, name=name)
    assert (done.code, act.api.changes) == (3, [])


def test_pods_of_a_stateful_set_come_back_under_their_name() -> None:
    from runbooks.actions.kubernetes.delete_pod import _has_name

    owner = made("StatefulSet", "apps/v1", "db")
    assert _has_name({"metadata": {"ownerReferences": [owned_by(owner)]}})
