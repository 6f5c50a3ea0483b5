"""Probes of what pods have printed, and of what the cluster has warned about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes import log_errors, pod_logs
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_edges import event
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_workloads import Cluster, ago

PLAIN = 'INFO:     127.0.0.1:5000 - "GET /health HTTP/1.1" 200 OK'
SECRET = "made-up-hunter2-token"
API = [f"transcript-api-5b7d-{n}" for n in range(3)]
WORKER = [f"transcript-worker-5b7d-{n}" for n in range(2)]


def line(level: str = "INFO", **fields: Any) -> str:
    said = {"timestamp": "x", "level": level, "service": "api", "logger": "app.jobs"}
    return json.dumps({**said, "message": f"said {SECRET}", **fields})


def printed(*lines: str, **past: float) -> str:
    """Return lines as a kubelet hands them out, all printed then."""
    time = ago(**(past or {"minutes": 2})).replace("Z", ".123456789Z")
    return "".join(f"{time} {each}\n" for each in lines)


async def test_the_last_lines_of_all_pods(
    look: Look, kubernetes: KubernetesAPI
) -> None:
    for pod in (*API, *WORKER):
        kubernetes.logs[pod] = printed(line(), minutes=3)
    kubernetes.logs[API[0]] += printed(PLAIN, "Traceback (most recent call last):", "{")
    kubernetes.logs[WORKER[0]] = printed(*[PLAIN] * 400, minutes=9)
    kubernetes.logs[WORKER[0]] += printed(line("DEBUG"))
    seen = await look("logs")
    assert seen.allowed is True
    assert (seen.json, seen.malformed, seen.tracebacks) == (5, 1, 1)
    assert (seen.plain, seen.debug) == (2 + 199, 1)
    assert seen.silent is None
    # The other worker is quieter, yet the component is not.
    assert seen.age == pytest.approx(120, abs=30)
    assert "the last lines of 5 containers" in seen.measurement.evidence
    assert SECRET not in repr(seen.measurement)


async def test_pods_that_print_nothing(
    look: Look, kubernetes: KubernetesAPI, cluster: Cluster
) -> None:
    # One waits to start, one has gone since pods were listed.
    for pod in API[:2]:
        kubernetes.logs[pod] = printed(line(), hours=1)
    kubernetes.logs[WORKER[0]] = ""
    gone = f"/api/v1/namespaces/transcripts/pods/{WORKER[1]}/log"
    kubernetes.broken[gone] = 404
    seen = await look("logs")
    assert (seen.silent, seen.json) == ("worker", 2)
    assert seen.age == pytest.approx(3600, abs=60)
    kubernetes.logs.clear()
    seen = await look("logs")
    assert (seen.silent, seen.age) == ("api, worker", None)


async def test_logs_that_may_not_be_read(look: Look, kubernetes: KubernetesAPI) -> None:
    kubernetes.denied = {"pods/log"}
    seen = (await look("logs")).measurement
    assert [(r.name, r.value) for r in seen.readings.values()] == [("allowed", False)]
    assert 'resources: ["pods/log"], verbs: ["get"]' in seen.evidence
    assert seen.lacking["json"] == "this login may not read logs"
    with pytest.raises(ProbeError, match="no permission to get pods/log") as caught:
        await look("log_errors")
    assert "Add to a Role" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (f"/api/v1/namespaces/transcripts/pods/{API[0]}/log", "something else"),
        ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "access review"),
    ],
)
async def test_answers_that_are_no_logs(
    look: Look, kubernetes: KubernetesAPI, place: str, said: str
) -> None:
    kubernetes.broken[place] = "garbage"
    with pytest.raises(ProbeError, match=said):
        await look("logs")


async def test_errors_are_grouped(
    look: Look, kubernetes: KubernetesAPI, cluster: Cluster
) -> None:
    failed = line("ERROR", exc_type="TimeoutError")
    known = line("ERROR", exception={"type": "ValueError", "message": SECRET})
    kubernetes.logs[API[0]] = printed(known, days=2) + printed(known, *[failed] * 12)
    kubernetes.logs[API[1]] = printed(line(), line("WARNING"), PLAIN, '{"level": 1}')
    status = cluster.worker_pods[0]["status"]["containerStatuses"][0]
    status["restartCount"] = 3
    kubernetes.previous[WORKER[0]] = printed(line("CRITICAL", logger="worker"))
    seen = await look("log_errors")
    assert (seen.errors, seen.warnings, seen.lines, seen.groups) == (14, 1, 16, 3)
    assert seen.new == "app.jobs TimeoutError, worker"
    assert (seen.new_warnings, seen.new_rate) == ("app.jobs", 13)
    assert seen.top.startswith("app.jobs TimeoutError (12)")
    assert f"{WORKER[1]}/worker: nothing is kept" in seen.measurement.evidence
    assert SECRET not in repr(seen.measurement)


async def test_no_more_is_read_than_is_good(
    look: Look, kubernetes: KubernetesAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes.logs[API[0]] = printed(*[line("ERROR")] * 9)
    kubernetes.logs[API[1]] = printed(line("ERROR"), *[PLAIN] * 3)
    monkeypatch.setattr(log_errors, "LINES", 4)
    seen = await look("log_errors")
    assert seen.errors == 5
    assert f"{API[0]}/api: older lines were not read" in seen.measurement.evidence
    monkeypatch.setattr(pod_logs, "LARGEST", len(printed(line("ERROR"))) + 5)
    seen = await look("log_errors")
    assert seen.errors == 2
    assert "newer lines were not" in seen.measurement.evidence


async def test_warnings_of_the_cluster(look: Look, cluster: Cluster) -> None:
    often = {"count": 7, "lastObservedTime": ago(minutes=1)}
    cluster.rest += [
        event("a", "BackOff", API[0], count=3),
        event("b", "BackOff", API[1], series=often, lastTimestamp=None, count=None),
        event("c", "Unhealthy", WORKER[0], lastTimestamp=None, eventTime=ago(hours=2)),
        event("d", "FailedMount", API[0], lastTimestamp=ago(days=2)),
        event("e", "Pulled", API[0], type="Normal"),
    ]
    for each in cluster.rest[-5:]:
        for name in [name for name in each if each[name] is None]:
            del each[name]
    seen = await look("events")
    assert (seen.warnings, seen.reasons) == (11, "BackOff of Pod, Unhealthy of Pod")
    assert f"BackOff of Pod (10): {API[0]}, {API[1]}" in seen.measurement.evidence
    seen = await look("events", window="1h")
    assert (seen.warnings, seen.reasons) == (10, "BackOff of Pod")


async def test_no_warnings_and_no_permission(
    look: Look, kubernetes: KubernetesAPI
) -> None:
    seen = await look("events")
    assert (seen.warnings, seen.reasons) == (0, None)
    kubernetes.denied = {"events"}
    with pytest.raises(ProbeError, match="no permission to list events"):
        await look("events")
