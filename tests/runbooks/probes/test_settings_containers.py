"""The settings probe on a cluster (a strict fake) and on a real Docker Engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runbooks import probes
from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from tests.runbooks.probes.docker_engine import DockerEngine, running_engine
from tests.runbooks.probes.kubernetes_api import (
    KubernetesAPI,
    encoded,
    kubernetes_api,
)
from tests.runbooks.probes.settings_objects import deployment, env, held

KEY = "6f1d" * 16
WIRED = {"secretKeyRef": {"name": "secrets", "key": "session-secret"}}
LEVEL = {"configMapKeyRef": {"name": "config", "key": "log-level"}}


@pytest.fixture
def api(threaded: None) -> Iterator[KubernetesAPI]:
    wired = [env("SESSION_SECRET", WIRED), env("LOG_LEVEL", LEVEL)]
    objects = [
        deployment("api", wired),
        deployment("worker", [env("LOG_LEVEL", LEVEL)]),
        held("ConfigMap", "config", {"log-level": "INFO", "cache-video-ttl": "300"}),
        held("Secret", "secrets", encoded({"session-secret": KEY})),
    ]
    with kubernetes_api(objects) as api:
        yield api
        assert api.violations == []


async def look(api: KubernetesAPI, tmp_path: Path, **parameters: Any) -> Measurement:
    kubeconfig = api.kubeconfig(tmp_path / "kubeconfig")
    where = {"platform": "kubernetes", "kubernetes": {"kubeconfig": str(kubeconfig)}}
    async with Sources() as sources:
        probe = probes.build(probes.probe_class("settings"), {**where, **parameters})
        return await probe.look(sources)


def values(found: Measurement, *names: str) -> list[Any]:
    readings = [found.reading(name) for name in names]
    return [reading.value if reading else "nothing" for reading in readings]


async def test_pod_templates(api: KubernetesAPI, tmp_path: Path) -> None:
    found = await look(
        api,
        tmp_path,
        service=["api", "worker"],
        names=["SESSION_SECRET", "LOG_LEVEL"],
        default={"CACHE_VIDEO_TTL": "300"},
    )
    assert values(found, "LOG_LEVEL", "LOG_LEVEL.source", "unwired") == [
        "INFO",
        "configMapKeyRef",
        "CACHE_VIDEO_TTL",
    ]
    assert values(found, "SESSION_SECRET.set", "SESSION_SECRET.same") == [
        "api=yes, worker=no",
        False,
    ]
    assert values(found, "SESSION_SECRET.source", "CACHE_VIDEO_TTL.source") == [
        "api=secretKeyRef, worker=unset",
        "default",
    ]
    assert KEY not in found.evidence


async def test_a_service_that_only_runs_now_and_then(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    made = deployment("backup", [env("LOG_LEVEL", LEVEL)])
    template = {"template": made["spec"]["template"]}
    spec = {"schedule": "0 2 * * *", "jobTemplate": {"spec": template}}
    api.objects.append(
        made | {"apiVersion": "batch/v1", "kind": "CronJob", "spec": spec}
    )
    names = ["LOG_LEVEL", "DAILY"]
    found = await look(api, tmp_path, service=["backup"], names=names)
    assert values(found, "LOG_LEVEL", "DAILY.set") == ["INFO", False]
    with pytest.raises(ProbeError, match="no Deployment or CronJob has the labels"):
        await look(api, tmp_path, service=["media"], names=names)


async def test_what_a_pod_waits_for(api: KubernetesAPI, tmp_path: Path) -> None:
    gone = {"configMapKeyRef": {"name": "config", "key": "gone"}}
    api.objects[0] = deployment("api", [env("X", gone)])
    found = await look(api, tmp_path, names=["X"])
    assert values(found, "missing", "X.set") == ["configMap config key gone", False]


async def test_two_deployments_of_one_service(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    api.objects.append(deployment("api", [], "canary"))
    found = await look(api, tmp_path, names=["LOG_LEVEL"])
    assert values(found, "LOG_LEVEL") == ["transcript-api=INFO, canary=absent"]


async def test_secrets_are_asked_for_only_where_needed(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    api.denied = {"secrets"}
    found = await look(api, tmp_path, names=["LOG_LEVEL"])
    assert values(found, "LOG_LEVEL") == ["INFO"]
    with pytest.raises(ProbeError, match="no permission to list secrets"):
        await look(api, tmp_path, names=["SESSION_SECRET"])


@pytest.mark.parametrize("answer", [500, "garbage"])
async def test_a_cluster_that_cannot_say(
    api: KubernetesAPI, tmp_path: Path, answer: int | str
) -> None:
    path = "/apis/apps/v1/namespaces/transcripts/deployments"
    api.broken[path] = answer
    with pytest.raises(ProbeError) as error:
        await look(api, tmp_path, names=["LOG_LEVEL"])
    assert error.value.stage == "query"


async def test_a_service_without_a_deployment(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    with pytest.raises(ProbeError, match="component=backup"):
        await look(api, tmp_path, service=["backup"], names=["A"])


async def managers(api: KubernetesAPI, tmp_path: Path) -> Measurement:
    where = {"kubeconfig": str(api.kubeconfig(tmp_path / "kubeconfig"))}
    cls = probes.probe_class("settings.managers")
    async with Sources() as sources:
        return await probes.build(cls, {"kubernetes": where}).look(sources)


async def test_who_makes_secrets(api: KubernetesAPI, tmp_path: Path) -> None:
    found = await managers(api, tmp_path)
    assert values(found, "by_hand", "managers") == ["secrets", None]
    secret = api.objects[3]["metadata"]
    secret["ownerReferences"] = [{"kind": "ExternalSecret", "name": "secrets"}]
    found = await managers(api, tmp_path)
    assert values(found, "by_hand", "managers") == [None, "ExternalSecret"]
    secret["name"] = "another"
    found = await managers(api, tmp_path)
    assert values(found, "missing", "secrets") == ["secrets", 1]
    api.denied = {"secrets"}
    with pytest.raises(ProbeError, match="no permission to list secrets"):
        await managers(api, tmp_path)


@pytest.fixture(scope="module")
def engine() -> Iterator[DockerEngine]:
    with running_engine() as engine:
        one = {"SESSION_SECRET": KEY, "LOG_LEVEL": "INFO", "EMPTY": ""}
        engine.run("app", "api", 1, environment=one)
        engine.run("app", "api", 2, environment={**one, "LOG_LEVEL": "DEBUG"})
        engine.run("app", "worker", environment={"SESSION_SECRET": KEY})
        yield engine


async def docker(engine: DockerEngine, **parameters: Any) -> Measurement:
    where = {"host": engine.url, "project": "app"}
    given = {"platform": "compose", "docker": where, **parameters}
    async with Sources() as sources:
        return await probes.build(probes.probe_class("settings"), given).look(sources)


async def test_containers(engine: DockerEngine) -> None:
    names = ["SESSION_SECRET", "LOG_LEVEL", "EMPTY"]
    found = await docker(engine, service=["api", "worker"], names=names)
    assert values(
        found, "SESSION_SECRET.same", "SESSION_SECRET.length", "SESSION_SECRET"
    ) == [True, 64, "64 characters, hex"]
    assert values(found, "LOG_LEVEL") == [
        "app-api-1=INFO, app-api-2=DEBUG, worker=absent"
    ]
    assert values(found, "EMPTY.set") == [False]
    assert KEY not in found.evidence


async def test_no_container_of_a_service(engine: DockerEngine) -> None:
    with pytest.raises(ProbeError, match="there is no container of backup"):
        await docker(engine, service=["backup"], names=["A"])


async def test_no_engine(tmp_path: Path) -> None:
    where = {"platform": "compose", "docker": {"host": str(tmp_path / "no.sock")}}
    async with Sources() as sources:
        cls = probes.probe_class("settings")
        with pytest.raises(ProbeError, match="is not there"):
            await probes.build(cls, {**where, "names": ["A"]}).look(sources)
