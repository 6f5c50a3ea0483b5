"""Probe of whether the API server encrypts the Secrets that it stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from msgspec.structs import replace

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ClusterProbe
from runbooks.probes.kubernetes.objects import PODS, Object
from runbooks.probes.kubernetes.selectors import labels_of, name_of
from runbooks.probes.sources import Sources
from runbooks.results import Reading

SYSTEM = "kube-system"
"""Namespace of the control plane, where a cluster runs it in pods."""
_FLAG = "--encryption-provider-config"


class EncryptionProbe(ClusterProbe, frozen=True, kw_only=True):
    """Measures whether the API server was given a configuration of encryption.

    Source: command and arguments of the pods in kube-system with the label
    ``component=kube-apiserver``, see
    https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/. What stands in
    that configuration is not seen, such as ``identity``, which encrypts nothing, in
    its first place. A managed cluster shows no such pod; its provider says more.

    Readings:
        servers: pods of the API server that are seen.
        encrypted: whether each of them was; absent where none is seen.

    Raises:
        ProbeError: the cluster cannot be asked.
    """

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(("servers", "encrypted"), "")

    async def measure(self, sources: Sources) -> Measurement:
        there = await replace(self, namespace=SYSTEM).objects(sources, PODS)
        servers = [
            each
            for each in there
            if labels_of(each).get("component") == "kube-apiserver"
        ]
        given = {name_of(each): _FLAG in _flags(each) for each in servers}
        lines = [
            f"{name}: {_FLAG} is {'given' if said else 'not given'}"
            for name, said in given.items()
        ]
        return measured(
            "\n".join(lines) or f"{SYSTEM} shows no pod of the API server",
            Reading("servers", len(servers)),
            Reading("encrypted", all(given.values()) if given else None),
        )


def _flags(pod: Object) -> Iterator[str]:
    """Yield the flags of a pod's containers, without their values."""
    for container in pod["spec"]["containers"]:
        for kind in ("command", "args"):
            for argument in container.get(kind) or []:
                yield argument.partition("=")[0]
