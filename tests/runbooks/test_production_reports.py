"""Steps of the shipped runbook on reports of scanners, load tests and audits.

What each step must say is the customer's own table of bounds.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks.probes.kubernetes_api import kubernetes_api
from tests.runbooks.probes.kubernetes_workloads import (
    container,
    deployment,
    pod_spec,
    pods,
)
from tests.runbooks.probes.scan_reports import DIGEST, IMAGE, trivy
from tests.runbooks.production_steps import find


def reported(path: Path, report: Any, days: float = 1) -> str:
    path.write_text(json.dumps(report))
    changed = time.time() - days * 86_400
    os.utime(path, (changed, changed))
    return str(path)


def k6(p95: float, failed: float, rate: float) -> dict[str, Any]:
    return {
        "metrics": {
            "http_req_duration": {"p(95)": p95},
            "http_req_failed": {"value": failed},
            "http_reqs": {"count": 1000, "rate": rate},
        }
    }


@pytest.mark.parametrize(
    ("load", "days", "result"),
    [
        (k6(400, 0.001, 60), 30, "pass"),
        (k6(400, 0.001, 60), 200, "warn"),
        (k6(1400, 0.001, 60), 30, "fail"),
        (k6(400, 0.02, 60), 30, "fail"),
        (k6(400, 0.001, 20), 30, "fail"),
        (None, 0, "fail"),
        ({}, 30, "unknown"),
    ],
)
async def test_load_tests(tmp_path: Path, load: Any, days: float, result: str) -> None:
    if load is not None:
        reported(tmp_path / "summary.json", load, days)
    table = {"path": f"{tmp_path}/*.json", "target_rate": 50}
    found = await find("scaling.load-test", {}, load_test=table)
    assert found.result == result, found


@pytest.mark.parametrize(
    ("critical", "high", "days", "result"),
    [
        (0, 0, 3, "pass"),
        (0, 1, 3, "warn"),
        (1, 0, 3, "fail"),
        (0, 0, 40, "warn"),
        (None, 0, 3, "unknown"),
    ],
)
async def test_audits_of_dependencies(
    tmp_path: Path, critical: int | None, high: int, days: float, result: str
) -> None:
    counts = {"critical": critical, "high": high}
    report = {"metadata": {"vulnerabilities": counts}, "vulnerabilities": {}}
    path = reported(tmp_path / "npm.json", report, days)
    found = await find("ops.monthly-dependencies", {}, dependencies={"paths": [path]})
    assert found.result == result, found


@pytest.mark.parametrize(
    ("report", "result"),
    [
        (trivy(("HIGH", "libc", ""), ("LOW", "tar", "2")), "pass"),
        (trivy(("HIGH", "libc", "2")), "warn"),
        (trivy(days=12), "warn"),
        (trivy(Metadata={}), "warn"),
        (trivy(days=40), "fail"),
        (trivy(("CRITICAL", "libc", "")), "fail"),
        (trivy(Metadata={"ImageID": f"sha256:{'00' * 32}"}), "fail"),
        (None, "unknown"),
        ("no report", "unknown"),
    ],
)
async def test_image_scans(
    tmp_path: Path, threaded: None, report: Any, result: str
) -> None:
    if report is not None:
        (tmp_path / "api.json").write_text(json.dumps(report))
    objects = []
    for component in ("api", "worker"):
        owner = deployment(component, 1, pod_spec(container(component, "1", "1Gi")))
        running = pods(owner, ["node-1"])
        status = running[0]["status"]["containerStatuses"][0]
        status |= {"image": IMAGE, "imageID": f"registry.test/x@{DIGEST}"}
        objects += [owner, *running]
    with kubernetes_api(objects) as server:
        kubeconfig = str(server.kubeconfig(tmp_path / "kubeconfig"))
        found = await find(
            "container.image-scan",
            {"platform": "kubernetes"},
            kubernetes={"kubeconfig": kubeconfig},
            image_scan={"path": f"{tmp_path}/*.json"},
        )
    assert found.result == result, found


async def test_plain_processes_run_no_image(tmp_path: Path) -> None:
    found = await find("container.image-scan", {})
    assert (found.result, found.reason) == ("n/a", "by fact: platform is processes")
