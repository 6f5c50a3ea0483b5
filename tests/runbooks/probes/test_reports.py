"""Summaries of load tests and audits of dependencies, as their tools write them.

Shapes: k6 "End of test" and "Custom summary"; Locust "Retrieve test statistics in CSV
format"; ab(1); pip-audit's README; npm-audit-report, version 2.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.looking import look, told

DAY = 86_400
LOCUST = """\
Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,\
50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%
GET,/jobs,800,8,120,140.5,20,900,512.0,26.6,0.2,120,140,160,200,300,400,600,700,900,900,900
,Aggregated,1000,20,130,150.5,20,1900,512.0,33.3,0.6,130,150,170,210,310,1450,1600,1700,1900,1900,1900
"""
AB = """\
This is ApacheBench, Version 2.3 <$Revision: 1903618 $>
Server Hostname:        staging.test
Complete requests:      2000
Failed requests:        4
{more}Requests per second:    154.40 [#/sec] (mean)
Percentage of the requests served within a certain time (ms)
  50%     61
  95%    212
 100%    480 (longest request)
"""
K6_EXPORT = {
    "metrics": {
        "http_req_duration": {
            "avg": 144.5,
            "max": 1140.0,
            "p(90)": 203.5,
            "p(95)": 950.5,
        },
        "http_req_failed": {"passes": 9, "fails": 1791, "value": 0.005},
        "http_reqs": {"count": 1800, "rate": 59.9},
    },
    "root_group": {"name": ""},
}
K6_SUMMARY = {
    "root_group": {"name": ""},
    "metrics": {
        "http_req_duration": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 144.5, "p(95)": 215.9},
        },
        "http_req_failed": {"type": "rate", "values": {"rate": 0.5, "passes": 5}},
        "http_reqs": {"type": "counter", "values": {"count": 10, "rate": 4.4}},
    },
}
PIP = {
    "dependencies": [
        {"name": "flask", "version": "0.5", "vulns": [
            {"id": "PYSEC-2019-179", "fix_versions": ["1.0"], "aliases": []},
            {"id": "PYSEC-2018-66", "fix_versions": [], "aliases": []},
        ]},
        {"name": "jinja2", "version": "3.0.2", "vulns": []},
        {"name": "private", "skip_reason": "Dependency not found on PyPI"},
    ],
    "fixes": [],
}  # fmt: skip
NPM = {
    "auditReportVersion": 2,
    "vulnerabilities": {"vite": {"name": "vite", "severity": "high", "via": []}},
    "metadata": {
        "vulnerabilities": {
            "info": 0, "low": 1, "moderate": 2, "high": 1, "critical": 1, "total": 5,
        },
        "dependencies": {"prod": 10, "total": 200},
    },
}  # fmt: skip


def write(path: Path, report: Any, days: float = 0) -> str:
    path.write_text(report if isinstance(report, str) else json.dumps(report))
    changed = time.time() - days * DAY
    os.utime(path, (changed, changed))
    return str(path)


@pytest.mark.parametrize(
    ("report", "tool", "p95", "rate", "errors", "requests"),
    [
        (K6_EXPORT, "k6", 0.9505, 59.9, 0.5, 1800),
        (K6_SUMMARY, "k6", 0.2159, 4.4, 50.0, 10),
        (LOCUST, "Locust", 1.45, 33.3, 2.0, 1000),
        (AB.format(more=""), "ab", 0.212, 154.4, 0.2, 2000),
        (AB.format(more="Non-2xx responses:      30\n"), "ab", 0.212, 154.4, 1.5, 2000),
    ],
)
async def test_load_tests(
    tmp_path: Path,
    report: Any,
    tool: str,
    p95: float,
    rate: float,
    errors: float,
    requests: int,
) -> None:
    path = write(tmp_path / "summary", report, days=200)
    seen = told(await look("reports.load_test", path=path, target_rate=50))
    assert 199 * DAY < float(str(seen.pop("age"))) < 201 * DAY
    assert seen == {
        "tool": tool,
        "p95": pytest.approx(p95),
        "rate": rate,
        "target": 50,
        "errors": pytest.approx(errors),
        "requests": requests,
    }


async def test_the_newest_load_test_counts(tmp_path: Path) -> None:
    write(tmp_path / "b.json", K6_EXPORT, days=30)
    write(tmp_path / "a.json", K6_SUMMARY, days=3)
    seen = told(
        await look("reports.load_test", path=f"{tmp_path}/*.json", target_rate=50)
    )
    assert seen["requests"] == 10


async def test_no_load_test_is_absent_so_that_it_can_fail(tmp_path: Path) -> None:
    seen = await look("reports.load_test", path=f"{tmp_path}/*.json", target_rate=50)
    assert told(seen) == {"target": 50} and {"p95", "age", "tool"} <= set(seen.readings)


@pytest.mark.parametrize(
    "report",
    [
        "",
        "hello",
        "{}",
        '{"metrics": {}}',
        '{"metrics": {"http_reqs": 1}}',
        '{"metrics": {"http_req_failed": {"value": null}, "http_reqs": {}}}',
        LOCUST.partition(",Aggregated")[0],
        LOCUST.replace(",1000,20,", ",0,0,"),
        "This is ApacheBench, Version 2.3\nComplete requests:      0\n",
        "Failure Count,Name\n\0",
    ],
)
async def test_what_is_no_summary_is_named(tmp_path: Path, report: str) -> None:
    path = write(tmp_path / "summary", report)
    with pytest.raises(ProbeError) as caught:
        await look("reports.load_test", path=path, target_rate=50)
    assert path in str(caught.value)


async def test_audits_of_dependencies(tmp_path: Path) -> None:
    pip = write(tmp_path / "pip-audit.json", PIP, days=3)
    npm = write(tmp_path / "npm-audit.json", NPM, days=40)
    seen = await look("reports.dependencies", paths=[pip, npm])
    found = told(seen)
    assert 39 * DAY < float(str(found.pop("age"))) < 41 * DAY
    assert found == {"critical": 1, "high": 1, "lower": 3, "unrated": 2, "audits": 2}
    assert "flask 0.5" in seen.evidence and "vite" in seen.evidence


async def test_a_missing_audit_is_not_a_clean_one(tmp_path: Path) -> None:
    pip = write(tmp_path / "pip-audit.json", PIP)
    with pytest.raises(ProbeError, match="there is no audit of dependencies"):
        await look("reports.dependencies", paths=[pip, f"{tmp_path}/npm*.json"])


@pytest.mark.parametrize(
    "report",
    ["", "[]", "{}", '{"dependencies": 1}', '{"metadata": {}}', '{"error": {}}'],
)
async def test_what_is_no_audit_is_named(tmp_path: Path, report: str) -> None:
    path = write(tmp_path / "audit.json", report)
    with pytest.raises(ProbeError) as caught:
        await look("reports.dependencies", paths=[path])
    assert path in str(caught.value)
