"""The processes that ask a cluster: which of them can change anything."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runbooks.actions.kubernetes.requests import Request, merged, operated, put
from runbooks.actions.kubernetes.ways import Changing, Rehearsing
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.sources import Sources
from tests.runbooks.actions.kubernetes.writable_api import WritableAPI
from tests.runbooks.probes.kubernetes_workloads import NAMESPACE, job

APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/transcript-api"
JOB = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/by-hand"
POD = f"/api/v1/namespaces/{NAMESPACE}/pods"


@pytest.fixture(autouse=True)
def _this_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))


@pytest.fixture
async def sources() -> AsyncIterator[Sources]:
    async with Sources() as sources:
        yield sources


def requests(api: WritableAPI) -> list[Request]:
    """Return one request of each kind that actions make."""
    api.add(job("by-hand"))
    pod = next(each for each in api.objects if each["kind"] == "Pod")["metadata"]
    options = {
        "propagationPolicy": "Background",
        "preconditions": {"uid": "uid-by-hand"},
    }
    new = job("another")
    for key in ("creationTimestamp", "uid"):
        del new["metadata"][key]
    del new["status"]
    new["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod["name"], "namespace": NAMESPACE},
        "deleteOptions": {"preconditions": {"uid": pod["uid"]}},
    }
    return [
        merged(APPS, {"spec": {"paused": True}}, ""),
        operated(f"{APPS}/scale", [put("/spec/replicas", 5)], ""),
        Request("POST", JOB.rpartition("/")[0], new),
        Request("POST", f"{POD}/{pod['name']}/eviction", eviction),
        Request("DELETE", JOB, options),
    ]


async def test_a_rehearsal_stores_nothing(
    api: WritableAPI, tmp_path: Path, sources: Sources
) -> None:
    made = requests(api)
    before = json.dumps(api.objects)
    way = Rehearsing(str(api.kubeconfig(tmp_path / "config")))
    answers = [await way.rehearse(sources, each) for each in made]
    assert [each.status for each in answers] == [200, 200, 201, 201, 200]
    assert json.dumps(api.objects) == before
    assert api.changes == []
    assert len(api.rehearsed) == len(made)


async def test_the_process_of_probes_can_only_look(
    api: WritableAPI, tmp_path: Path, sources: Sources
) -> None:
    made = requests(api)
    api.controller.asleep = True
    before = json.dumps(api.objects)
    way = Connection(str(api.kubeconfig(tmp_path / "config")))
    process, _ = await way._opened(sources)
    more: dict[str, Any] = {"query": {}, "timeout": 5}
    answers = [await process.ask({**each.line, **more}) for each in made]
    # Each is asked as a GET, which an eviction does not have.
    assert [each.status for each in answers] == [200, 400, 200, 400, 200]
    assert json.dumps(api.objects) == before
    assert (api.changes, api.rehearsed) == ([], [])
    assert len(api.violations) == 2
    api.violations.clear()


async def test_what_is_sent_is_done_once(
    api: WritableAPI, tmp_path: Path, sources: Sources
) -> None:
    made = requests(api)
    way = Changing(str(api.kubeconfig(tmp_path / "config")))
    answers = [await way.send(sources, each) for each in made]
    assert [each.status for each in answers] == [200, 200, 201, 201, 200]
    assert len(api.changes) == len(made)
    assert api.rehearsed == []


async def test_a_version_that_has_passed_is_refused(
    api: WritableAPI, tmp_path: Path, sources: Sources
) -> None:
    way = Changing(str(api.kubeconfig(tmp_path / "config")))
    found = api.find("Deployment", "transcript-api")
    assert found
    old = {"metadata": {"resourceVersion": "1"}}
    for request, code in zip(requests(api)[:2], (409, 422), strict=True):
        assert (await way.send(sources, request.at(old))).status == code
        assert (await way.send(sources, request.at(found))).status == 200
