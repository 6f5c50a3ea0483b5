"""Waiting until a change shows, and forgetting that there was a fault.

A deployment that was healed is not yet as it was: the API has counted errors, its
cache is empty, logs tell of errors, and Prometheus remembers for long.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbooks.errors import CommandError
from runbooks.rehearsal import traffic
from runbooks.rehearsal.deployment import Deployment
from runbooks.rehearsal.faults.marks import injected

_PATIENCE = 15.0
"""Seconds for something to come about by itself."""
_PAUSE = 0.05


def until(is_so: Callable[[], bool], otherwise: str) -> None:
    """Wait until something is so.

    Raises:
        CommandError: it does not come about; *otherwise* says what that means.
    """
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise CommandError(otherwise)
        time.sleep(_PAUSE)


def settle(deployment: Deployment) -> None:
    """Wait until Prometheus, if it runs, has looked at everything and judged it.

    Raises:
        CommandError: it does not.
    """
    if "prometheus" not in deployment.running:
        return
    otherwise = "Prometheus does not look at its targets any more."
    looked_for = datetime.now(UTC)
    until(
        lambda: all(
            _time(target["lastScrape"]) > looked_for
            for target in _told(deployment, "targets?state=active")["activeTargets"]
        ),
        otherwise,
    )
    judged_for = datetime.now(UTC)
    until(
        lambda: all(
            _time(group["lastEvaluation"]) > judged_for
            for group in _told(deployment, "rules")["groups"]
        ),
        otherwise,
    )


def forget(deployment: Deployment, since: float) -> None:
    """Let logs forget their errors since that time, and Prometheus, if it runs, all.

    The log of a container ends with it: that of the API did when it was refreshed.

    Raises:
        CommandError: Prometheus does not.
    """
    for part in ("api", "worker"):
        log = deployment.layout.path("logs", f"{part}.log")
        if log.exists():
            _forget_errors(log, since)
        elif part == "worker" and part in deployment.running:
            restart(deployment, part)
    if "prometheus" in deployment.running:
        asked = {"match[]": '{__name__=~".+"}', "start": since, "end": time.time()}
        query = urllib.parse.urlencode(asked)
        _asked(deployment, f"api/v1/admin/tsdb/delete_series?{query}", b"")


def reload_rules(deployment: Deployment) -> None:
    """Let Prometheus read its files again, and find Alertmanager again.

    Raises:
        CommandError: it does not.
    """
    known = _told(deployment, "alertmanagers")["activeAlertmanagers"]
    _asked(deployment, "-/reload", b"")
    until(
        lambda: _told(deployment, "alertmanagers")["activeAlertmanagers"] == known,
        "Prometheus does not find Alertmanager again.",
    )


def restart(deployment: Deployment, *parts: str) -> None:
    """Stop and start parts, so that they read what is new.

    Raises:
        CommandError: one did not start again.
    """
    for part in parts:
        deployment.stop_part(part)
        deployment.start_part(part)


def visit(deployment: Deployment) -> None:
    """Ask the API what people ask it, as far as it answers."""
    with suppress(CommandError):
        asyncio.run(traffic.browse(deployment.layout))


def refresh(deployment: Deployment) -> None:
    """Let the API begin anew: nothing counted, and a cache that was used.

    Raises:
        CommandError: it does not answer as it should, and no other fault explains it.
    """
    restart(deployment, "api")
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return asyncio.run(traffic.browse(deployment.layout))
        except CommandError:
            if len(injected(deployment)) > 1:
                return
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _forget_errors(log: Path, since: float) -> None:
    """Leave out the lines on errors; its writer appends, and goes on doing so."""
    begun = datetime.fromtimestamp(since, UTC)
    lines = log.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not _is_error(line, begun)]
    if len(kept) < len(lines):
        log.write_text("".join(kept))


def _is_error(line: str, begun: datetime) -> bool:
    try:
        said = json.loads(line)
    except ValueError:  # a traceback, of a process that ended by itself
        return False
    return said["level"] == "ERROR" and _time(said["timestamp"]) >= begun


def _told(deployment: Deployment, what: str) -> Any:
    return json.loads(_asked(deployment, f"api/v1/{what}"))["data"]


def _asked(deployment: Deployment, what: str, order: bytes | None = None) -> bytes:
    """Return what Prometheus answers.

    Raises:
        CommandError: it does not.
    """
    address = f"{deployment.url('prometheus')}/{what}"
    try:
        with urllib.request.urlopen(address, order, timeout=5) as answer:
            return bytes(answer.read())
    except OSError as error:
        raise CommandError(f"Prometheus does not answer: {error}") from error


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
