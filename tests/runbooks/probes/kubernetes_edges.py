"""What stands around the application in a healthy cluster: ways in, certificates,
Secrets, quotas, Events.

Shapes: the API's reference, and those of cert-manager and External Secrets.
"""

from __future__ import annotations

from typing import Any

from tests.runbooks.probes.kubernetes_api import Object
from tests.runbooks.probes.kubernetes_workloads import (
    ago,
    clustered,
    labels,
    made,
)

HOST = "api.transcripts.test"
TLS = "transcript-tls-cert"
NGINX = "nginx.ingress.kubernetes.io"


def service(name: str = "transcript-api", **spec: Any) -> Object:
    port = {"name": "http", "port": 8000, "protocol": "TCP", "targetPort": 8000}
    spec = {"selector": labels("api"), "ports": [port], "type": "ClusterIP", **spec}
    return made("Service", "v1", name, spec=spec, status={"loadBalancer": {}})


def ingress_class(name: str = "nginx", **metadata: Any) -> Object:
    spec = {"controller": "k8s.io/ingress-nginx"}
    api = "networking.k8s.io/v1"
    return clustered("IngressClass", api, name, metadata=metadata, spec=spec)


def ingress(name: str = "transcript-ingress", **annotations: str) -> Object:
    """Return an Ingress; names of annotations may have ``_`` for ``-``."""
    told = {f"{NGINX}/{k.replace('_', '-')}": v for k, v in annotations.items()}
    backend = {"service": {"name": "transcript-api", "port": {"number": 8000}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return made(
        "Ingress",
        "networking.k8s.io/v1",
        name,
        metadata={"annotations": told},
        spec={
            "ingressClassName": "nginx",
            "rules": [{"host": HOST, "http": {"paths": [path]}}],
            "tls": [{"hosts": [HOST], "secretName": TLS}],
        },
        status={"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}},
    )


def endpoint_slice(
    *ready: bool | None, owner: str = "transcript-api", family: str = "IPv4"
) -> Object:
    """Return a slice with an endpoint for each; None leaves open whether it is."""
    endpoints = [
        {
            "addresses": [f"10.0.0.{n}" if family == "IPv4" else f"fd00::{n}"],
            "conditions": {} if each is None else {"ready": each},
            "targetRef": {"kind": "Pod", "name": f"{owner}-5b7d-{n}"},
        }
        for n, each in enumerate(ready)
    ]
    return made(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        f"{owner}-{family.lower()}",
        metadata={"labels": {"kubernetes.io/service-name": owner}},
        addressType=family,
        endpoints=endpoints,
        ports=[{"name": "http", "port": 8000, "protocol": "TCP"}],
    )


def ready(state: str = "True") -> list[Object]:
    return [{"type": "Ready", "status": state, "lastTransitionTime": ago(days=3)}]


def certificate(
    name: str = TLS, *, renewal: str = "", issuer: Object | None = None
) -> Object:
    reference = issuer or {"kind": "ClusterIssuer", "name": "letsencrypt-prod"}
    return made(
        "Certificate",
        "cert-manager.io/v1",
        name,
        spec={"secretName": name, "dnsNames": [HOST], "issuerRef": reference},
        status={"conditions": ready(), "renewalTime": renewal or ago(days=-30)},
    )


def issuer(name: str = "letsencrypt-prod", kind: str = "ClusterIssuer") -> Object:
    server = "https://acme-v02.api.letsencrypt.org/directory"
    make = clustered if kind == "ClusterIssuer" else made
    return make(
        kind,
        "cert-manager.io/v1",
        name,
        spec={"acme": {"server": server}},
        status={"conditions": ready()},
    )


def event(name: str, reason: str, about: str, **more: Any) -> Object:
    """Return a Warning about a pod."""
    said = {"type": "Warning", "count": 1, "lastTimestamp": ago(minutes=5), **more}
    involved = {"kind": "Pod", "name": about, "namespace": "transcripts"}
    return made("Event", "v1", name, reason=reason, involvedObject=involved, **said)


def secret(name: str, *, written: str = "", **metadata: Any) -> Object:
    """Return a Secret whose data somebody wrote then, later than anything else."""
    entries = [
        {
            "manager": "kubectl",
            "operation": "Update",
            "apiVersion": "v1",
            "time": time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        }
        for time, fields in (
            (written or ago(days=9), {"f:data": {".": {}}, "f:type": {}}),
            (ago(hours=1), {"f:metadata": {"f:labels": {}}}),
        )
    ]
    held = {"managedFields": entries, **metadata}
    return made("Secret", "v1", name, metadata=held, data={"key": "bWFkZS11cA=="})


def external_secret(name: str, interval: str = "1h", **spec: Any) -> Object:
    said = {"refreshInterval": interval, "target": {"name": name}, **spec}
    api = "external-secrets.io/v1"
    return made("ExternalSecret", api, f"{name}-from-vault", spec=said)


def quota(name: str = "storage", **hard: str) -> Object:
    """Return a ResourceQuota of 1 TiB of which half is taken."""
    bound = {"requests.storage": "1Ti", **hard}
    taken = {"requests.storage": "512Gi"}
    spec = {"hard": bound}
    status = {"hard": bound, "used": taken}
    return made("ResourceQuota", "v1", name, spec=spec, status=status)


def api_server(*flags: str) -> Object:
    """Return the static pod of an API server that is given these flags."""
    own = {"name": "kube-apiserver", "command": ["kube-apiserver", *flags]}
    marks = {"component": "kube-apiserver", "tier": "control-plane"}
    named = {"labels": marks, "namespace": "kube-system"}
    spec = {"containers": [own]}
    return made("Pod", "v1", "kube-apiserver-a", metadata=named, spec=spec)


def edges() -> list[Object]:
    """Return the healthy ones."""
    forced = ingress(force_ssl_redirect="true", limit_rps="100")
    return [
        service(),
        ingress_class(),
        forced,
        endpoint_slice(True, True, True),
        certificate(),
        issuer(),
        quota(),
        api_server("--encryption-provider-config=/etc/kubernetes/enc.yaml"),
    ]
