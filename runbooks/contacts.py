"""One question to each source that a profile names: can it be reached?

A cluster is asked, too, which rights the login lacks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.model import Step
from runbooks.results import Finding, Result
from runbooks.runner import Runner
from runbooks.tables import ProbeSpec, StepOptions
from runbooks.target import Target

ANSWERS = {"answers": True}
RIGHTS = {"missing": {"pass": "absent", "warn": "present"}}


@dataclass(frozen=True, slots=True)
class Contact:
    """A source, and the cheapest question that it can be asked.

    Attributes:
        table: of the profile; a source without one is not asked.
        needs: a key without which the table does not name this source.
        platform: the fact that names the source even without a table.
        stores: values of the fact `central_logs` that this question is for; where
            the profile does not say, it is told to.
        about: what is asked, where it is another question than whether it answers.
    """

    table: str
    use: str
    parameters: Mapping[str, Any]
    expect: Mapping[str, Any]
    needs: str = ""
    platform: str = ""
    stores: tuple[str, ...] = ()
    about: str = ""

    @property
    def name(self) -> str:
        return f"{self.table} {self.about}".strip()


CONTACTS = (
    Contact("api", "http", {"url": "${api.url}/health"}, ANSWERS, "url"),
    Contact("web", "http", {"url": "${web.url}"}, ANSWERS, "url"),
    Contact("worker", "http", {"url": "${worker.metrics_url}"}, ANSWERS, "metrics_url"),
    Contact("settings", "settings", {"names": ["PATH"]}, {"missing": "absent"}),
    Contact("postgres", "postgres.version", {}, ANSWERS),
    Contact("pgbouncer", "pgbouncer", {}, ANSWERS),
    Contact("redis", "redis.info", {}, ANSWERS),
    Contact("opensearch", "opensearch.health", {}, ANSWERS),
    Contact("kubernetes", "kubernetes.cluster", {}, ANSWERS, platform="kubernetes"),
    Contact(
        *("kubernetes", "kubernetes.rights", {}, RIGHTS),
        platform="kubernetes",
        about="rights",
    ),
    Contact("docker", "docker.engine", {}, ANSWERS, platform="compose"),
    Contact("prometheus", "prometheus", {}, ANSWERS),
    Contact("alertmanager", "alertmanager", {}, ANSWERS),
    Contact("grafana", "grafana.health", {}, ANSWERS),
    Contact("logs", "logs.files", {}, {"missing": "absent"}, "files"),
    Contact(
        *("logs", "logs.loki", {}, ANSWERS, "url"), stores=("loki",), about="in Loki"
    ),
    Contact(
        *("logs", "logs.opensearch", {}, ANSWERS, "url"),
        stores=("opensearch", "elasticsearch"),
        about="in indices",
    ),
    Contact(
        *("backups", "file", {"path": "${backups.directory}"}, {"exists": True}),
        "directory",
    ),
    Contact("object_storage", "object_storage", {}, ANSWERS),
    Contact("host", "host.disk", {"path": "/"}, {"exists": True}, "hostname"),
)


def contacts(target: Target) -> list[Contact]:
    """Return those that the profile names."""
    return [each for each in CONTACTS if _named(each, target)]


def not_set_up(target: Target) -> list[str]:
    """Return the tables that stand in the profile and say nothing yet."""
    asked = {each.table for each in contacts(target)}
    tables = dict.fromkeys(each.table for each in CONTACTS)
    return [
        table
        for table in tables
        if target.tables.get(table) == {} and table not in asked
    ]


async def contacted(
    target: Target, asked: list[Contact]
) -> AsyncGenerator[tuple[Contact, Finding], None]:
    """Ask all at once; yield each with what came of it, as it comes."""
    by_name = {each.name: each for each in asked}
    steps = [_step(each) for each in asked]
    async for name, finding in Runner(target).probe_all(steps):
        yield by_name[name], finding


def reached(finding: Finding) -> bool:
    """Whether the source answered, whatever it said."""
    return finding.result in (Result.PASS, Result.WARN)


def _named(contact: Contact, target: Target) -> bool:
    said = target.tables.get(contact.table)
    if not said:
        platform = target.facts.get("platform")
        return bool(contact.platform) and platform == contact.platform
    store = target.facts.get("central_logs")
    if contact.stores and store is not None and store not in contact.stores:
        return False
    return not contact.needs or contact.needs in said


def _step(contact: Contact) -> Step:
    spec = ProbeSpec(contact.use, contact.expect, contact.parameters)
    options = StepOptions(probe=spec)
    return Step(contact.name, contact.name, "", 1, False, 0, "", options)
