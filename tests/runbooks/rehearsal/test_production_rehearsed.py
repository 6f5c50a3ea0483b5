"""The shipped runbook against a healthy deployment, and with each source unplugged."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from msgspec.structs import fields

from runbooks import parsing, probes
from runbooks.facts import differing
from runbooks.model import Step
from runbooks.references import references
from runbooks.rehearsal import Deployment
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.tables import Level, ProbeSpec
from runbooks.target import Target, parse

SHIPPED = (
    Path(__file__).parents[3] / "runbooks" / "documents" / "production-deployment.md"
)
RUNBOOK = parsing.read(SHIPPED)
TASKS = [step for step in RUNBOOK.steps if step.part is None]
ADDRESSES = ("url", "redirect_url", "dsn", "metrics_url")
"""Keys of a profile's table that say where the source is."""
WHERE = ("url", "transcript")
"""Parameters of probes that say where to look; in others a URL is only a text."""
RATIONED = ("api", "web")
"""Tables of hosts that all steps together may ask only so often."""


def target_of(deployment: Deployment) -> Target:
    return parse(deployment.profile.read_bytes(), deployment.profile)


async def look(target: Target, steps: Iterable[Step]) -> dict[str, Finding]:
    return {id: finding async for id, finding in Runner(target).probe_all(steps)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def healthy(rested: Deployment) -> AsyncIterator[dict[str, Finding]]:
    yield await look(target_of(rested), TASKS)


pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("patient"),
]


async def test_every_item_that_a_machine_looks_at_is_told(
    healthy: dict[str, Finding],
) -> None:
    assert len(healthy) == len(TASKS) == 197
    for step in TASKS:
        found = healthy[step.id]
        if step.level is Level.ATTEST and not found.judged:
            continue  # no probe, or none for this kind of deployment, informs it
        assert found.reason, step.id
        assert "a bug in" not in found.reason, (step.id, found.reason)
        assert found.evidence or found.judged or "by fact" in found.reason, step.id


async def test_in_a_healthy_deployment_nothing_automatic_fails(
    healthy: dict[str, Finding],
) -> None:
    wrong = {
        step.id: f"{healthy[step.id].result}: {healthy[step.id].reason}"
        for step in TASKS
        if step.level is Level.AUTO
        and healthy[step.id].result in (Result.FAIL, Result.UNKNOWN)
    }
    assert wrong == {}


async def test_at_least_eighty_items_pass_by_looking(
    healthy: dict[str, Finding],
) -> None:
    passed = [id for id, finding in healthy.items() if finding.result is Result.PASS]
    assert len(passed) >= 80, sorted(passed)
    assert all(healthy[id].judged for id in passed)


def asks(spec: ProbeSpec, table: str) -> bool:
    """Whether a probe looks at the address that the profile's *table* says."""
    cls = probes.probe_class(spec.use)
    # A parameter that takes a whole table has its name.
    if table in {cls.table, *(each.encode_name for each in fields(cls))}:
        return True
    looked_at = [spec.parameters.get(name) for name in WHERE]
    return any(f"{table}.{key}" in references(looked_at) for key in ADDRESSES)


def tells(spec: ProbeSpec, table: str) -> bool:
    """Whether a probe compares another source's answer with that address."""
    named = references([dict(spec.parameters), dict(spec.expect)])
    return any(f"{table}.{key}" in named for key in ADDRESSES)


def applies(step: Step, spec: ProbeSpec, target: Target) -> bool:
    facts = differing(step.options.when, target) or differing(spec.when, target)
    return not facts and not probes.probe_class(spec.use).intrusive


def touched(
    table: str, target: Target, how: Callable[[ProbeSpec, str], bool] = asks
) -> set[str]:
    return {
        step.id
        for step in TASKS
        for spec in step.probes
        if applies(step, spec, target) and how(spec, table)
    }


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def unplugged(target: Target, table: str) -> Target:
    """Return *target* with nothing listening where *table* says."""
    said = dict(target.tables[table])
    for key, value in said.items():
        if key in ADDRESSES:
            scheme = "postgresql" if key == "dsn" else "http"
            if isinstance(value, str):
                scheme = urlsplit(value).scheme
            elif table == "redis":
                scheme = "redis"
            said[key] = f"{scheme}://127.0.0.1:{closed_port()}"
    secrets = {
        name: secret
        for name, secret in target.secrets.items()
        if not name.startswith(f"{table}.")
        or not isinstance(said.get(name.partition(".")[2]), str)
    }
    tables = {**target.tables, table: said}
    return Target(
        target.name,
        target.path,
        facts=target.facts,
        vars=target.vars,
        thresholds=target.thresholds,
        tables=tables,
        secrets=secrets,
    )


def expects_an_answer(step: Step) -> bool:
    """Whether a step is about somebody answering, so that silence is its answer."""
    return any("answers" in spec.expect for spec in step.probes)


SOURCES = ("api", "web", "worker", "postgres", "pgbouncer", "redis", "prometheus",
           "alertmanager")  # fmt: skip


@pytest.mark.parametrize("table", SOURCES)
async def test_a_source_unplugged_turns_exactly_its_items(
    table: str, deployment: Deployment, healthy: dict[str, Finding]
) -> None:
    target = target_of(deployment)
    if table not in target.tables:
        pytest.skip(f"this rehearsal has no {table}")
    its_own = touched(table, target)
    assert its_own
    told = touched(table, target, tells) - its_own
    rationed = {id for host in RATIONED for id in touched(host, target)}
    looked_at = [
        step for step in TASKS if step.id in its_own or step.id not in rationed | told
    ]
    found = await look(unplugged(target, table), looked_at)
    for step in looked_at:
        now, before = found[step.id], healthy[step.id]
        if step.id not in its_own:
            assert now.result is before.result, (step.id, now.reason, before.reason)
        elif before.result is not Result.NA:
            allowed = {Result.UNKNOWN}
            if expects_an_answer(step):
                allowed |= {Result.FAIL, Result.WARN}
            assert now.result in allowed, (step.id, now.reason)


async def test_no_secret_is_said(
    deployment: Deployment, healthy: dict[str, Finding]
) -> None:
    from runbooks.secrets import within

    said = "\n".join(_everything(finding) for finding in healthy.values())
    secrets = [
        part
        for file in (deployment.directory / "secrets").iterdir()
        if file.is_file()
        for part in within(file.read_text().strip())
    ]
    assert secrets
    for secret in secrets:
        assert secret not in said


def _everything(finding: Finding) -> Any:
    readings = [f"{each.reading.value} {each.expected}" for each in finding.judged]
    return "\n".join([finding.reason, finding.evidence, *readings])
