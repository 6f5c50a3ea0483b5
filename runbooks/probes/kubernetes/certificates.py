"""Probe of whether cert-manager renews the certificates that Ingresses show.

See https://cert-manager.io/docs/reference/api-docs/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from runbooks.probes.base import Measurement, measured
from runbooks.probes.kubernetes.application import ApplicationProbe, holds, listed
from runbooks.probes.kubernetes.objects import Kind, Object, api_groups
from runbooks.probes.kubernetes.quantities import age
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.kubernetes.ways_in import (
    INGRESSES,
    SERVICES,
    leading,
    services_of,
    tls_secrets,
)
from runbooks.probes.sources import Sources
from runbooks.results import Reading

GROUP = "cert-manager.io"
CERTIFICATES = Kind(f"{GROUP}/v1", "certificates")
ISSUERS = Kind(f"{GROUP}/v1", "issuers")
CLUSTER_ISSUERS = Kind(f"{GROUP}/v1", "clusterissuers", namespaced=False)


@dataclass(frozen=True, slots=True)
class _Certificate:
    """A Certificate and who issues it.

    Attributes:
        issuer: None where it is not there.
        foreign: whether another controller than cert-manager's own issues it.
    """

    own: Object
    issuer: Object | None
    foreign: bool

    @property
    def signer(self) -> str:
        ref = self.own["spec"]["issuerRef"]
        return f"{ref.get('kind') or 'Issuer'} {ref['name']}"

    @property
    def staging(self) -> bool:
        acme = ((self.issuer or {}).get("spec") or {}).get("acme") or {}
        return "staging" in str(acme.get("server", ""))

    @property
    def renewal(self) -> str:
        return str((self.own.get("status") or {}).get("renewalTime") or "")

    def __str__(self) -> str:
        ready = "Ready" if holds(self.own, "Ready") else "not Ready"
        when = f"renewed at {self.renewal}" if self.renewal else "without a renewal"
        return f"{name_of(self.own)}: {ready}, {when} by {self.signer}"


class CertificatesProbe(ApplicationProbe, frozen=True, kw_only=True):
    """Measures how the certificates of a component's Ingresses are renewed.

    Source: ``spec.tls`` of the Ingresses that lead to it; cert-manager's Certificates
    that make these Secrets, and their Issuers. Secrets are not read.

    Readings:
        certificates: Certificates for these Ingresses; absent when there are none,
            or no cert-manager.
        by_hand: Secrets with certificates that no Certificate makes.
        unready: Certificates that are not Ready.
        overdue: how long ago one should have been renewed, in seconds, 0 while all
            are to come; absent where no Certificate has a time for it.
        unready_issuers: their Issuers that are not Ready, or not there. Those of
            other controllers than cert-manager's are not looked for.
        staging: Certificates that a staging server of ACME issues, which browsers
            do not trust.

    Raises:
        ProbeError: the cluster cannot be asked, or a component has no Deployment.
    """

    components: tuple[str, ...] = ("api",)

    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("certificates", "by_hand", "unready"), ""),
        **dict.fromkeys(("unready_issuers", "staging"), ""),
        "overdue": "s",
    }
    naming: ClassVar[frozenset[str]] = frozenset(readings) - {"overdue"}

    async def measure(self, sources: Sources) -> Measurement:
        found = await self.workloads(sources)
        services, ingresses = await self.lists(sources, SERVICES, INGRESSES)
        leads = leading(self, ingresses, services_of(found, services))
        wanted = dict.fromkeys(name for each in leads for name in tls_secrets(each))
        ours = await self._certificates(sources, wanted)
        made = {each.own["spec"]["secretName"] for each in ours}
        late = [age(each.renewal) for each in ours if each.renewal]
        broken = (
            each.signer
            for each in ours
            if not each.foreign and not (each.issuer and holds(each.issuer, "Ready"))
        )
        by_hand = [name for name in wanted if name not in made]
        lines = [*map(str, ours), *(f"{name}: no Certificate" for name in by_hand)]
        return measured(
            "\n".join(lines) or "no Ingress names a certificate",
            listed("certificates", (name_of(each.own) for each in ours)),
            listed("by_hand", by_hand),
            listed(
                "unready", (name_of(e.own) for e in ours if not holds(e.own, "Ready"))
            ),
            Reading("overdue", max(0.0, *late) if late else None, "s"),
            listed("unready_issuers", broken),
            listed("staging", (name_of(each.own) for each in ours if each.staging)),
        )

    async def _certificates(
        self, sources: Sources, secrets: Iterable[str]
    ) -> list[_Certificate]:
        """Return the Certificates that make these Secrets."""
        # Who may not list a kind is told so even where the cluster does not know it.
        known = GROUP in await api_groups(sources, self.connection)
        there = await self.objects(sources, CERTIFICATES) if known else []
        ours = [each for each in there if each["spec"]["secretName"] in secrets]
        # A login that may not list Issuers of a kind that nobody uses needs no right.
        used = {_kind(each) for each in ours}
        issuers = {
            kind: {name_of(each): each for each in await self.objects(sources, kind)}
            for kind in (ISSUERS, CLUSTER_ISSUERS)
            if kind in used
        }
        return [
            _Certificate(
                each, issuers[kind].get(_issuer(each)) if kind else None, not kind
            )
            for each in ours
            for kind in [_kind(each)]
        ]


def _kind(certificate: Object) -> Kind | None:
    """Return the kind of a Certificate's Issuer, None if it is not cert-manager's."""
    ref = certificate["spec"]["issuerRef"]
    if (ref.get("group") or GROUP) != GROUP:
        return None
    return CLUSTER_ISSUERS if ref.get("kind") == "ClusterIssuer" else ISSUERS


def _issuer(certificate: Object) -> str:
    return str(certificate["spec"]["issuerRef"]["name"])
