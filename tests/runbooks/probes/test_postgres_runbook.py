"""The shipped runbook's steps on PostgreSQL, against servers good, bare and gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runbooks import parsing
from runbooks.rehearsal import Deployment
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import Target, parse
from tests.runbooks.probes.json_server import Service, running
from tests.runbooks.probes.kubernetes_api import KubernetesAPI
from tests.runbooks.probes.kubernetes_workloads import Cluster, autoscaler
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)

SHIPPED = Path(__file__).parents[3] / "runbooks/documents/production-deployment.md"
BARE = {
    "database.version": "fail",
    "database.user-permissions": "fail",
    "database.wal-archiving": "fail",
    "dbopt.indexes": "fail",
    "dbopt.query-monitoring": "fail",
    "dbopt.pool-size": "fail",
    "dbopt.slow-log": "fail",
    "dbopt.vacuum": "pass",
    "dr.rpo": "fail",
    "post1w.capacity": "unknown",
    "post1w.performance": "unknown",
}
GOOD = {
    **dict.fromkeys(BARE, "pass"),
    "dbopt.query-monitoring": "n/a",  # the wheel comes without the extension
    "post1w.performance": "unknown",
}


@pytest.fixture(scope="module")
def bare() -> Iterator[PostgresServer]:
    with postgres_server(debian=True) as server:
        yield server


def profile(tmp_path: Path, dsn: str, **facts: Any) -> Target:
    file = tmp_path / "dsn"
    file.write_text(dsn)
    text = (
        f'[postgres]\ndsn = {{ file = "{file}" }}\nprocesses = 10\nrpo = "15m"\n'
        "volume_gib = 10\n"
    )
    return with_facts(parse(text.encode(), tmp_path / "p.toml"), **facts)


def with_facts(target: Target, **facts: Any) -> Target:
    return replaced(target, facts={**target.facts, **facts})


async def found(target: Target) -> dict[str, Finding]:
    """Return what the probes of PostgreSQL say of the steps that are theirs."""
    steps = []
    for step in parsing.read(SHIPPED).steps:
        own = tuple(spec for spec in step.probes if spec.use.startswith("postgres."))
        if step.id in BARE and own:
            options = replace(step.options, probe=None, probes=own)
            steps.append(replace(step, options=options))
    return {id: each async for id, each in Runner(target).probe_all(steps)}


@pytest.mark.parametrize("platform", ["kubernetes", "compose", "processes"])
@pytest.mark.parametrize("pooler", [True, False])
async def test_a_good_server(practice: Deployment, platform: str, pooler: bool) -> None:
    target = parse(practice.profile.read_bytes(), practice.profile)
    facts = {"platform": platform, "pooler": pooler}
    said = await found(with_facts(target, **facts))
    assert {id: str(each.result) for id, each in said.items()} == GOOD
    secret = practice.layout.secret("postgres-password")
    assert secret not in str(said)


async def test_a_server_that_nobody_configured(
    bare: PostgresServer, tmp_path: Path
) -> None:
    said = await found(profile(tmp_path, bare.dsn(), pooler=False))
    assert {id: str(each.result) for id, each in said.items()} == BARE
    assert "15, not 16" in said["database.version"].reason
    assert (
        "asked as gonogo, no superuser, reads all statistics"
        in said["dbopt.vacuum"].evidence
    )
    assert PASSWORD not in str(said)


async def test_a_server_that_is_gone(closed_port: int, tmp_path: Path) -> None:
    dsn = f"postgresql+psycopg://app:{PASSWORD}@127.0.0.1:{closed_port}/transcripts"
    said = await found(profile(tmp_path, dsn, pooler=False))
    results = {id: str(each.result) for id, each in said.items()}
    assert results == {**dict.fromkeys(BARE, "unknown"), "database.version": "fail"}
    assert {each.source for each in said.values()} == {
        f"postgres 127.0.0.1:{closed_port}/transcripts"
    }
    assert PASSWORD not in str(said)


@pytest.mark.parametrize(
    ("revisions", "result"),
    [
        (["20260605_topic_policy"], "pass"),
        (["20260711_playlists"], "warn"),
        (["7c1f0a9be2d4"], "warn"),
        (["20260605_run_scopes"], "fail"),
        (["20251102_01"], "fail"),
        (["20260605_topic_policy", "20260711_playlists"], "fail"),
        ([], "fail"),
    ],
)
async def test_revisions_behind_and_ahead(
    bare: PostgresServer, tmp_path: Path, revisions: list[str], result: str
) -> None:
    values = ", ".join(f"('{each}')" for each in revisions)
    bare.psql("create table alembic_version (version_num varchar(32) primary key)")
    try:
        if values:
            bare.psql(f"insert into alembic_version values {values}")
        target = profile(tmp_path, bare.dsn(), platform="processes")
        step = parsing.read(SHIPPED).step_by_id["database.migrations"]
        seen = await Runner(target).probe(step)
    finally:
        bare.psql("drop table alembic_version")
    assert str(seen.result) == result, seen


@pytest.mark.parametrize(
    ("indexed", "result"),
    [((100, 40), "pass"), ((85, 40), "warn"), ((100, 10), "fail"), ((), "fail")],
)
async def test_the_index_holds_what_the_database_does(
    bare: PostgresServer, tmp_path: Path, indexed: tuple[int, ...], result: str
) -> None:
    bare.psql("create table segments as select generate_series(1, 100) as id")
    bare.psql("create table youtube_segments as select generate_series(1, 40) as id")
    missing = {"error": {"type": "index_not_found_exception"}}
    paths: dict[str, Any] = dict.fromkeys(
        ("/segments/_count", "/youtube_segments/_count"), lambda _: (404, missing)
    )
    paths |= {
        path: {"count": count} for path, count in zip(paths, indexed, strict=False)
    }
    env = tmp_path / "app.env"
    env.write_text("SEARCH_BACKEND=opensearch\n")
    facts = {"platform": "processes", "search": "opensearch"}
    step = parsing.read(SHIPPED).step_by_id["features.search-backend"]
    try:
        with running(Service(paths=paths)) as service:
            target = profile(tmp_path, bare.dsn(), **facts)
            tables = {
                **target.tables,
                "opensearch": {"url": service.url},
                "settings": {"env_file": str(env)},
            }
            seen = await Runner(replaced(target, tables=tables)).probe(step)
    finally:
        bare.psql("drop table segments", "drop table youtube_segments")
    assert str(seen.result) == result, seen


async def test_the_address_of_the_application_is_that_of_production(
    practice: Deployment, tmp_path: Path
) -> None:
    target = parse(practice.profile.read_bytes(), practice.profile)
    steps = [s for s in parsing.read(SHIPPED).steps if s.id == "env.database-url"]
    [(_, finding)] = [each async for each in Runner(target).probe_all(steps)]
    assert str(finding.result) == "pass"
    other = tmp_path / "app.env"
    text = Path(target.tables["settings"]["env_file"]).read_text()
    other.write_text(text.replace("/transcripts", "/elsewhere"))
    tables = {**target.tables, "settings": {"env_file": str(other)}}
    runner = Runner(replaced(target, tables=tables))
    [(_, finding)] = [each async for each in runner.probe_all(steps)]
    assert str(finding.result) == "fail"
    assert "[url.DATABASE_URL.database] (elsewhere)" in finding.reason


@pytest.mark.parametrize(("most", "result"), [(4, "pass"), (10, "warn")])
async def test_connections_of_all_pods_that_autoscalers_allow(
    bare: PostgresServer,
    kubernetes: KubernetesAPI,
    cluster: Cluster,
    tmp_path: Path,
    most: int,
    result: str,
) -> None:
    cluster.rest.append(autoscaler(cluster.api, 3, most, cpu=(70, 41)))
    cluster.rest[-2]["spec"]["maxReplicas"] = 2
    kubernetes.objects = cluster.objects
    config = kubernetes.kubeconfig(tmp_path / "kubeconfig")
    target = profile(
        tmp_path, bare.dsn(), pooler=False, platform="kubernetes", gpu="none"
    )
    tables = {**target.tables, "kubernetes": {"kubeconfig": str(config)}}
    steps = [s for s in parsing.read(SHIPPED).steps if s.id == "resources.hpa"]
    runner = Runner(replaced(target, tables=tables))
    [(_, finding)] = [each async for each in runner.probe_all(steps)]
    assert str(finding.result) == result, finding
    assert ("usable 97, not >= [scaled.demand] (180)" in finding.reason) == (most == 10)
