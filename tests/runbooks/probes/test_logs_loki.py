"""Probes of Loki against a fake that answers as its HTTP API is documented."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.json_server import Answer, Query, Service, running
from tests.runbooks.probes.looking import look, told

RANGE = "/loki/api/v1/query_range"
VALUES = "/loki/api/v1/label/service/values"
RULES = "/prometheus/api/v1/rules"
SECRET = "made-up-line-secret"


@pytest.fixture
def loki() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


def success(data: Any) -> dict[str, Any]:
    return {"status": "success", "data": data}


def holds(loki: Service, **ages: float) -> None:
    """Give services one line each, so many seconds old."""

    def newest(query: Query) -> Answer:
        assert (query["limit"], query["direction"]) == ("1", "backward")
        selected = re.fullmatch(r'\{service=~"(\w+)".*\}', query["query"])
        assert selected
        at = time.time() - ages[selected[1]]
        assert int(query["start"]) < int(query["end"])
        found = [{"stream": {"service": selected[1]}, "values": [[ns(at), SECRET]]}]
        if not int(query["start"]) <= int(ns(at)) <= int(query["end"]):
            found = []
        return 200, success({"resultType": "streams", "result": found})

    loki.paths = {VALUES: success(list(ages)), RANGE: newest}


def ns(seconds: float) -> str:
    return str(int(seconds * 1e9))


async def test_lines_arrive(loki: Service) -> None:
    holds(loki, api=20, worker=200, web=1)
    seen = await look("logs.loki", url=loki.url)
    found = told(seen)
    assert found["answers"] is True and "missing" not in found
    assert found["age"] == pytest.approx(200, abs=10)
    assert SECRET not in seen.evidence


async def test_a_service_without_lines(loki: Service) -> None:
    holds(loki, api=4000)
    found = told(await look("logs.loki", url=loki.url))
    assert (found["found"], found["missing"]) == (1, "worker")
    assert found["age"] == pytest.approx(4000, abs=10)
    early = told(await look("logs.loki", url=loki.url, lookback="1h"))
    assert early["missing"] == "api, worker" and "age" not in early


async def test_a_tenant_and_further_labels(loki: Service) -> None:
    holds(loki, api=1, worker=1)
    loki.headers = {"X-Scope-OrgID": "shop", "Authorization": "Bearer made-up-token"}
    with pytest.raises(ProbeError, match="wants a login") as error:
        await look("logs.loki", url=loki.url, token="made-up-token")
    assert error.value.stage == "login"
    said = {"tenant": "shop", "token": "made-up-token", "selector": 'job="x"'}
    await look("logs.loki", url=loki.url, **said)
    assert loki.queries[-1][1]["query"].endswith(', job="x"}')


def matrix(*series: tuple[dict[str, str], dict[int, int]]) -> dict[str, Any]:
    """Return series of values by hours before the end of the query."""
    return success(
        {
            "resultType": "matrix",
            "result": [
                {
                    "metric": labels,
                    "values": [
                        [time.time() - hour * 3600, str(count)]
                        for hour, count in values.items()
                    ],
                }
                for labels, values in series
            ],
        }
    )


def said(level: str, logger: str, kind: str = "") -> dict[str, str]:
    labels = {"said_level": level, "said_logger": logger, "said_type": kind}
    return {name: value for name, value in labels.items() if value}


def counts(loki: Service, *series: tuple[dict[str, str], dict[int, int]]) -> None:
    def answer(query: Query) -> Answer:
        assert query["step"] == "3600s"
        assert "[1h]" in query["query"]
        if query["query"].startswith("sum (count_over_time("):
            return 200, matrix(({}, {0: 600, 5: 400, 100: 7}))
        assert query["query"].startswith("sum by (said_level, said_logger, said_type)")
        assert '__error__=""' in query["query"]
        return 200, matrix(*series)

    loki.paths = {RANGE: answer}


async def test_errors_in_groups(loki: Service) -> None:
    counts(
        loki,
        (said("ERROR", "app.jobs", "TimeoutError"), {0: 3, 100: 9}),
        (said("CRITICAL", "app.db"), {5: 17}),
        (said("warning", "app.slow"), {1: 2}),
    )
    found = told(await look("logs.loki_errors", url=loki.url))
    assert found["top"] == "app.db (17), app.jobs TimeoutError (3)"
    assert (found["new"], found["new_rate"]) == ("app.db", 17)
    assert (found["new_warnings"], found["warnings"]) == ("app.slow", 2)
    assert (found["lines"], found["errors"], found["groups"]) == (1000, 20, 2)
    assert found["share"] == 2


async def test_no_error_in_a_week(loki: Service) -> None:
    counts(loki)
    found = told(await look("logs.loki_errors", url=loki.url, window="7d"))
    assert (found["lines"], found["errors"]) == (1007, 0)
    assert "top" not in found


def config(enabled: bool, period: str, streams: str = "") -> str:
    return (
        f"compactor:\n  working_directory: /loki\n  retention_enabled: {enabled}\n"
        f"limits_config:\n  retention_period: {period}\n{streams}"
    ).lower()


STREAMS = """
  retention_stream:
  - selector: '{level="debug"}'
    priority: 1
    period: 7d
  - {selector: '{job="audit"}', priority: 2, period: 1y5d}
