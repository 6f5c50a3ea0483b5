"""Probes of Alertmanager against a real one, its routes against its own amtool."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.prometheus_server import alertmanager, free_port, wait

SECRET = "made-up-webhook-secret"
CONFIGURATION = f"""
route:
  receiver: nobody
  group_wait: 0s
  routes:
    - matchers: ['severity="critical"', 'team!="data"']
      receiver: on-call
      group_by: [alertname]
      continue: true
      routes:
        - match: {{service: "database"}}
          receiver: database
        - match_re: {{service: "api|worker"}}
          mute_time_intervals: [nights]
    - matchers: ['{{severity=~"critical|page",region=""}}']
      receiver: broken
    - matchers: ['text="with, comma \\"quoted\\" }}"']
      receiver: mail
    - matchers: ['severity=~"(?i)INFO.*"', 'env !~ "test|stage"']
      receiver: mail
time_intervals:
  - name: nights
    time_intervals: [{{times: [{{start_time: "22:00", end_time: "24:00"}}]}}]
receivers:
  - name: nobody
  - name: on-call
    webhook_configs: [{{url: "http://SINK/{SECRET}"}}]
    slack_configs: [{{api_url: "http://SINK/{SECRET}/slack", channel: "#alerts"}}]
  - name: database
    webhook_configs: [{{url: "http://SINK/{SECRET}"}}]
  - name: broken
    webhook_configs: [{{url: "http://127.0.0.1:9/gone", max_alerts: 1}}]
  - name: mail
    email_configs:
      - {{to: a@example.com, from: b@example.com, smarthost: "localhost:25",
         auth_username: b, auth_password: "{SECRET}"}}
"""
LABELS: tuple[dict[str, str], ...] = (
    {},
    {"severity": "critical"},
    {"severity": "critical", "team": "data"},
    {"severity": "critical", "team": "data", "region": "eu"},
    {"severity": "critical", "service": "database"},
    {"severity": "critical", "service": "worker"},
    {"severity": "critical", "service": "workers"},
    {"severity": "page"},
    {"severity": "pages"},
    {"severity": "information"},
    {"severity": "info", "env": "stage"},
    {"text": 'with, comma "quoted" }'},
)


class Sink(BaseHTTPRequestHandler):
    """Takes what Alertmanager sends."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def sink() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def server(sink: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("alertmanager")
    with alertmanager(path, CONFIGURATION.replace("SINK", sink)) as url:
        yield url


def post(url: str, path: str, body: Any) -> Any:
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read() or b"null")


def silence(url: str, *matchers: tuple[str, str, bool, bool]) -> str:
    """Silence for an hour; matchers are label, value, pattern or not, equal or not."""
    keys = ("name", "value", "isRegex", "isEqual")
    now = datetime.now(UTC)
    body = {
        "matchers": [dict(zip(keys, each, strict=True)) for each in matchers],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "a test",
        "comment": "a test",
    }
    return str(post(url, "/api/v2/silences", body)["silenceID"])


async def test_the_server_answers(server: str) -> None:
    found = told(await look("alertmanager", url=server))
    assert (found["answers"], found["cluster"]) == (True, "disabled")
    assert str(found["version"])[0].isdecimal()


async def test_whom_a_critical_alert_reaches(server: str) -> None:
    labels = {"severity": "critical"}
    seen = await look("alertmanager.routing", url=server, labels=labels)
    assert told(seen) == {
        "receivers": "on-call, broken",
        "kinds": "slack, webhook",
        "reached": 2,
        "own_route": True,
    }
    assert "SINK" not in seen.evidence and SECRET not in seen.evidence


async def test_a_receiver_that_tells_nobody(server: str) -> None:
    found = told(await look("alertmanager.routing", url=server, labels={"a": "b"}))
    assert found == {
        "receivers": "nobody",
        "empty": "nobody",
        "reached": 0,
        "own_route": False,
    }


async def test_times_in_which_nobody_is_told(server: str) -> None:
    labels = {"severity": "critical", "service": "api", "region": "eu"}
    found = told(await look("alertmanager.routing", url=server, labels=labels))
    assert (found["receivers"], found["limited"]) == ("on-call", "nights")


@pytest.mark.parametrize("labels", LABELS, ids=str)
async def test_routes_are_followed_as_amtool_does(
    server: str, sink: str, tmp_path: Path, labels: dict[str, str]
) -> None:
    program = shutil.which("amtool")
    assert program, "amtool comes with Alertmanager"
    file = tmp_path / "alertmanager.yml"
    file.write_text(CONFIGURATION.replace("SINK", sink))
    pairs = [f"{key}={json.dumps(value)}" for key, value in labels.items()]
    said = subprocess.run(
        [program, "config", "routes", "test", f"--config.file={file}", *pairs],
        check=True,
        capture_output=True,
        text=True,
    )
    found = told(await look("alertmanager.routing", url=server, labels=labels))
    assert str(found["receivers"]).split(", ") == said.stdout.strip().split(",")


