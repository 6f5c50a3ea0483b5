"""Probe of how old the Secrets are that pods of components use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.durations import seconds
from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.objects import (
    SECRETS_METADATA,
    Kind,
    Object,
    api_groups,
    objects_if_known,
)
from runbooks.probes.kubernetes.quantities import age
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.templates import secrets_of
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

EXTERNAL_SECRETS = Kind("external-secrets.io/v1", "externalsecrets")
_BEFORE = Kind("external-secrets.io/v1beta1", "externalsecrets")
"""The same of operators before 0.16."""


class SecretAgesProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures when the Secrets that pods cannot do without were last written.

    Source: metadata of the Secrets: the newest time in ``managedFields`` of whoever
    wrote ``data``, else ``creationTimestamp``; values are not read. ExternalSecrets of
    the External Secrets Operator: how often they are refreshed. That a Secret is young
    does not show that its value is.

    Readings:
        secrets: how many the pod templates refer to.
        oldest: how long ago the oldest of them was written, in seconds; absent where
            there is none.
        missing: those that are referred to and not there.
        refreshed: those that an ExternalSecret refreshes again and again.
        interval: the longest time between two refreshes, in seconds; absent where
            nothing is refreshed.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("secrets", "missing", "refreshed"), ""),
        **dict.fromkeys(("oldest", "interval"), "s"),
    }
    naming: ClassVar[frozenset[str]] = frozenset({"missing", "refreshed"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        wanted = dict.fromkeys(n for each in found for n in secrets_of(each.template))
        there = {
            name_of(each): age(_written(each))
            for each in await self.objects(sources, SECRETS_METADATA)
        }
        external = await self._external_secrets(sources)
        intervals = {_target(each): _interval(each) for each in external}
        intervals = {n: i for n, i in intervals.items() if n in wanted and i}
        ages = {name: there[name] for name in wanted if name in there}
        missing = [name for name in wanted if name not in there]
        lines = [
            f"{name}: written {shown(Reading('oldest', each, 's'))} ago"
            + (f", refreshed every {intervals[name]:g} s" if name in intervals else "")
            for name, each in ages.items()
        ]
        lines += [f"{name}: not there" for name in missing]
        return measured(
            "\n".join(lines) or "the pods refer to no Secret",
            Reading("secrets", len(wanted)),
            Reading("oldest", max(ages.values(), default=None), "s"),
            listed("missing", missing),
            listed("refreshed", intervals),
            Reading("interval", max(intervals.values(), default=None), "s"),
        )

    async def _external_secrets(self, sources: Sources) -> list[Object]:
        """Return the ExternalSecrets, none where the cluster does not know them."""
        # Who may not list a kind is told so even where the cluster does not know it.
        known = await api_groups(sources, self.connection)
        if EXTERNAL_SECRETS.group not in known:
            return []
        found = await objects_if_known(sources, self.connection, EXTERNAL_SECRETS)
        return await self.objects(sources, _BEFORE) if found is None else found


def _written(secret: Object) -> str:
    """Return when the data of a Secret was last written."""
    metadata = secret["metadata"]
    times = [
        entry["time"]
        for entry in metadata.get("managedFields") or []
        if entry.get("time") and "f:data" in (entry.get("fieldsV1") or {})
    ]
    return str(max(times, default=metadata["creationTimestamp"]))


def _target(external: Object) -> str:
    """Return the Secret that an ExternalSecret makes."""
    target = external["spec"].get("target") or {}
    return str(target.get("name") or name_of(external))


def _interval(external: Object) -> float:
    """Return the seconds between two refreshes, 0 where there is no second one."""
    spec = external["spec"]
    if spec.get("refreshPolicy", "Periodic") != "Periodic":
        return 0.0
    try:
        return seconds(str(spec.get("refreshInterval", "1h")))
    except ValueError:  # such as "0"
        return 0.0
