"""Jobs of a CronJob that somebody started by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runbooks.actions.kubernetes.sending import Writer
from runbooks.errors import ActionError, ProbeError
from runbooks.probes.kubernetes.application import condition, holds
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import annotations_of, name_of

BY_HAND = {"cronjob.kubernetes.io/instantiate": "manual"}
"""The annotation of Jobs that kubectl makes from a CronJob, too."""
SOON = 300
"""Seconds: a Job that removes itself sooner may be gone when it is looked at."""
_LONGEST = 63
"""Characters of a Job's name, which its pods have as a label."""


def is_by_hand(job: Object) -> bool:
    return BY_HAND.items() <= annotations_of(job).items()


def owner_of(job: Object) -> str:
    """Return the uid of what controls a Job, "" where nothing does."""
    owners = job["metadata"].get("ownerReferences") or []
    return next((str(e["uid"]) for e in owners if e.get("controller")), "")


def started_by_hand(cron_job: Object, jobs: Iterable[Object]) -> list[Object]:
    """Return those Jobs of a CronJob that are still there."""
    return [each for each in jobs if is_of(cron_job, each) and is_by_hand(each)]


def is_of(cron_job: Object, job: Object) -> bool:
    """Whether a CronJob owns a Job; one that kubectl made it does not control."""
    owners = job["metadata"].get("ownerReferences") or []
    return cron_job["metadata"]["uid"] in [each.get("uid") for each in owners]


def is_kept(cron_job: Object) -> bool:
    """Whether a Job of it is still there for a while when it has ended."""
    spec = cron_job["spec"]
    soon = spec["jobTemplate"]["spec"].get("ttlSecondsAfterFinished", SOON) < SOON
    limits = ("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    return not soon and all(spec.get(each) != 0 for each in limits)


def next_name(cron_job: Object, jobs: Iterable[Object]) -> str:
    """Return the name of the next one: the same as long as nobody makes a Job."""
    numbers = [0]
    for each in jobs:
        if match := re.search(r"-by-hand-(\d+)$", name_of(each)):
            numbers.append(int(match[1]))
    end = f"-by-hand-{max(numbers) + 1}"
    # No part of a name between dots ends with a hyphen.
    return f"{name_of(cron_job)[: _LONGEST - len(end)].rstrip('-.')}{end}"


def state(job: Object | None) -> str:
    """Return how a Job is in a word."""
    if job is None:
        return "gone"
    for kind, word in (("Complete", "complete"), ("Failed", "failed")):
        if holds(job, kind):
            return word
    return "suspended" if job["spec"].get("suspend") else "running"


def why(job: Object) -> str:
    """Return what the API says of a Job that failed."""
    said = condition(job, "Failed")
    words = (str(said.get(key) or "") for key in ("reason", "message"))
    return ": ".join(filter(None, words)) or "failed"


def made(cron_job: Object, name: str) -> Object:
    """Return the Job to create, as `kubectl create job --from` makes it."""
    template = cron_job["spec"]["jobTemplate"]
    metadata = template.get("metadata") or {}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": name_of(cron_job),
        "uid": cron_job["metadata"]["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": metadata.get("labels") or {},
            "annotations": {**(metadata.get("annotations") or {}), **BY_HAND},
            "ownerReferences": [owner],
        },
        "spec": template["spec"],
    }


async def now(writer: Writer, path: str) -> Object | None:
    """Return a Job as it is now, None where it is gone.

    Raises:
        ActionError: nobody can see it any more.
    """

    async def look() -> Object | None:
        return await writer.read(path)

    try:
        found: Object | None = await writer.patiently(look)
    except ProbeError as error:
        raise ActionError(
            f"What was sent stands, and nobody can see how it goes on: {error}. Look "
            f"at {path} as soon as that is possible.",
            changed=None,
        ) from error
    return found