async def test_what_integrations_log_in_with_is_hidden(sink: str) -> None:
    original = CONFIGURATION.replace("SINK", sink)
    with running(
        Service(paths={"/api/v2/status": {"config": {"original": original}}})
    ) as fake:
        cls = probes.probe_class("alertmanager.routing")
        probe = probes.build(cls, {"url": fake.url, "labels": {}})
        async with Sources() as sources:
            await probe.look(sources)
            hidden = sources.hidden(f"{SECRET}! http://{sink}/{SECRET}/slack #alerts")
    assert hidden == "[redacted]! [redacted] #alerts"


async def test_silences(server: str) -> None:
    labels = {"severity": "critical", "alertname": "Any"}
    alert = {"labels": {**labels, "alertname": "ApiGone", "team": "data"}}
    post(server, "/api/v2/alerts", [alert])
    silence(server, ("alertname", "ApiGone", False, True))
    one = told(await look("alertmanager.silences", url=server, labels=labels))
    assert one == {"active": 1}
    silence(server, ("severity", "info|none", True, False), ("team", "x", False, False))
    critical = {"labels": {"severity": "critical"}}
    wait(lambda: len(fetched(server, "/api/v2/alerts?active=false")) == 1)
    found = told(await look("alertmanager.silences", url=server, **critical))
    assert (found["active"], found["silenced"]) == (2, "ApiGone")
    assert found["hiding"] == '{severity!~"info|none", team!="x"}'
    assert 3000 < float(str(found["longest"])) <= 3600


def fetched(url: str, path: str) -> Any:
    with urllib.request.urlopen(url + path, timeout=5) as answer:
        return json.load(answer)


async def test_notifications(sink: str, tmp_path: Path) -> None:
    configuration = CONFIGURATION.replace("SINK", sink)
    with alertmanager(tmp_path, configuration) as url:
        none = told(await look("alertmanager.notifications", url=url))
        assert (none["sent"], none["failed"]) == (0, 0) and "failing" not in none
        labels = {"severity": "critical", "service": "database"}
        post(url, "/api/v2/alerts", [{"labels": {**labels, "region": "eu"}}])
        sent = f"{url}/metrics"

        def delivered() -> bool:
            with urllib.request.urlopen(sent, timeout=5) as answer:
                lines = answer.read().decode().splitlines()
            name = 'alertmanager_notifications_total{integration="webhook"} '
            return any(line.startswith(f"{name}1") for line in lines)

        wait(delivered)
        found = told(await look("alertmanager.notifications", url=url))
    assert (found["sent"], found["delivered"], found["failed_share"]) == (1, 1, 0)
    assert 0 < float(str(found["since"])) < 60


async def test_notifications_that_fail() -> None:
    text = """
# TYPE alertmanager_notifications_total counter
alertmanager_notifications_total{integration="email"} 3
alertmanager_notifications_total{integration="webhook"} 1
# TYPE alertmanager_notifications_failed_total counter
alertmanager_notifications_failed_total{integration="email",reason="other"} 1
alertmanager_notifications_failed_total{integration="webhook",reason="other"} 0
"""
    with running(Service(paths={"/metrics": text})) as fake:
        found = told(await look("alertmanager.notifications", url=fake.url))
    assert found == {
        "sent": 4,
        "delivered": 3,
        "failed": 1,
        "failing": "email",
        "failed_share": 25,
    }


LABELLED = {"labels": {"severity": "critical"}}
LOOKS: list[tuple[str, dict[str, Any]]] = [
    ("alertmanager", {}),
    ("alertmanager.notifications", {}),
    ("alertmanager.routing", LABELLED),
    ("alertmanager.silences", LABELLED),
]


@pytest.mark.parametrize(("name", "more"), LOOKS)
async def test_nobody_there(name: str, more: dict[str, Any]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ProbeError, match="refused") as error:
        await look(name, url=url, **more)
    assert error.value.stage == "tcp"


@pytest.mark.parametrize(("name", "more"), LOOKS)
@pytest.mark.parametrize("answer", ["<html>", [5], {"config": 5, "cluster": 5}, "a{"])
async def test_something_else_answers(
    name: str, more: dict[str, Any], answer: object
) -> None:
    paths = ("/api/v2/status", "/api/v2/silences", "/api/v2/alerts", "/metrics")
    with (
        running(Service(paths=dict.fromkeys(paths, answer))) as fake,
        pytest.raises(ProbeError) as error,
    ):
        await look(name, url=fake.url, **more)
    assert error.value.stage == "query"


@pytest.mark.parametrize(
    "original",
    [
        "route: [",
        "route: {receiver: a}",
        "- a",
        "route: &a {receiver: a, routes: [*a]}\nreceivers: []",
        "route: {receiver: a, matchers: [made-up-secret]}\nreceivers: []",
        'route: {receiver: a, matchers: ["a=~(made-up-secret"]}\nreceivers: []',
    ],
)
async def test_a_configuration_that_nobody_can_read(original: str) -> None:
    said = {"config": {"original": original}}
    with (
        running(Service(paths={"/api/v2/status": said})) as fake,
        pytest.raises(ProbeError, match="cannot be read") as error,
    ):
        await look("alertmanager.routing", url=fake.url, **LABELLED)
    assert "made-up-secret" not in str(error.value)
