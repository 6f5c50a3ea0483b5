"""Alert rules judged by what they do, in a real Prometheus that evaluates them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.tables import ProbeSpec
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.prometheus_server import (
    alertmanager,
    free_port,
    get,
    prometheus,
    wait,
)

EXPOSITION = """
pg_up 1
certificate_expiry 9999999999
disk_free 50
disk_size 100
constant 0
backup_age{type="database"} 5
temperature{room="a"} 1
temperature{room="b"} 2
heat{room="a"} 1
"""
RULES = """
groups:
  - name: all
    interval: 1s
    rules:
      - {record: "disk:free:share", expr: disk_free / disk_size}
      - {record: "disk:free:percent", expr: "100 * disk:free:share"}
      - {alert: ApiGone, expr: 'up{job="api"} == 0', labels: {severity: critical}}
      - {alert: AnyGone, expr: up == 2, for: 5m, labels: {severity: critical}}
      - {alert: DatabaseGone, expr: pg_up == 0, for: 2m, labels: {severity: page}}
      - {alert: NobodyExports, expr: not_there > 5, for: 1m}
      - {alert: HalfExported, expr: disk_free / not_there < 0.1}
      - {alert: EitherOne, expr: not_there > 5 or disk_size < 1}
      - {alert: Unless, expr: disk_size < 1 unless not_there}
      - {alert: Vanished, expr: 'absent(disk_size)'}
      - {alert: Recorded, expr: "disk:free:percent < 10", for: 1h}
      - {alert: Days, expr: (certificate_expiry - time()) / 86400 < 30}
      - {alert: Week, expr: certificate_expiry - time() < 7 * 24 * 3600}
      - {alert: ComparesNothing, expr: backup_age}
      - {alert: AlwaysThere, expr: backup_age > bool 100}
      - {alert: NeverMoves, expr: constant > 5}
      - {alert: Typed, expr: 'backup_age{type="database"} > 100'}
      - {alert: Broken, expr: 'heat * on () temperature > 1000'}
      - {alert: Watchdog, expr: vector(1)}
