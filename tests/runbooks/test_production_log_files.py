"""The shipped runbook's steps on logs of services that write them to files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks.log_stores import answering
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.production_steps import find


@pytest.fixture
def service() -> Iterator[Service]:
    with running(Service()) as service:
        yield service


def _files(*paths: Path, **more: Any) -> dict[str, Any]:
    return {"logs": {"files": [str(path) for path in paths], **more}} if paths else {}


def line(level: str = "INFO", hours: float = 0, **fields: Any) -> str:
    when = datetime.now(UTC) - timedelta(hours=hours, minutes=1)
    said = {"timestamp": when.isoformat(), "level": level, "service": "api"}
    return json.dumps({**said, "logger": "app", "message": "said", **fields})


def log(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{each}\n" for each in lines))
    return path


PLAIN = 'INFO:     127.0.0.1:5000 - "GET /health HTTP/1.1" 200 OK'
HERE = {"central_logs": "none"}


@pytest.mark.parametrize(
    ("rule", "result"),
    [("rotate 30", "pass"), ("rotate 3", "warn"), ("rotate -1", "fail"), ("", "fail")],
)
async def test_retention_of_files(tmp_path: Path, rule: str, result: str) -> None:
    path = log(tmp_path / "api.log", line())
    conf = tmp_path / "logrotate.conf"
    conf.write_text(f"{path} {{\n daily\n {rule}\n}}\n" if rule else "")
    found = await find("logging.retention", HERE, **_files(path, logrotate=[str(conf)]))
    assert found.result == result, found


FILES = (
    "env.log-level",
    "env.log-format",
    "logging.structured",
    "logging.accessible",
    "ops.weekly-error-logs",
)


@pytest.mark.parametrize(
    ("lines", "results"),
    [
        ([line(), line()], ("pass", "pass", "pass", "pass", "pass")),
        ([line(), PLAIN, PLAIN], ("pass", "warn", "warn", "pass", "pass")),
        ([line("DEBUG"), line("ERROR")], ("fail", "pass", "pass", "pass", "warn")),
        ([PLAIN], ("pass", "warn", "fail", "pass", "warn")),
        ([], ("pass", "warn", "fail", "fail", "warn")),
    ],
)
async def test_files_of_services(
    tmp_path: Path, lines: list[str], results: tuple[str, ...]
) -> None:
    env = tmp_path / "app.env"
    env.write_text("LOG_LEVEL=INFO\nLOG_FORMAT=json\n")
    tables = {
        **_files(log(tmp_path / "api.log", *lines)),
        "settings": {"env_file": str(env)},
    }
    got = [(await find(step_id, HERE, **tables)).result for step_id in FILES]
    assert tuple(got) == results


@pytest.mark.parametrize("step_id", FILES)
async def test_files_that_are_not_there(tmp_path: Path, step_id: str) -> None:
    env = tmp_path / "app.env"
    env.write_text("LOG_LEVEL=INFO\nLOG_FORMAT=json\n")
    tables = {"settings": {"env_file": str(env)}}
    found = await find(step_id, HERE, **_files(tmp_path / "gone.log"), **tables)
    assert found.result == ("unknown" if step_id == FILES[-1] else "fail"), found
    found = await find(step_id, HERE, **tables)
    assert found.result == "unknown" and "no [logs] files" in found.reason


@pytest.mark.parametrize(
    ("restarts", "lines", "result", "reason"),
    [
        ("0", [line()], "pass", ""),
        ("2", [line()], "warn", "value 2"),
        ("0", [line(), line("WARNING", logger="new")], "warn", "new_warnings: new"),
        ("0", [line("WARNING"), line("WARNING", hours=30)], "pass", ""),
        ("0", [line(), line("ERROR")], "warn", "new: app"),
        ("0", [line("ERROR")] * 11, "fail", "new_rate 11 > 10"),
        ("0", [*[line("ERROR")] * 11, line("ERROR", hours=30)], "pass", ""),
        ("0", [PLAIN], "warn", "lines 0 < 1"),
    ],
)
async def test_errors_since_the_launch_of_processes(
    service: Service,
    tmp_path: Path,
    restarts: str,
    lines: list[str],
    result: str,
    reason: str,
) -> None:
    tables = {
        **_files(log(tmp_path / "api.log", *lines)),
        "prometheus": answering(service, restarts),
    }
    found = await find("post24h.errors", HERE, **tables)
    assert found.result == result and reason in found.reason, found
