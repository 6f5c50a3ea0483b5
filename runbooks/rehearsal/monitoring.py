"""Prometheus and Alertmanager, when they are installed.

Without them nothing watches the rehearsal, and what is to be known of them is unknown.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from runbooks.errors import CommandError
from runbooks.rehearsal import programs, traffic
from runbooks.rehearsal.layout import HOST, Layout
from runbooks.rehearsal.parts import Part

RULES = Path(__file__).parent / "alert_rules.yml"
_WATCHING_LIMIT = 30.0
"""Seconds for the first scrape of everything."""
_CERTIFICATE = "probe_ssl_earliest_cert_expiry"
_COUNTER = "cache_hits_total"
_MOVED = f"rate({_COUNTER}[1h]) > 0"
_TEST_ALERT = 5.0
"""Seconds that the test alert is true: more than it waits for others."""
_FRUGAL = {"GOMAXPROCS": "1", "GOGC": "50"}
"""Half the memory, for a little more time on two cores."""
_PROMETHEUS = """\
global: {{scrape_interval: 500ms, evaluation_interval: 1s}}
rule_files: [{rules}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["{host}:{alertmanager}"]}}]
scrape_configs:
  - job_name: prometheus
    static_configs: [{{targets: ["{host}:{prometheus}"]}}]
  - job_name: api
    scheme: https
    tls_config: {{ca_file: {ca}}}
    static_configs: [{{targets: ["localhost:{api}"]}}]
  - job_name: worker
    static_configs: [{{targets: ["{host}:{worker}"]}}]
  - job_name: postgres
    static_configs: [{{targets: ["{host}:{exporter}"]}}]
"""
_ALERTMANAGER = """\
route:
  receiver: operators
  group_by: [alertname]
  group_wait: 1s
  routes:
    - matchers: ['severity="critical"']
      receiver: on-call
receivers:
  - name: operators
    webhook_configs: [{{url: "{sink}"}}]
  - name: on-call
    webhook_configs: [{{url: "{sink}"}}]
"""


def prometheus(layout: Layout) -> Part | None:
    """Return the part, None where Prometheus is not installed."""
    program = programs.optional("prometheus")
    if program is None:
        return None
    directory = layout.path("prometheus")
    directory.mkdir(exist_ok=True)
    rules = rules_file(layout)
    shutil.copyfile(RULES, rules)
    configuration = directory / "prometheus.yml"
    configuration.write_text(
        _PROMETHEUS.format(
            host=HOST, rules=rules, ca=layout.path("tls", "ca.pem"), **layout.ports
        )
    )
    return Part(
        "prometheus",
        (
            program,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={HOST}:{layout.ports['prometheus']}",
            "--web.enable-lifecycle",
            "--web.enable-admin-api",  # what a healed fault left is forgotten by it
            "--log.level=warn",
        ),
        "prometheus",
        environment=_FRUGAL,
    )


def rules_file(layout: Layout) -> Path:
    return layout.path("prometheus", RULES.name)


async def watching(layout: Layout) -> None:
    """Wait until Prometheus has found every target up and seen counters move.

    Raises:
        CommandError: it does not.
    """
    await _until_up(layout, (_CERTIFICATE, _COUNTER))
    # A counter that is there at its first scrape has not moved yet.
    await traffic.read_again(layout)
    await _until_up(layout, (_CERTIFICATE, _MOVED))


async def _until_up(layout: Layout, wanted: tuple[str, ...]) -> None:
    seen: list[str] = []
    try:
        async with asyncio.timeout(_WATCHING_LIMIT):
            while not seen or not all(state.endswith(" up") for state in seen):
                await asyncio.sleep(0.1)
                url = layout.url("prometheus")
                seen = await asyncio.to_thread(_states, url, wanted)
    except TimeoutError:
        raise CommandError(f"Prometheus does not see all: {', '.join(seen)}") from None


def _states(prometheus: str, wanted: tuple[str, ...]) -> list[str]:
    """Return a line for each target and each query, those there end in ``up``."""
    try:
        targets = _asked(f"{prometheus}/api/v1/targets?state=active")["activeTargets"]
        late = {
            query: _asked(f"{prometheus}/api/v1/query?{urlencode({'query': query})}")
            for query in wanted
        }
    except OSError as error:
        return [f"nothing: {error}"]
    states = [f"{t['labels']['job']} {t['health']}" for t in targets]
    return states + [
        f"{query} {'up' if said['result'] else 'missing'}"
        for query, said in late.items()
    ]


def _asked(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address, timeout=2) as answer:
        return dict(json.load(answer)["data"])


async def deliver_test_alert(layout: Layout) -> None:
    """Let Alertmanager deliver an alert, as one does before a launch.

    Raises:
        CommandError: it does not.
    """
    ends = datetime.now(UTC) + timedelta(seconds=_TEST_ALERT)
    alert = {
        "labels": {"alertname": "TestAlert", "severity": "critical"},
        "annotations": {"summary": "A test: nothing is wrong."},
        "endsAt": ends.isoformat(),
    }
    order = urllib.request.Request(
        f"{layout.url('alertmanager')}/api/v2/alerts",
        json.dumps([alert]).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        await asyncio.to_thread(urllib.request.urlopen, order, timeout=5)
        async with asyncio.timeout(_WATCHING_LIMIT):
            while not _is_filled(layout.path("alerts.jsonl")):
                await asyncio.sleep(0.05)
    except OSError as error:
        raise CommandError(f"Alertmanager delivers nothing: {error}") from error


def _is_filled(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def alertmanager(layout: Layout) -> Part | None:
    """Return the part, None where Alertmanager is not installed."""
    program = programs.optional("alertmanager")
    if program is None:
        return None
    directory = layout.path("alertmanager")
    directory.mkdir(exist_ok=True)
    configuration = directory / "alertmanager.yml"
    sink = f"{layout.url('redirect')}/alerts"
    configuration.write_text(_ALERTMANAGER.format(sink=sink))
    return Part(
        "alertmanager",
        (
            program,
            f"--config.file={configuration}",
            f"--storage.path={directory / 'data'}",
            f"--web.listen-address={HOST}:{layout.ports['alertmanager']}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ),
        "alertmanager",
        environment=_FRUGAL,
    )
