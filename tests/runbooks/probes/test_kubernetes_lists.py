"""Lists of objects as an API server gives them, or does not."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes import connection
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.objects import (
    NODES,
    PODS,
    SECRETS,
    Kind,
    objects,
    objects_if_known,
)
from runbooks.probes.sources import Sources
from tests.runbooks.probes.kubernetes_api import (
    TOKEN,
    KubernetesAPI,
    encoded,
    kubernetes_api,
)
from tests.runbooks.probes.kubernetes_ways import (
    failure,
    names,
    note,
    pod,
    reading_processes,
)

POD_LIST = "/api/v1/namespaces/transcripts/pods"


@pytest.fixture
def api() -> Iterator[KubernetesAPI]:
    with kubernetes_api([pod("a"), pod("b"), pod("c"), pod("d", "other")]) as api:
        yield api
        assert api.violations == []


ANSWERS: dict[str, tuple[int | str, str, str]] = {
    "events": (401, "login", "log in again"),
    "services": (403, "login", "no permission to list services in transcripts"),
    "pods": (410, "query", "answered 410"),
    "endpoints": (429, "query", "too much to do"),
    "secrets": (503, "query", "answered 503"),
    "configmaps": ("garbage", "query", "something else than was asked for"),
}


async def test_answers_that_are_none(api: KubernetesAPI, tmp_path: Path) -> None:
    way = Connection(str(api.kubeconfig(tmp_path / "config")))
    async with Sources() as sources:
        for plural, (broken, stage, said) in ANSWERS.items():
            api.broken[f"/api/v1/namespaces/transcripts/{plural}"] = broken
            with pytest.raises(ProbeError) as caught:
                await objects(sources, way, Kind("v1", plural))
            assert caught.value.stage == stage and said in str(caught.value)


async def test_a_wrong_token(api: KubernetesAPI, tmp_path: Path) -> None:
    api.token = "another"
    error = await failure(api.kubeconfig(tmp_path / "config"))
    assert error.stage == "login" and "(401)" in str(error)


async def test_the_rule_that_a_role_lacks(api: KubernetesAPI, tmp_path: Path) -> None:
    api.denied = {"pods", "nodes"}
    config = api.kubeconfig(tmp_path / "config")
    assert note(await failure(config)) == (
        'Add to a Role: {apiGroups: [""], resources: ["pods"], verbs: ["list"]}'
    )
    assert "Add to a ClusterRole" in note(await failure(config, kind=NODES))


async def test_a_server_that_says_nothing(
    api: KubernetesAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST", 0.3)
    api.broken[POD_LIST] = "hang"
    error = await failure(api.kubeconfig(tmp_path / "config"))
    assert error.stage == "timeout" and "in 0.3 s" in str(error)


async def test_pages(api: KubernetesAPI, tmp_path: Path) -> None:
    api.largest_page = 1
    config = api.kubeconfig(tmp_path / "config")
    assert await names(config) == ["a", "b", "c"]
    assert api.requests[POD_LIST] == 3
    api.expiring = 1
    assert await names(config) == ["a", "b", "c"]
    api.expiring = 2
    assert "answered 410" in str(await failure(config))


async def test_a_kind_that_the_cluster_does_not_know(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    metrics = Kind("metrics.k8s.io/v1beta1", "pods")
    way = Connection(str(api.kubeconfig(tmp_path / "config")))
    async with Sources() as sources:
        assert await objects_if_known(sources, way, metrics) is None
        with pytest.raises(ProbeError, match="has no pods of metrics"):
            await objects(sources, way, metrics)
    assert api.requests["/apis/metrics.k8s.io/v1beta1/namespaces/transcripts/pods"] == 1


async def test_secrets_are_hidden(api: KubernetesAPI, tmp_path: Path) -> None:
    secret = {**pod("s"), "kind": "Secret", "data": encoded({"key": "made-up-value"})}
    api.objects.append(secret)
    way = Connection(str(api.kubeconfig(tmp_path / "config")))
    async with Sources() as sources:
        await objects(sources, way, SECRETS)
        assert sources.hidden("it is made-up-value") == "it is [redacted]"


async def test_a_list_is_asked_for_once_and_the_process_ends_with_the_pass(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    way = Connection(str(api.kubeconfig(tmp_path / "config")))
    async with Sources() as sources:
        for _ in range(3):
            await objects(sources, way, PODS)
        running = reading_processes()
        assert len(running) == 1
    assert api.requests == {POD_LIST: 1}
    assert reading_processes() == []


async def test_what_nobody_foresaw_is_said(api: KubernetesAPI, tmp_path: Path) -> None:
    user = {"token": f"{TOKEN}\nhidden"}
    error = await failure(api.kubeconfig(tmp_path / "config", user=user))
    assert str(error) == "the reading process failed: ValueError"


async def test_a_process_that_is_killed(api: KubernetesAPI, tmp_path: Path) -> None:
    way = Connection(str(api.kubeconfig(tmp_path / "config")))
    async with Sources() as sources:
        await objects(sources, way, PODS)
        for pid in reading_processes():
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(ProbeError, match="the reading process has ended"):
            await objects(sources, way, NODES)
