"""Probes of Grafana against a fake that answers as its HTTP API is documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from tests.runbooks.probes.json_server import Answer, Query, Service, running
from tests.runbooks.probes.looking import look, told

UIDS = ("transcript-overview", "transcript-api")
OK = {"status": "OK", "message": "Successfully queried the Prometheus API."}
FAILS = {"status": "ERROR", "message": "dial tcp: connection refused by made-up-host"}


@pytest.fixture
def grafana() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


def dashboard(uid: str, *tags: str) -> dict[str, Any]:
    said = {"uid": uid, "title": uid.title(), "type": "dash-db", "tags": list(tags)}
    return {**said, "folderTitle": "Production"}


def dashboards(grafana: Service, *found: Any) -> None:
    def search(query: Query) -> Answer:
        assert query["type"] == "dash-db"
        return 200, list(found)

    grafana.paths["/api/search"] = search


def data_sources(grafana: Service, **healths: Any) -> None:
    grafana.paths["/api/datasources"] = [
        {"uid": f"uid-{name}", "name": name, "type": "prometheus"} for name in healths
    ]
    for name, health in healths.items():
        grafana.paths[f"/api/datasources/uid/uid-{name}/health"] = health


async def test_dashboards_are_there(grafana: Service) -> None:
    dashboards(grafana, *map(dashboard, UIDS), dashboard("other"))
    found = told(await look("grafana.dashboards", url=grafana.url, uids=UIDS))
    assert found == {"wanted": 2, "found": 2, "dashboards": 3}


async def test_a_dashboard_is_missing(grafana: Service) -> None:
    dashboards(grafana, dashboard(UIDS[0], "transcripts"))
    said = {"uids": UIDS, "titles": ["Gone"], "tags": ["transcripts", "backups"]}
    found = told(await look("grafana.dashboards", url=grafana.url, **said))
    assert found["missing"] == "transcript-api, Gone, backups"
    assert (found["wanted"], found["found"]) == (5, 2)


async def test_data_sources(grafana: Service) -> None:
    data_sources(
        grafana,
        Prometheus=OK,
        Loki=lambda query: (400, FAILS),
        Sheets=lambda query: (404, {"message": "Not found"}),
    )
    seen = await look("grafana.data_sources", url=grafana.url)
    assert told(seen) == {
        "count": 3,
        "healthy": 1,
        "failing": "Loki",
        "unchecked": "Sheets",
    }
    assert "made-up-host" not in seen.evidence


async def test_panels_without_a_data_source(grafana: Service) -> None:
    data_sources(grafana, Prometheus=OK)
    known, gone = {"uid": "uid-Prometheus"}, {"uid": "removed"}
    row = {"type": "row", "panels": [{"title": "D", "datasource": gone}]}
    panels = [
        {"title": "A", "datasource": known, "targets": [{"datasource": known}]},
        {"title": "B", "datasource": "Prometheus"},
        {"title": "C", "datasource": {"uid": "-- Mixed --"}, "targets": [{}]},
        row,
        {"title": "E", "datasource": None},
        {"title": "F", "datasource": {"uid": "${source}"}},
        {"title": "G", "datasource": "${DS_PROMETHEUS}"},
        {"title": "H", "datasource": known, "targets": [{"datasource": gone}]},
    ]
    variables = {"list": [{"type": "datasource", "name": "source"}]}
    grafana.paths |= {
        "/api/dashboards/uid/a": {
            "dashboard": {"panels": panels, "templating": variables}
        },
        "/api/dashboards/uid/b": lambda query: (404, {"message": "not found"}),
    }
    found = told(await look("grafana.panels", url=grafana.url, uids=["a", "b"]))
    assert found == {"panels": 8, "orphaned": "a/D, a/G, a/H", "missing": "b"}
    whole = {"panels": panels[:2], "templating": {}}
    grafana.paths["/api/dashboards/uid/a"] = {"dashboard": whole}
    found = told(await look("grafana.panels", url=grafana.url, uids=["a"]))
    assert found == {"panels": 2}


async def test_health(grafana: Service) -> None:
    grafana.paths["/api/health"] = {"database": "ok", "version": "11.4.0"}
    found = told(await look("grafana.health", url=grafana.url))
    assert found == {"answers": True, "database": "ok", "version": "11.4.0"}
    grafana.paths["/api/health"] = lambda query: (503, {"database": "failing"})
    found = told(await look("grafana.health", url=grafana.url))
    assert found == {"answers": True, "database": "failing"}


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (401, False)])
async def test_the_first_password(
    grafana: Service, status: int, accepted: bool
) -> None:
    grafana.paths["/api/user"] = lambda query: (status, {"login": "admin"})
    if accepted:
        grafana.headers = {"Authorization": "Basic YWRtaW46YWRtaW4="}
    found = told(await look("grafana.default_login", url=grafana.url))
    assert found == {"accepted": accepted}
    assert [path for path, _ in grafana.queries] == ["/api/user"]
    assert probes.probe_class("grafana.default_login").intrusive


async def test_a_password_that_cannot_be_tried(grafana: Service) -> None:
    grafana.paths["/api/user"] = lambda query: (500, {})
    with pytest.raises(ProbeError, match="/api/user answered 500"):
        await look("grafana.default_login", url=grafana.url)


async def test_a_token_is_sent(grafana: Service) -> None:
    grafana.headers = {"Authorization": "Bearer made-up-token"}
    dashboards(grafana)
    with pytest.raises(ProbeError, match="wants a login") as error:
        await look("grafana.dashboards", url=grafana.url)
    assert error.value.stage == "login"
    await look("grafana.dashboards", url=grafana.url, token="made-up-token")


async def test_a_token_that_may_not_list_data_sources(grafana: Service) -> None:
    grafana.paths["/api/datasources"] = lambda query: (403, {"message": "no"})
    with pytest.raises(ProbeError, match="forbids this"):
        await look("grafana.data_sources", url=grafana.url)


ASKING: dict[str, dict[str, Any]] = {
    "health": {},
    "dashboards": {},
    "data_sources": {},
    "panels": {"uids": ["a"]},
}


@pytest.mark.parametrize("body", ["<html>", {"message": "hello"}, [1]])
@pytest.mark.parametrize("name", ASKING)
async def test_an_answer_of_something_else(
    grafana: Service, name: str, body: Any
) -> None:
    for path in ("health", "search", "datasources", "dashboards/uid/a"):
        grafana.paths[f"/api/{path}"] = body
    with pytest.raises(ProbeError, match=r"no JSON|no Grafana answers"):
        await look(f"grafana.{name}", url=grafana.url, **ASKING[name])


@pytest.mark.parametrize("name", ASKING)
async def test_nobody_listens(closed_port: int, name: str) -> None:
    with pytest.raises(ProbeError, match="refused") as error:
        url = f"http://127.0.0.1:{closed_port}"
        await look(f"grafana.{name}", url=url, **ASKING[name])
    assert error.value.source == f"grafana 127.0.0.1:{closed_port}"