"""


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        (config(True, "31d"), (True, 31, 31)),
        (config(True, "744h0m0s", STREAMS), (True, 7, 370)),
        (config(True, "0s"), (False, None, None)),
        (config(True, "0s", STREAMS), (True, 7, None)),
        (config(False, "31d"), (False, None, None)),
    ],
)
async def test_retention(loki: Service, text: str, readings: Any) -> None:
    loki.paths = {"/config": text}
    found = told(await look("logs.loki_retention", url=loki.url))
    names = ("enabled", "shortest", "longest")
    assert tuple(found.get(each) for each in names) == readings


@pytest.mark.parametrize("text", ["<html>", "a: [", "target: all", "- 1"])
async def test_a_configuration_of_something_else(loki: Service, text: str) -> None:
    loki.paths = {"/config": text}
    with pytest.raises(ProbeError, match="no Loki answers"):
        await look("logs.loki_retention", url=loki.url)


async def test_a_hidden_configuration(loki: Service) -> None:
    loki.paths = {"/config": lambda query: (404, "404 page not found")}
    with pytest.raises(ProbeError, match="/config answered 404"):
        await look("logs.loki_retention", url=loki.url)


def rule(name: str, query: str, kind: str = "alerting", health: str = "ok") -> Any:
    return {"name": name, "query": query, "type": kind, "health": health}


async def test_alerts_on_errors(loki: Service) -> None:
    rules = [
        rule("ManyErrors", "sum(rate({job='x'}[5m])) > 5"),
        rule("Down", 'absent_over_time({level="error"}[5m])', health="err"),
        rule("Busy", "sum(rate({job='x'}[5m])) > 500"),
        rule("errors:rate", "sum(rate({job='x'}[5m]))", "recording"),
    ]
    loki.paths = {RULES: success({"groups": [{"name": "g", "rules": rules}]})}
    found = told(await look("logs.loki_rules", url=loki.url))
    assert found == {"alerts": 3, "watching": "ManyErrors, Down", "failing": "Down"}


async def test_no_alert(loki: Service) -> None:
    loki.paths = {RULES: success({"groups": []})}
    assert told(await look("logs.loki_rules", url=loki.url)) == {"alerts": 0}


@pytest.mark.parametrize("name", ["loki", "loki_errors", "loki_rules"])
@pytest.mark.parametrize(
    "body", ["no json", [], {"status": "error"}, success({"result": [{}]})]
)
async def test_an_answer_of_something_else(loki: Service, name: str, body: Any) -> None:
    loki.paths = {RANGE: body, RULES: body, VALUES: success(["api", "worker"])}
    with pytest.raises(ProbeError, match=r"no JSON|no Loki answers"):
        await look(f"logs.{name}", url=loki.url)


async def test_nobody_listens(closed_port: int) -> None:
    with pytest.raises(ProbeError, match="refused") as error:
        await look("logs.loki", url=f"http://127.0.0.1:{closed_port}")
    assert error.value.source == f"logs 127.0.0.1:{closed_port}"


async def test_a_pattern_that_is_none() -> None:
    with pytest.raises(ProbeError, match="no regular expression"):
        await look("logs.loki_rules", url="http://127.0.0.1:9", pattern="(")
