"""Probe of whether a firewall of this machine filters what comes in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement, measured
from runbooks.probes.host.machine import MachineProbe
from runbooks.probes.host.programs import said
from runbooks.probes.regular_file import opened
from runbooks.probes.sources import Sources
from runbooks.results import Reading

UFW = Path("/etc/ufw/ufw.conf")
_ENABLED = re.compile(r"^\s*ENABLED\s*=\s*[\"']?yes", re.MULTILINE | re.IGNORECASE)
_FORBIDDEN = re.compile(r"not permitted|must be root|permission denied", re.IGNORECASE)
_Object = dict[str, Any]
"""One object of a ruleset."""
_REFUSES = re.compile(r"\b(drop|reject)\b")


@dataclass(frozen=True, slots=True)
class _Rules:
    """What one tool says.

    Attributes:
        filters: whether it keeps anything out.
        closed: whether what no rule allows is kept out.
    """

    tool: str
    line: str
    filters: bool
    closed: bool


class FirewallProbe(MachineProbe, frozen=True, kw_only=True):
    """Looks for rules of nftables, iptables or ufw for what comes in.

    Sources: ``nft -j list ruleset``, ``iptables -S INPUT``, which both take root, and
    ``/etc/ufw/ufw.conf``, which does not. A cloud's security groups are not seen.

    Readings:
        active: the tools whose rules keep something out; absent without any.
        closed: whether what no rule allows is kept out: a policy of drop, or a last
            rule that refuses.

    Raises:
        ProbeError: no tool is there, or none may be asked.
    """

    readings: ClassVar[Mapping[str, str]] = {"active": "", "closed": ""}
    naming: ClassVar[frozenset[str]] = frozenset({"active"})

    @property
    def source(self) -> str:
        return "firewall of this machine"

    async def look_here(self, sources: Sources) -> Measurement:
        seen: list[_Rules] = []
        forbidden: list[str] = []
        for tool, arguments, read in (
            ("nft", ("-j", "list", "ruleset"), _nft),
            ("iptables", ("-S", "INPUT"), _iptables),
        ):
            sources.asked(self.source)
            try:
                code, output, error = await said(tool, *arguments)
            except FileNotFoundError:
                continue
            if code:
                why = error.strip().partition("\n")[0] or f"exit code {code}"
                forbidden.append(f"{tool}: {why[:120]}")
            else:
                seen.append(read(output))
        ufw = _ufw()
        seen += [ufw] if ufw else []
        active = [each.tool for each in seen if each.filters]
        if forbidden and not active:
            login = any(_FORBIDDEN.search(each) for each in forbidden)
            raise ProbeError(
                f"no firewall may be asked: {', '.join(forbidden)}",
                stage="login" if login else "query",
            )
        if not seen:
            raise ProbeError(
                "neither nft nor iptables nor ufw is installed here", stage="query"
            )
        lines = [each.line for each in seen] + forbidden
        return measured(
            "\n".join(lines),
            Reading("active", ", ".join(active) or None),
            Reading("closed", any(each.closed for each in seen)),
        )


def _nft(output: str) -> _Rules:
    """Judge a ruleset (libnftables-json(5)) by what packets that come in pass."""
    try:
        objects: list[_Object] = json.loads(output or "{}").get("nftables", [])
        chains = [each["chain"] for each in objects if "chain" in each]
        rules = [each["rule"] for each in objects if "rule" in each]
        inputs = [chain for chain in chains if chain.get("hook") == "input"]
        passed = _passed(inputs, rules)
    except (
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ProbeError(
            "nft gave an answer that is no ruleset", stage="query"
        ) from error
    dropping = [chain for chain in inputs if chain.get("policy") == "drop"]
    refusing = [
        rule
        for rule in passed
        if any("drop" in each or "reject" in each for each in rule["expr"])
    ]
    line = (
        f"nft: {len(inputs)} chains for input, {len(dropping)} of them drop by default,"
        f" {len(passed)} rules, {len(refusing)} of them refuse"
    )
    return _Rules("nft", line, bool(dropping or refusing), bool(dropping))


def _passed(inputs: list[_Object], rules: list[_Object]) -> list[_Object]:
    """Return the rules of these chains and of those that they jump to."""
    waiting = [(chain["family"], chain["table"], chain["name"]) for chain in inputs]
    seen, found = set(waiting), []
    while waiting:
        family, table, name = waiting.pop()
        for rule in rules:
            if (rule["family"], rule["table"], rule["chain"]) != (family, table, name):
                continue
            found.append(rule)
            for each in rule["expr"]:
                jump = each.get("jump") or each.get("goto") or {}
                target = (family, table, jump.get("target"))
                if jump and target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return found


def _iptables(output: str) -> _Rules:
    """Judge what ``iptables -S INPUT`` printed."""
    lines = output.splitlines()
    rules = [line for line in lines if line.startswith("-A")]
    refusing = [line for line in rules if _REFUSES.search(line.lower())]
    dropping = "-P INPUT DROP" in lines or "-P INPUT REJECT" in lines
    # A last rule without a condition does what a policy does.
    last = rules[-1] if rules else ""
    closed = dropping or (last in refusing and last.startswith("-A INPUT -j"))
    line = f"iptables: {len(rules)} rules for input, {len(refusing)} of them refuse"
    return _Rules("iptables", line, bool(dropping or refusing), closed)


def _ufw() -> _Rules | None:
    """Read whether ufw is on; None where it is not installed."""
    try:
        with opened(UFW) as file:
            text = file.read(65536).decode("utf-8", "replace")
    except OSError:
        return None
    on = bool(_ENABLED.search(text))
    return _Rules("ufw", f"ufw: {'enabled' if on else 'not enabled'}", on, False)
