"""Probe of what ingress-nginx is told by annotations of Ingresses.

See https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, listed
from runbooks.probes.kubernetes.objects import Object
from runbooks.probes.kubernetes.selectors import annotations_of, name_of
from runbooks.probes.kubernetes.ways_in import (
    INGRESS_CLASSES,
    INGRESSES,
    SERVICES,
    controller,
    leading,
    services_of,
    without_tls,
)
from runbooks.probes.sources import Sources
from runbooks.results import Reading

CONTROLLERS = ("k8s.io/ingress-nginx", "nginx")
"""Of its IngressClass, or the class by which the old annotation names it."""
_PREFIX = "nginx.ingress.kubernetes.io"


class IngressNginxProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures what annotations tell ingress-nginx about a component's Ingresses.

    Source: annotations of the Ingresses that lead to it. What the controller's own
    ConfigMap says is not read, nor are annotations of other controllers.

    Readings:
        ingresses: how many of them belong to ingress-nginx.
        others: controllers of those that do not.
        unredirected: Ingresses that answer plain http: ``ssl-redirect`` is off, or a
            host has no certificate, and ``force-ssl-redirect`` is not on.
        limited: whether each of them limits how often a client may ask.
        limit: the highest number of requests a second that one allows; absent where
            one allows any number, or there is none.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    components: tuple[str, ...] = ("api",)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("ingresses", "others", "unredirected", "limited", "limit"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"others", "unredirected"})

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        services, ingresses, classes = await self.lists(
            sources, SERVICES, INGRESSES, INGRESS_CLASSES
        )
        leads = leading(self, ingresses, services_of(found, services))
        ours = [each for each in leads if controller(each, classes) in CONTROLLERS]
        others = [controller(e, classes) or "none" for e in leads if e not in ours]
        limits = [_limit(each) for each in ours]
        limited = bool(limits) and None not in limits
        lines = [
            f"{name_of(each)}: {_told(each) or 'nothing said'}"
            + (f"; no certificate for {', '.join(bare)}" if bare else "")
            for each in ours
            for bare in [without_tls(each)]
        ]
        lines += [f"annotations for {each} are not read" for each in others]
        return measured(
            "\n".join(lines) or "no Ingress",
            Reading("ingresses", len(ours)),
            listed("others", others),
            listed("unredirected", (name_of(e) for e in ours if not _redirects(e))),
            Reading("limited", limited),
            Reading("limit", max(filter(None, limits)) if limited else None),
        )


def _said(ingress: Object, name: str) -> str:
    return annotations_of(ingress).get(f"{_PREFIX}/{name}", "")


def _redirects(ingress: Object) -> bool:
    if _said(ingress, "force-ssl-redirect") == "true":
        return True
    return _said(ingress, "ssl-redirect") != "false" and not without_tls(ingress)


def _limit(ingress: Object) -> float | None:
    """Return how many requests a second a client may make, None without a limit."""
    limits = []
    for name, seconds in (("limit-rps", 1), ("limit-rpm", 60)):
        said = _said(ingress, name)
        if said.isdecimal() and int(said):
            limits.append(int(said) / seconds)
    return min(limits, default=None)


def _told(ingress: Object) -> str:
    """Return the annotations that are looked at, as they are written."""
    names = ("ssl-redirect", "force-ssl-redirect", "limit-rps", "limit-rpm")
    return ", ".join(f"{n}={_said(ingress, n)}" for n in names if _said(ingress, n))
