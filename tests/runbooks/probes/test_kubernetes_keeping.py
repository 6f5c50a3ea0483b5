"""Probes of CronJobs, of what nothing uses, and of labels that share out costs."""

from __future__ import annotations

from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    claim,
    clustered,
    container,
    cron_job,
    deployment,
    pod_spec,
)

BACKUP = "backup_db|pg_dump"


def volume(name: str, phase: str, namespace: str = "transcripts") -> Object:
    return clustered(
        "PersistentVolume",
        "v1",
        name,
        metadata={"creationTimestamp": ago(days=40)},
        spec={"claimRef": {"namespace": namespace, "name": "gone"}},
        status={"phase": phase},
    )


def namespace(*tags: str) -> Object:
    named = {"labels": dict.fromkeys(tags, "x")}
    return clustered("Namespace", "v1", "transcripts", metadata=named)


async def test_cron_jobs_that_run_a_command(look: Look, cluster: Cluster) -> None:
    ended = {"lastScheduleTime": ago(hours=7), "lastSuccessfulTime": ago(hours=6)}
    cluster.rest += [
        cron_job("nightly", "0 2 * * *", ["./scripts/backup_db.sh"], **ended),
        cron_job("pg_dump-weekly", "@weekly", ["sh"]),
        cron_job("cleaning", "* * * * *", ["find"]),
    ]
    seen = await look("schedule", command=BACKUP)
    assert seen.found == "nightly, pg_dump-weekly"
    assert seen.interval == 86400
    assert seen.last == pytest.approx(6 * 3600, abs=60)
    assert seen.suspended is seen.failing is None
    assert "every 24 h" in seen.measurement.evidence
    assert "find" not in seen.measurement.evidence


@pytest.mark.parametrize(
    ("changes", "status", "expected"),
    [
        ({"suspend": True}, {}, (None, "nightly", None, None)),
        ({}, {}, ("nightly", None, 86400, None)),
        (
            {},
            {"lastScheduleTime": ago(hours=2)},
            ("nightly", None, 86400, "nightly"),
        ),
        (
            {},
            {"lastScheduleTime": ago(hours=2), "lastSuccessfulTime": ago(hours=26)},
            ("nightly", None, 86400, "nightly"),
        ),
        (
            {},
            {"lastScheduleTime": ago(minutes=2), "active": [{"name": "nightly-1"}]},
            ("nightly", None, 86400, None),
        ),
        ({"schedule": "H 2 * * *"}, {}, ("nightly", None, None, None)),
    ],
    ids=["suspended", "new", "never", "failed", "running", "unreadable"],
)
async def test_a_cron_job_that_does_not_do_its_work(
    look: Look,
    cluster: Cluster,
    changes: dict[str, Any],
    status: dict[str, Any],
    expected: tuple[Any, ...],
) -> None:
    nightly = cron_job("nightly", "0 2 * * *", ["pg_dump"], **status)
    nightly["spec"] |= changes
    cluster.rest.append(nightly)
    seen = await look("schedule", command=BACKUP)
    found = (seen.found, seen.suspended, seen.interval, seen.failing)
    assert found == expected


async def test_without_a_cron_job_nothing_is_found(
    look: Look, kubernetes: KubernetesAPI
) -> None:
    seen = await look("schedule", command=BACKUP)
    assert seen.found is seen.interval is seen.last is None
    kubernetes.denied = {"cronjobs"}
    with pytest.raises(ProbeError, match="no permission to list cronjobs"):
        await look("schedule", command=BACKUP)
    cls = probes.probe_class("kubernetes.schedule")
    assert "regular expression" in cls.complaints({"command": "("})[0]


async def test_what_nothing_uses(
    look: Look, cluster: Cluster, kubernetes: KubernetesAPI
) -> None:
    assert (await look("unused")).old is None
    waits = claim("waits")
    waits["status"] = {"phase": "Pending"}
    asleep = deployment("old", 0, pod_spec(container("old", "1", "1Gi")))
    cluster.rest += [
        volume("pv-left", "Released"),
        volume("pv-used", "Bound"),
        volume("pv-others", "Released", "another"),
        waits,
        asleep,
    ]
    seen = await look("unused")
    assert (seen.volumes, seen.claims, seen.idle) == (
        "pv-left",
        "waits",
        "transcript-old",
    )
    assert seen.old == "pv-left"
    longer = await look("unused", unused_for="60d")
    assert longer.old is None
    kubernetes.denied = {"persistentvolumes"}
    with pytest.raises(ProbeError, match="no permission to list persistentvolumes"):
        await look("unused")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ((), (0, "transcripts, transcript-data, transcript-cache")),
        (("acme.test/Owner",), (1, "transcripts, transcript-data, transcript-cache")),
        (
            ("owner", "environment", "cost-center"),
            (3, "transcript-data, transcript-cache"),
        ),
    ],
)
async def test_tags_of_the_namespace(
    look: Look, cluster: Cluster, tags: tuple[str, ...], expected: tuple[int, str]
) -> None:
    cluster.rest.append(namespace(*tags))
    seen = await look("tags")
    assert (seen.tags, seen.missing) == expected


async def test_tags_that_all_carry(
    look: Look, cluster: Cluster, kubernetes: KubernetesAPI
) -> None:
    cluster.rest.append(namespace("team"))
    for each in cluster.claims:
        each["metadata"]["labels"] = {"team": "x"}
    seen = await look("tags", required_tags=["team"])
    assert (seen.tags, seen.missing) == (1, None)
    kubernetes.denied = {"namespaces"}
    with pytest.raises(ProbeError, match="no permission to list namespaces"):
        await look("tags")
