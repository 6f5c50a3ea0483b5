"""What tools for load tests write when they are done.

Sources: k6, "End of test" and "Custom summary"; Locust, "Retrieve test statistics in
CSV format"; Apache, ``ab(1)``. All but ab's seconds are milliseconds there.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.report_files import ReportFile

_AGGREGATED = "Aggregated"
_AB = {
    "requests": re.compile(r"^Complete requests:\s+(\d+)", re.M),
    "failed": re.compile(r"^Failed requests:\s+(\d+)", re.M),
    "rate": re.compile(r"^Requests per second:\s+([\d.]+)", re.M),
    "p95": re.compile(r"^\s*95%\s+(\d+)", re.M),
}
_AB_REFUSED = re.compile(r"^Non-2xx responses:\s+(\d+)", re.M)


@dataclass(frozen=True, slots=True)
class Load:
    """A load test in four numbers.

    Attributes:
        p95: 95th percentile of the answers, in seconds.
        rate: requests in a second.
        errors: failed requests, in percent.
    """

    tool: str
    requests: int
    p95: float
    rate: float
    errors: float


class _K6(msgspec.Struct):
    metrics: dict[str, dict[str, Any]]


def load(file: ReportFile) -> Load:
    """Return what a summary says.

    Raises:
        ProbeError: it cannot be read, or is none of those known.
    """
    content = file.read()
    try:
        if content.lstrip().startswith(b"{"):
            return _k6(file.decoded(_K6, content, "summary of k6"))
        text = content.decode("utf-8", "replace")
        first = text.partition("\n")[0]
        if "Failure Count" in first:
            return _locust(text)
        if "This is ApacheBench" in text:
            return _ab(text)
    except ProbeError:
        raise
    except (LookupError, TypeError, ValueError, csv.Error) as error:
        raise file.wrong(f"lacks what a summary says ({error})") from error
    raise file.wrong("is no summary of k6, Locust or ab")


def _k6(said: _K6) -> Load:
    # An export has the values beside each other, handleSummary puts them below.
    metrics = {
        name: metric.get("values") or metric for name, metric in said.metrics.items()
    }
    failed = metrics["http_req_failed"]
    share = failed["rate"] if "rate" in failed else failed["value"]
    sent = metrics["http_reqs"]
    return Load(
        "k6",
        int(sent["count"]),
        float(metrics["http_req_duration"]["p(95)"]) / 1000,
        float(sent["rate"]),
        100 * float(share),
    )


def _locust(text: str) -> Load:
    rows = [row for row in csv.DictReader(text.splitlines()) if row["Name"]]
    whole = next((row for row in rows if row["Name"] == _AGGREGATED), None)
    if whole is None:
        raise ValueError(f"no row {_AGGREGATED}")
    requests = int(whole["Request Count"])
    return Load(
        "Locust",
        requests,
        float(whole["95%"]) / 1000,
        float(whole["Requests/s"]),
        _share(int(whole["Failure Count"]), requests),
    )


def _ab(text: str) -> Load:
    said: dict[str, float] = {}
    for name, pattern in _AB.items():
        match = pattern.search(text)
        if match is None:
            raise ValueError(f"no {name}")
        said[name] = float(match[1])
    refused = _AB_REFUSED.search(text)
    requests = int(said["requests"])
    # A refusal of another length than the first answer is counted as both.
    failed = max(int(said["failed"]), int(refused[1]) if refused else 0)
    errors = _share(failed, requests)
    return Load("ab", requests, said["p95"] / 1000, said["rate"], errors)


def _share(part: int, whole: int) -> float:
    if whole <= 0:
        raise ValueError("no request was made")
    return 100 * part / whole
