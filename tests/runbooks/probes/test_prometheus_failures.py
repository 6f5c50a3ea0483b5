"""Alert rules on failed requests, in a real Prometheus that evaluates them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.prometheus_server import prometheus

EXPOSITION = 'http_requests_total{status="200"} 100\nvideos_pending 3\n'
RULES = """
groups:
  - name: all
    rules:
      - {record: "requests:failed", expr: 'sum(http_requests_total{status=~"5.."})'}
      - {alert: Rate, expr: 'rate(http_requests_total{status=~"5.."}[5m]) > 0.05'}
      - {alert: Recorded, expr: 'requests:failed > 1'}
      - {alert: One, expr: 'http_requests_total{job="api",status="500"} > 5'}
      - {alert: Served, expr: 'http_requests_total{status="200"} < 5'}
      - {alert: Any, expr: 'http_requests_total{status=~".*"} > 5'}
      - {alert: NobodyExports, expr: 'gone_total{code=~"5.."} > 5'}
      - {alert: NeverEnds, expr: 'http_requests_total{status=~"5.."}'}
      - {alert: Busy, expr: videos_pending > 50}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(Service(paths={"/metrics": EXPOSITION})) as service:
        jobs = {"api": service.url.removeprefix("http://")}
        with prometheus(tmp_path_factory.mktemp("rules"), jobs, RULES) as url:
            yield url


async def test_rules_that_hear_of_failures(server: str) -> None:
    found = told(await look("prometheus.failures", url=server))
    assert found == {"rules": "Rate, Recorded, One", "dead": "NobodyExports"}


async def test_nobody_listens(closed_port: int) -> None:
    with pytest.raises(ProbeError, match="refused"):
        await look("prometheus.failures", url=f"http://127.0.0.1:{closed_port}")