"""

NOBODY = "route: {receiver: nobody}\nreceivers: [{name: nobody}]"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(Service(paths={"/metrics": EXPOSITION})) as exporter:
        jobs = {
            "exporter": exporter.url.removeprefix("http://"),
            "api": f"127.0.0.1:{free_port()}",
        }
        path = tmp_path_factory.mktemp("prometheus")
        with (
            alertmanager(path, NOBODY) as manager,
            prometheus(path, jobs, RULES, manager.removeprefix("http://")) as url,
        ):

            def evaluated() -> bool:
                groups = get(f"{url}/api/v1/rules").get("data", {}).get("groups", [])
                rules = {r["name"]: r for g in groups for r in g["rules"]}
                fire = rules.get("ApiGone", {}).get("state") == "firing"
                known = get(f"{url}/api/v1/alertmanagers").get("data", {})
                broken = rules.get("Broken", {}).get("health") == "err"
                return bool(fire and broken and known.get("activeAlertmanagers"))

            wait(evaluated)
            yield url


async def judged(server: str, **parameters: Any) -> dict[str, object]:
    return told(await look("prometheus.rules", url=server, **parameters))


async def one(server: str, *reads: str, **more: Any) -> dict[str, object]:
    return await judged(server, matters={"it": {"reads": reads, **more}})


async def test_a_rule_that_lives(server: str) -> None:
    found = await one(server, "pg_up")
    assert (found["matters"], found["loaded"], found["covered"]) == (1, 1, 1)
    assert (found["rules"], found["longest_for"]) == ("DatabaseGone", 120)
    assert not {"missing", "dead", "weak", "firing", "unlabelled"} & set(found)


async def test_a_rule_on_what_nobody_exports_is_dead(server: str) -> None:
    found = await one(server, "not_there")
    assert found["rules"] == "EitherOne, Unless"
    dead = await judged(
        server, matters={"it": {"reads": ["not_there"], "threshold": 0.1}}
    )
    assert (dead["loaded"], dead["covered"], dead["dead"]) == (1, 0, "it")
    assert "rules" not in dead


async def test_names_of_rules_count_for_nothing(server: str) -> None:
    found = await one(server, "NobodyExports|DatabaseGone")
    assert (found["loaded"], found["missing"]) == (0, "it")


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ({}, "EitherOne, Unless, Vanished, Recorded"),
        ({"absence": True}, "Vanished"),
        ({"calls": ["absent", "count"]}, "Vanished"),
        ({"absence": False}, "EitherOne, Unless, Recorded"),
        ({"threshold": 10}, "Recorded"),
    ],
)
async def test_what_a_rule_does(server: str, more: dict[str, Any], rules: str) -> None:
    assert (await one(server, "disk_size", **more))["rules"] == rules


async def test_a_rule_on_recorded_series_is_about_what_they_are_made_of(
    server: str,
) -> None:
    found = await one(server, "disk_free", threshold=10)
    assert (found["rules"], found["longest_for"]) == ("Recorded", 3600)


async def test_thresholds(server: str) -> None:
    reads = ["certificate_expiry"]
    days = {f"{n} d": {"reads": reads, "threshold": n * 86400} for n in (30, 7, 1)}
    found = await judged(server, matters=days)
    assert (found["covered"], found["missing"]) == (2, "1 d")
    assert found["rules"] == "Days, Week"


@pytest.mark.parametrize(
    ("job", "rules"),
    [("api", "ApiGone, AnyGone"), ("exp.+", "AnyGone"), ("worker", None)],
)
async def test_labels_are_those_of_the_series(
    server: str, job: str, rules: str | None
) -> None:
    found = await one(server, "up", labels={"job": job})
    assert found.get("rules") == rules


async def test_a_rule_fires(server: str) -> None:
    found = await one(server, "up", labels={"job": "api"})
    assert found["firing"] == "ApiGone"
    assert 0 <= float(str(found["firing_for"])) < 60


async def test_a_rule_that_compares_nothing_is_none(server: str) -> None:
    found = await one(server, "backup_age")
    assert (found["rules"], found["unlabelled"]) == ("Typed", "Typed")


async def test_a_metric_that_never_moves_proves_nothing(server: str) -> None:
    matters = {"it": {"reads": ["constant", "const.+"]}}
    assert (await judged(server, matters=matters))["covered"] == 1
    weak = await judged(server, matters=matters, weak=["constant"])
    assert (weak["loaded"], weak["covered"], weak["weak"]) == (1, 0, "it")


async def test_a_rule_that_cannot_be_evaluated(server: str) -> None:
    found = await one(server, "heat")
    assert (found["loaded"], found["covered"]) == (1, 0)
    assert found["broken"] == "Broken"


async def test_alerts(server: str) -> None:
    found = told(await look("prometheus.alerts", url=server))
    assert (found["critical"], found["firing"]) == ("ApiGone", 3)
    assert found["others"] == "ComparesNothing, AlwaysThere"
    assert found["broken"] == "Broken" and found["rules"] == 17
    more = {"severity": "page", "ignoring": ["ApiGone"]}
    other = told(await look("prometheus.alerts", url=server, **more))
    assert "critical" not in other
    assert "Watchdog" in str(other["others"]) and "ApiGone" not in str(other["others"])


async def test_an_alertmanager_is_known(server: str) -> None:
    assert told(await look("prometheus", url=server))["alertmanagers"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "function_of_tomorrow(pg_up) > 1",
        "(" * 150 + "pg_up" + ")" * 150 + " > 1",
        "pg_up or " * 200 + "pg_up > 1",
        "(" * 50_000 + "pg_up" + ")" * 50_000 + " > 1",
        "pg_up OR " * 50_000 + "pg_up > 1",
        "-" * 50_000 + "pg_up > 1",
    ],
    ids=["new", "deep", "long", "deepest", "longest", "signs"],
)
async def test_a_rule_that_cannot_be_read_is_said(query: str) -> None:
    rule = {
        "type": "alerting",
        "name": "New",
        "query": query,
        "duration": 0,
        "labels": {},
        "alerts": [],
        "health": "ok",
    }
    answer = {"status": "success", "data": {"groups": [{"rules": [rule]}]}}
    with running(Service(paths={"/api/v1/rules": answer})) as fake:
        found = await one(fake.url, "pg_up")
    assert (found["unreadable"], found["covered"]) == ("New", 0)


@pytest.mark.parametrize(
    ("matters", "complaint"),
    [
        ({"it": {"reads": ["("]}}, "no regular expression"),
        ({"it": {"reads": ["a"], "labels": {"job": "("}}}, "no regular expression"),
        ({"it": {"read": ["a"]}}, "unknown field `read`"),
        ({}, "none"),
    ],
)
def test_mistakes_are_found_without_a_server(
    matters: dict[str, Any], complaint: str
) -> None:
    spec = ProbeSpec("prometheus.rules", {"covered": 1}, {"matters": matters})
    (said,) = probes.check(spec)
    assert complaint in said


@pytest.mark.parametrize("name", ["prometheus.rules", "prometheus.alerts"])
@pytest.mark.parametrize("data", [5, {"groups": [{}]}, {"groups": [{"rules": [{}]}]}])
async def test_something_else_answers(name: str, data: object) -> None:
    more = {"matters": {"it": {"reads": ["a"]}}} if name.endswith("rules") else {}
    answer = {"status": "success", "data": data}
    with (
        running(Service(paths={"/api/v1/rules": answer})) as fake,
        pytest.raises(ProbeError, match="no Prometheus answers"),
    ):
        await look(name, url=fake.url, **more)
