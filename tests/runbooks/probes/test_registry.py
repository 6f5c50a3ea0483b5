"""Finding probes by name, and checking what a document says of them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from runbooks import probes
from runbooks.tables import ProbeSpec

URL = {"url": "${api.url}/health"}


@pytest.mark.parametrize("name", probes.names())
def test_every_probe_is_there(name: str) -> None:
    assert probes.probe_class(name).__doc__


def test_a_typo_gets_a_suggestion() -> None:
    with pytest.raises(LookupError, match="did you mean 'http'"):
        probes.probe_class("htpt")


@pytest.mark.parametrize(
    ("use", "parameters", "expect", "complaint"),
    [
        ("htpt", URL, {"status": 200}, "did you mean 'http'"),
        ("http", {}, {"status": 200}, "the parameter 'url' is missing"),
        ("http", {**URL, "timeot": "5s"}, {"status": 200}, "did you mean 'timeout'"),
        ("http", {**URL, "timeout": "soon"}, {"status": 200}, "no duration"),
        ("http", {**URL, "method": "POST"}, {"status": 200}, "invalid enum value"),
        ("http", {"url": "api.test"}, {"status": 200}, "no http or https URL"),
        ("http", {"url": "http://a:99999/"}, {"status": 200}, "Port out of range"),
        ("http", {"url": "http://[::1/"}, {"status": 200}, "Invalid IPv6 URL"),
        ("http", {"url": "${api}/x"}, {"status": 200}, "${api} is no reference"),
        ("http", {"url": 5}, {"status": 200}, "expected `str`"),
        ("http", URL, {}, "nothing is expected"),
        ("http", URL, {"statu": 200}, "mean 'status'"),
        ("tcp", {"host": "h", "port": 1}, {"x": 1}, "it has open, inside, latency"),
        ("http", URL, {"latency": "<= 1 B"}, "latency: the unit"),
        ("tcp", {"host": "h", "port": 0}, {"open": "absent"}, "0 is no port"),
        ("file", {"path": "x"}, {"exists": True}, "not absolute"),
        ("file", {"path": "/a\0"}, {"exists": True}, "NUL"),
        ("tcp", {"host": "h", "port": []}, {"open": "absent"}, "at least 1"),
        ("command", {"command": " "}, {"exit": 0}, "nothing to run"),
        ("command", {"command": "rm -rf /"}, {"exit": 0}, "a probe only looks"),
    ],
)
def test_mistakes_are_found_without_a_profile(
    use: str, parameters: dict[str, Any], expect: dict[str, Any], complaint: str
) -> None:
    wrong = probes.check(ProbeSpec(use, expect, parameters))
    assert len(wrong) == 1 and complaint in wrong[0], wrong


@pytest.mark.parametrize(
    ("use", "parameters", "expect"),
    [
        ("http", {**URL, "timeout": "500ms"}, {"latency": "<= 1 s"}),
        ("http", URL, {"header.server": "absent", "json.a.b": 5}),
        ("tcp", {"host": "${api.host}", "port": "${api.port}"}, {"port.22": "open"}),
        ("file", {"path": "${backups.directory}/*"}, {"age": "<= 26 h"}),
        ("command", {"command": 'ls "${HOME}"'}, {"exit": 0}),
    ],
)
def test_what_is_right_has_no_complaints(
    use: str, parameters: dict[str, Any], expect: dict[str, Any]
) -> None:
    assert probes.check(ProbeSpec(use, expect, parameters)) == []


@pytest.mark.parametrize(
    "module", ["runbooks.runner", "runbooks.probes.http", "runbooks.target"]
)
def test_clients_are_loaded_only_when_used(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"httpx", "textual", "rich", "tomlkit"} & set(loaded.stdout.split())
