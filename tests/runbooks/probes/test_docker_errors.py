"""Probes of what containers have printed and where it goes, against a real Engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.docker import errors
from tests.runbooks.probes.docker_engine import DockerEngine, wait_until
from tests.runbooks.probes.docker_projects import look, values

SECRET = "made-up-hunter2-token"


def line(level: str = "INFO", hours: float = 0, **fields: Any) -> str:
    when = datetime.now(UTC) - timedelta(hours=hours, minutes=1)
    said = {"timestamp": when.isoformat(), "level": level, "service": "api"}
    return json.dumps({**said, "logger": "app.jobs", "message": SECRET, **fields})


@pytest.fixture(scope="module")
def printing(engine: DockerEngine) -> Iterator[DockerEngine]:
    """The Engine with a project whose services have printed errors."""
    lines = [
        *[line()] * 6,
        line("ERROR", exc_type="TimeoutError"),
        line("ERROR", hours=30, exc_type="TimeoutError"),
        *[line("ERROR", logger="app.new")] * 12,
        line("WARNING"),
        line("DEBUG"),
        "Traceback (most recent call last):",
    ]
    _print(engine, "api", 1, lines)
    _print(engine, "api", 2, ["x" * 100_000, line("ERROR", exc_type="TimeoutError")])
    _print(engine, "worker", 1, ["plain"])
    yield engine
    for container in ("api-1", "api-2", "worker-1"):
        engine.client.remove_container(f"printing-{container}", force=True)


def _print(engine: DockerEngine, service: str, number: int, lines: list[str]) -> None:
    printed = "\n".join(lines)
    command = ["sh", "-c", 'echo "$LINES"; echo done; sleep 1000']
    made = engine.run(
        *("printing", service, number), command=command, environment={"LINES": printed}
    )
    wait_until(lambda: b"done" in engine.client.logs(made), "it has printed")


async def test_errors_in_groups(printing: DockerEngine) -> None:
    seen = await look(printing, "errors", "printing", "api")
    found = values(seen)
    assert found["top"] == "app.new (12), app.jobs TimeoutError (2)"
    assert (found["errors"], found["warnings"], found["lines"]) == (14, 1, 22)
    assert (found["new"], found["new_rate"]) == ("app.new", 12)
    assert SECRET not in repr(seen)


async def test_only_the_newest_lines_of_many(
    printing: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "MOST", 4)
    seen = await look(printing, "errors", "printing", "api")
    assert values(seen)["lines"] == 3  # of the first container, and one of the second
    assert "printing-api-1: only the last 4 lines" in seen.evidence


async def test_lines_without_a_level(printing: DockerEngine) -> None:
    found = values(await look(printing, "errors", "printing", "worker"))
    assert (found["lines"], found["groups"], found["share"]) == (0, 0, None)
    assert values(await look(printing, "logs", "printing", "api"))["debug"] == 1


async def test_errors_that_nobody_keeps(engine: DockerEngine) -> None:
    with pytest.raises(ProbeError, match="logging driver"):
        await look(engine, "errors", "bad", "api")
    with pytest.raises(ProbeError, match="no container of cache"):
        await look(engine, "errors", "bad", "cache")


async def test_lines_that_stay_on_the_machine(engine: DockerEngine) -> None:
    found = values(await look(engine, "shippers", "good", "api"))
    assert found == {"drivers": "json-file", "agents": None, "local": "api"}


async def test_lines_that_a_driver_sends(engine: DockerEngine) -> None:
    driver = {"Type": "gelf", "Config": {"gelf-address": "udp://127.0.0.1:9"}}
    made = engine.create("sending", "api", host={"log_config": driver})
    found = values(await look(engine, "shippers", "sending", "api"))
    engine.client.remove_container(made)
    assert found == {"drivers": "gelf", "agents": None, "local": None}


async def test_lines_that_a_container_reads(engine: DockerEngine) -> None:
    engine.client.tag("app:1", "timberio/vector", "0.41")
    engine.run("watching", "vector", image="timberio/vector:0.41")
    good = values(await look(engine, "shippers", "good", "api"))
    bad = values(await look(engine, "shippers", "bad", "api"))
    engine.client.remove_container("watching-vector-1", force=True)
    assert (good["agents"], good["local"]) == ("watching-vector-1", None)
    assert (bad["drivers"], bad["local"]) == ("none", "api")
