"""Firewalls: real rules of nftables and iptables in a network of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.host.firewall import FirewallProbe
from runbooks.probes.sources import Sources

ROOT = Path(__file__).parents[3]
LOOK = """
import asyncio, json
from pathlib import Path
from runbooks.errors import ProbeError
from runbooks.probes.host import firewall
from runbooks.probes.sources import Sources
firewall.UFW = Path("/nowhere")
try:
    seen = asyncio.run(firewall.FirewallProbe(hostname="localhost").look(Sources()))
    print(json.dumps({each.name: each.value for each in seen.readings.values()}))
except ProbeError as error:
    print(json.dumps({"error": str(error), "stage": error.stage}))
"""
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
BASE = (
    "nft add table inet f; nft add chain inet f in"
    " '{{ type filter hook input priority 0; policy {}; }}'"
)

JUMP = (
    "nft add chain inet f more; nft add rule inet f in jump more;"
    " nft add rule inet f more tcp dport 22 drop"
)
FORWARD = (
    "nft add chain inet f through '{ type filter hook forward priority 0; }';"
    " nft add rule inet f through drop"
)


def within(rules: str, *wrapped: str) -> dict[str, object]:
    """Return what the probe reads in a network with these rules."""
    missing = [
        name for name in ("nft", "iptables") if not shutil.which(name, path=PATH)
    ]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("this user may make no network of its own")
    script = f'set -e; {rules}\nexec "$@"'
    ran = subprocess.run(
        [
            "unshare",
            "-n",
            "sh",
            "-c",
            script,
            "sh",
            *wrapped,
            sys.executable,
            "-c",
            LOOK,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, object] = json.loads(ran.stdout)
    return answer


@pytest.mark.parametrize(
    ("rules", "active", "closed"),
    [
        (":", None, False),
        (BASE.format("drop"), "nft", True),
        (BASE.format("accept"), None, False),
        (BASE.format("accept") + "; nft add rule inet f in reject", "nft", False),
        (BASE.format("accept") + f"; {JUMP}", "nft", False),
        (BASE.format("accept") + f"; {FORWARD}", None, False),
        ("iptables -P INPUT DROP", "iptables", True),
        ("iptables -A INPUT -p tcp --dport 22 -j ACCEPT", None, False),
        ("iptables -A INPUT -p tcp --dport 22 -j DROP", "iptables", False),
        ("iptables -A INPUT -j REJECT", "iptables", True),
    ],
)
def test_rules_for_what_comes_in(rules: str, active: str | None, closed: bool) -> None:
    seen = within(rules)
    # iptables of today keeps its rules in nftables, so that both tools tell of them.
    tools = str(seen["active"]).split(", ") if seen["active"] else []
    assert (active in tools) if active else not tools, seen
    assert seen["closed"] is closed


def test_who_may_not_ask_cannot_judge() -> None:
    seen = within(":", "setpriv", "--reuid=65534", "--clear-groups")
    assert "no firewall may be asked" in str(seen["error"])
    assert seen["stage"] == "login"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no other programs than those that a test puts there."""
    monkeypatch.setattr("runbooks.probes.host.firewall.UFW", tmp_path / "ufw.conf")
    monkeypatch.setattr(
        "runbooks.probes.host.programs.search_path", lambda: f"{tmp_path}"
    )
    return tmp_path


async def look() -> Measurement:
    async with Sources() as sources:
        return await FirewallProbe(hostname="localhost").look(sources)


async def test_ufw_says_whether_it_is_on_to_everybody(tools: Path) -> None:
    (tools / "ufw.conf").write_text("# ufw\nENABLED=yes\nLOGLEVEL=low\n")
    seen = await look()
    active = seen.reading("active")
    assert active and active.value == "ufw"
    (tools / "ufw.conf").write_text("ENABLED=no\n")
    active = (await look()).reading("active")
    assert active and active.value is None


async def test_without_any_tool_nothing_can_be_said(tools: Path) -> None:
    with pytest.raises(ProbeError, match="neither nft nor iptables nor ufw"):
        await look()


async def test_garbage_is_no_ruleset(tools: Path) -> None:
    (tools / "nft").write_text("#!/bin/sh\necho '{nothing'\n")
    (tools / "nft").chmod(0o755)
    with pytest.raises(ProbeError, match="no ruleset"):
        await look()
