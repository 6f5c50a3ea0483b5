"""Probe of how many pods a drained node may take away."""

from __future__ import annotations

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.kubernetes_api import KubernetesAPI, Object
from tests.runbooks.probes.kubernetes_looks import Look
from tests.runbooks.probes.kubernetes_scaling import budget
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    deployment,
    labels,
    pods,
)


async def test_budgets(look: Look, cluster: Cluster) -> None:
    seen = await look("disruption_budgets")
    assert (seen.missing, seen.kept, seen.allowed) == ("api, worker", None, None)
    cluster.rest += [budget("api", 2, 3), budget("worker", 1, 2)]
    seen = await look("disruption_budgets")
    assert (seen.missing, seen.repeated, seen.empty) == (None, None, None)
    assert (seen.kept, seen.allowed) == (1, 1)
    seen = await look("disruption_budgets", components=["api"])
    assert (seen.kept, seen.allowed, seen.empty) == (2, 1, None)
    said = "transcript-api-pdb (minAvailable 2): transcript-api, 3 of 3 healthy"
    assert said in seen.measurement.evidence


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"app": "transcript-api"}},
        None,
        {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]},
    ],
)
async def test_budgets_that_select_nothing(
    look: Look, cluster: Cluster, selector: Object | None
) -> None:
    cluster.rest.append(made := budget("api", 2, 0))
    made["spec"].pop("selector")
    if selector is not None:
        made["spec"]["selector"] = selector
    seen = await look("disruption_budgets", components=["api"])
    assert (seen.missing, seen.empty) == ("api", "transcript-api-pdb")
    assert (seen.kept, seen.allowed) == (None, None)


async def test_budgets_in_each_others_way(look: Look, cluster: Cluster) -> None:
    everything = budget("everything", 5, 5)
    everything["spec"]["selector"] = {}
    cluster.rest += [budget("worker", 1, 2), everything]
    seen = await look("disruption_budgets")
    assert (seen.missing, seen.allowed) == (None, 0)
    assert seen.repeated == "transcript-worker"


async def test_a_budget_of_something_else(look: Look, cluster: Cluster) -> None:
    database = deployment("db", 1, cluster.spec("api"))
    cluster.rest += [*pods(database, ("a",)), other := budget("db", 1, 1)]
    assert (await look("disruption_budgets")).empty is None
    cluster.api_pods = []
    cluster.rest.append(budget("api", 2, 0))
    assert (await look("disruption_budgets")).empty is None
    other["spec"]["selector"] = {"matchLabels": labels("web")}
    assert (await look("disruption_budgets")).empty == "transcript-db-pdb"


@pytest.mark.parametrize("seen_before", [{}, {"observedGeneration": 1}])
async def test_a_budget_that_nobody_has_looked_at(
    look: Look, cluster: Cluster, seen_before: Object
) -> None:
    cluster.rest.append(made := budget("api", 2, 3))
    made["metadata"]["generation"] = 2
    del made["status"]["observedGeneration"]
    made["status"] |= seen_before
    with pytest.raises(ProbeError, match="has not looked at transcript-api-pdb"):
        await look("disruption_budgets")


async def test_budgets_that_cannot_be_listed(
    look: Look, kubernetes: KubernetesAPI
) -> None:
    kubernetes.denied = {"poddisruptionbudgets"}
    with pytest.raises(ProbeError, match="no permission to list poddisr") as caught:
        await look("disruption_budgets")
    assert 'apiGroups: ["policy"]' in caught.value.__notes__[0]
