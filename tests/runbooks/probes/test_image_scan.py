"""Reports of image scans: every format, hostile files, and the images that run."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.docker_engine import DockerEngine
from tests.runbooks.probes.kubernetes_api import kubernetes_api
from tests.runbooks.probes.kubernetes_workloads import (
    container,
    deployment,
    pod_spec,
    pods,
)
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.scan_reports import (
    DIGEST,
    IMAGE,
    IMAGE_ID,
    grype,
    sarif,
    trivy,
)

DAY = 86_400


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path


def write(place: Path, name: str, report: Any, days: float = 0) -> Path:
    path = place / name
    path.write_text(report if isinstance(report, str) else json.dumps(report))
    changed = time.time() - days * DAY
    os.utime(path, (changed, changed))
    return path


async def seen(place: Path) -> dict[str, object]:
    return told(await look("image_scan", path=f"{place}/*.json"))


async def test_trivy_counts_by_severity_and_what_can_be_mended(reports: Path) -> None:
    weak = [
        ("CRITICAL", "openssl", ""),
        ("HIGH", "libxml2", "2.9.14-1"),
        ("HIGH", "ffmpeg", ""),
        ("WEIRD", "bash", ""),
    ]
    write(reports, "api.json", trivy(*weak, days=3))
    found = await seen(reports)
    assert (found["critical"], found["critical.fixable"]) == (1, 0)
    assert (found["high"], found["high.fixable"]) == (2, 1)
    assert (found["medium"], found["unknown"], found["images"]) == (0, 1, 1)
    assert 2.9 * DAY < float(str(found["age"])) < 3.1 * DAY


async def test_a_clean_scan_of_trivy_has_no_results(reports: Path) -> None:
    report = trivy()
    del report["Results"]
    write(reports, "api.json", report)
    found = await seen(reports)
    assert (found["critical"], found["high"], found["images"]) == (0, 0, 1)


async def test_grype(reports: Path) -> None:
    weak = [("Critical", "openssl", "fixed"), ("High", "glibc", "wont-fix")]
    write(reports, "api.json", grype(*weak, ("Negligible", "tar", "unknown"), days=9))
    found = await seen(reports)
    assert (found["critical.fixable"], found["high"], found["high.fixable"]) == (
        1,
        1,
        0,
    )
    assert found["low"] == 1 and float(str(found["age"])) > 8.9 * DAY


async def test_sarif_is_rated_by_its_scores(reports: Path) -> None:
    weak = [("9.8", "openssl", "3.0.1"), ("7.5", "glibc", ""), ("5.0", "tar", "")]
    write(reports, "api.json", sarif(*weak), days=2)
    found = await seen(reports)
    assert (found["critical"], found["critical.fixable"]) == (1, 1)
    assert (found["high"], found["high.fixable"], found["medium"]) == (1, 0, 1)
    assert 1.9 * DAY < float(str(found["age"])) < 2.1 * DAY


async def test_one_weakness_of_one_package_counts_once(reports: Path) -> None:
    report = trivy(("HIGH", "libc", ""))
    report["Results"].append(report["Results"][1])
    write(reports, "api.json", report)
    assert (await seen(reports))["high"] == 1


async def test_only_the_newest_report_of_an_image_counts(reports: Path) -> None:
    write(reports, "old.json", trivy(("CRITICAL", "openssl", "2"), days=30), days=30)
    write(reports, "new.json", trivy(days=1), days=1)
    found = await seen(reports)
    assert (found["critical"], found["images"]) == (0, 1)


async def test_the_oldest_of_several_images_tells_the_age(reports: Path) -> None:
    other = trivy(("HIGH", "nginx", "1"), days=20, ArtifactName="web:2", Metadata={})
    write(reports, "api.json", trivy(days=1))
    write(reports, "web.json", other)
    found = await seen(reports)
    assert (found["images"], found["high.fixable"]) == (2, 1)
    assert float(str(found["age"])) > 19 * DAY


@pytest.mark.parametrize(
    "report",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        '{"SchemaVersion": "2"}',
        '{"SchemaVersion": 2, "ArtifactName": "x", "Results": {"a": 1}}',
        '{"matches": [{"vulnerability": "CVE"}]}',
        '{"version": "2.1.0", "runs": [{"tool": 1}]}',
        "[" * 100_000,
        '{"SchemaVersion": 2, "ArtifactName": "\udcff"}',
    ],
)
async def test_a_file_that_is_no_report_is_named(reports: Path, report: str) -> None:
    path = reports / "api.json"
    path.write_bytes(report.encode(errors="surrogateescape"))
    with pytest.raises(ProbeError) as caught:
        await seen(reports)
    assert str(path) in str(caught.value) and caught.value.stage == "query"


async def test_what_is_too_large_or_no_file_is_not_read(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.report_files.LARGEST", 100)
    write(reports, "api.json", trivy())
    with pytest.raises(ProbeError, match="larger than"):
        await seen(reports)
    (reports / "api.json").unlink()
    os.mkfifo(reports / "pipe.json")
    with pytest.raises(ProbeError, match="no regular file"):
        await seen(reports)


async def test_no_report_says_nothing(reports: Path) -> None:
    with pytest.raises(ProbeError, match="there is no report of a scan"):
        await seen(reports)
    with pytest.raises(ProbeError, match="not absolute"):
        await look("image_scan", path="reports/*.json")


async def test_pods_run_what_was_scanned(
    reports: Path, tmp_path: Path, threaded: None
) -> None:
    write(reports, "api.json", trivy(("HIGH", "libc", "2")))
    spec = pod_spec(container("api", "1", "1Gi"))
    api = deployment("api", 1, spec)
    running = pods(api, ["node-1"])
    status = running[0]["status"]["containerStatuses"][0]
    status |= {"image": IMAGE, "imageID": f"registry.test/transcript-create@{DIGEST}"}
    with kubernetes_api([api, *running]) as server:
        asking = {
            "kubeconfig": str(server.kubeconfig(tmp_path / "kubeconfig")),
            "components": ["api"],
            "path": f"{reports}/*.json",
        }
        found = told(await look("image_scan.pods", **asking))
        assert (found["images"], found["high.fixable"]) == (1, 1)
        assert "unscanned" not in found and "unverified" not in found
        status["imageID"] = f"registry.test/transcript-create@sha256:{'00' * 32}"
        found = told(await look("image_scan.pods", **asking))
        assert found["unscanned"] == "api" and "age" not in found
        report = trivy(("CRITICAL", "libc", ""), Metadata={})
        write(reports, "api.json", report)
        found = told(await look("image_scan.pods", **asking))
        assert (found["unverified"], found["critical"]) == ("api", 1)
        assert server.violations == []


async def test_services_run_what_was_scanned(
    reports: Path, engine: DockerEngine
) -> None:
    running = engine.client.inspect_container("good-api-1")
    asking = {
        "host": engine.url,
        "project": "good",
        "services": ["api"],
        "path": f"{reports}/*.json",
    }
    write(reports, "api.json", trivy(Metadata={"ImageID": IMAGE_ID}))
    found = told(await look("image_scan.compose", **asking))
    assert (found["unscanned"], found["images"]) == ("api", 0)
    write(reports, "new.json", trivy(Metadata={"ImageID": running["Image"]}))
    found = told(await look("image_scan.compose", **asking))
    assert found["images"] == 1 and "unscanned" not in found
    asking["host"] = f"unix://{reports}/docker.sock"
    with pytest.raises(ProbeError, match="is not there") as gone:
        await look("image_scan.compose", **asking)
    assert gone.value.stage == "tcp"
