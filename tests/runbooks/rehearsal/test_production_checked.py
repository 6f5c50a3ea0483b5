"""`gonogo check` of the shipped runbook, and a run of it, against a rehearsal."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from runbooks import parsing
from runbooks.rehearsal import Deployment, start
from runbooks.secrets import within
from runbooks.target import parse
from state.author import current
from state.run import Run
from tui.opening import make_engine
from tui.told import Told

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "runbooks" / "documents" / "production-deployment.md"
MOST_REQUESTS = 40
TOLD = ("id", "text", "section", "severity", "gate", "level", "result", "reason",
        "readings", "evidence", "seconds")  # fmt: skip


class Shell:
    """A user's shell with gonogo in it, and a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said = ""

    def check(self, *words: str, state: int | None = None) -> str:
        return self.gonogo("check", str(SHIPPED), *words, state=state)

    def gonogo(self, *words: str, state: int | None = None) -> str:
        """Run a command; *state* is the exit code that it has to have."""
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "tui", *words],
            env={**os.environ, "HOME": str(self.home), "PYTHONPATH": str(ROOT)},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.said += ended.stdout + ended.stderr
        assert "Traceback" not in self.said
        if state is not None:
            assert ended.returncode == state, ended.stdout[-4000:] + ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    found = Shell(tmp_path_factory.mktemp("home"))
    found.gonogo("trust", "--yes", str(SHIPPED), state=0)
    return found


@pytest.fixture(scope="module")
def checked(shell: Shell, rested: Deployment) -> dict[str, Any]:
    """All that `check --format json` says of the healthy deployment."""
    said = shell.check("--target", str(rested.profile), "--format", "json", state=3)
    return dict(json.loads(said))


def test_all_items_are_reported_with_everything(checked: dict[str, Any]) -> None:
    assert len(checked["steps"]) == 197
    assert checked["verdict"] == "GO WITH CONDITIONS"
    for step in checked["steps"]:
        assert set(TOLD) <= set(step), step["id"]
        assert step["reason"], step["id"]
        assert step["result"] in (
            "pass", "warn", "n/a", "proposed", "pending", "unknown",
        ), step  # fmt: skip
        if step["result"] in ("pass", "warn", "proposed"):
            assert step["readings"] and step["evidence"], step["id"]


def test_no_host_is_asked_too_often(
    checked: dict[str, Any], rested: Deployment
) -> None:
    requests = checked["requests"]
    tables = parse(rested.profile.read_bytes(), rested.profile).tables
    for table in ("api", "web"):
        host = f"http {urlsplit(tables[table]['url']).netloc}"
        assert 0 < requests[host] <= MOST_REQUESTS, requests
    databases = [n for name, n in requests.items() if name.startswith("postgres ")]
    assert len(databases) == 1


def test_formats_for_other_programs(shell: Shell, deployment: Deployment) -> None:
    # A section that asks the API nothing: it answers 100 requests a minute.
    where = ("--target", str(deployment.profile), "--section", "Environment Variables")
    suite = ElementTree.fromstring(shell.check(*where, "--format", "junit", state=0))
    assert len(suite.findall(".//testcase")) == 10
    metrics = shell.check(*where, "--format", "prometheus", state=0)
    assert metrics.count("gonogo_step_result{") == 10


def test_a_section_in_which_all_is_well_is_a_go(
    shell: Shell, deployment: Deployment
) -> None:
    where = ("--target", str(deployment.profile), "--section", "Environment Variables")
    assert "GO  10 of 10" in shell.check(*where, state=0)


def test_a_blocker_that_fails_is_a_no_go(shell: Shell, tmp_path: Path) -> None:
    with start(tmp_path / "deployment", monitored=False) as broken:
        broken.stop_part("api")
        said = shell.check("--target", str(broken.profile), state=1)
    assert "NO-GO" in said.splitlines()[-1]


def test_without_a_profile_nothing_can_be_checked(shell: Shell) -> None:
    shell.check("--section", "Database", state=4)


def test_what_is_not_trusted_is_not_run(shell: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy.md"
    copy.write_bytes(SHIPPED.read_bytes() + b"One more line.\n")
    shell.gonogo("check", str(copy), state=2)


@pytest.fixture(scope="module")
def recorded(shell: Shell, deployment: Deployment) -> Iterator[Path]:
    """The directory of a run in which every probe has looked once."""
    runbook = parsing.read(SHIPPED)
    target = parse(deployment.profile.read_bytes(), deployment.profile)
    run = Run.create(shell.home / "state", runbook, target.name, current())
    run.trust()
    told: queue.Queue[Told] = queue.Queue()
    engine = make_engine(runbook, run, target, told.put)
    engine.start()
    deadline = time.monotonic() + 60
    while sum(bool(state.finding) for state in run.progress.values()) < 100:
        assert time.monotonic() < deadline, "the probes did not end"
        time.sleep(0.1)
    time.sleep(1)
    engine.close()
    yield run.directory


def test_no_secret_is_written_or_said(
    shell: Shell, checked: dict[str, Any], recorded: Path, deployment: Deployment
) -> None:
    secrets = {
        part
        for file in (deployment.directory / "secrets").iterdir()
        if file.is_file()
        for part in within(file.read_text().strip())
    }
    assert len(secrets) >= 5
    texts = {"output": shell.said}
    for file in [*recorded.rglob("*"), *shell.home.rglob("*")]:
        if file.is_file():
            texts[str(file)] = file.read_text("utf-8", "replace")
    assert any(name.endswith("journal.jsonl") for name in texts)
    for secret in secrets:
        for name, text in texts.items():
            assert secret not in text, name
