"""Prometheus and Alertmanager of our own, from Debian's packages."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HOST = "127.0.0.1"
_LONGEST = 60.0
"""Seconds for a server to come up."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


@contextmanager
def prometheus(
    directory: Path,
    jobs: Mapping[str, str],
    rules: str = "",
    alertmanager: str = "",
) -> Iterator[str]:
    """Run Prometheus, yield its URL once everything was scraped, or skip.

    Args:
        jobs: by name, the host and port that is scraped every second.
        rules: a file of rules, evaluated every second.
        alertmanager: host and port of one.
    """
    program = _program("prometheus")
    port = free_port()
    (directory / "rules.yml").write_text(rules or "groups: []")
    configuration: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [target]}]}
            for job, target in jobs.items()
        ],
    }
    if alertmanager:
        configuration["alerting"] = {
            "alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]
        }
    # JSON is YAML.
    (directory / "prometheus.yml").write_text(json.dumps(configuration))
    with _running(
        program,
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=error",
    ):
        url = f"http://{HOST}:{port}"
        wait(lambda: len(answered(f"{url}/api/v1/query?query=up")) == len(jobs))
        yield url


@contextmanager
def alertmanager(directory: Path, configuration: str) -> Iterator[str]:
    """Run Alertmanager with a configuration, yield its URL, or skip."""
    program = _program("prometheus-alertmanager", "alertmanager")
    port = free_port()
    file = directory / "alertmanager.yml"
    file.write_text(configuration)
    with _running(
        program,
        f"--config.file={file}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address={HOST}:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ):
        url = f"http://{HOST}:{port}"
        wait(lambda: bool(get(f"{url}/api/v2/status")))
        yield url


def answered(address: str) -> list[Any]:
    """Return the series of a query, [] while nobody answers."""
    found: list[Any] = get(address).get("data", {}).get("result", [])
    return found


def get(address: str) -> Any:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return json.load(answer)
    except (urllib.error.URLError, ConnectionError):
        return {}


def wait(condition: Any) -> None:
    deadline = time.monotonic() + _LONGEST
    while not condition():
        assert time.monotonic() < deadline, "it did not come up"
        time.sleep(0.05)


def _program(*names: str) -> str:
    found = next((p for p in map(shutil.which, names) if p), None)
    if found is None:
        said = f"{names[0]} is not installed"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return str(found)


@contextmanager
def _running(*command: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()
