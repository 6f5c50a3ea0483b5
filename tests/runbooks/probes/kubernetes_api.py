"""A Kubernetes API server that answers as the API's reference says, and is strict.

It serves objects as manifests give them: lists in pages, metadata alone, one by its
name, access reviews, logs, the groups of kinds, ``/version`` and ``/readyz``. What no
probe may ask — another method, an unknown path, an unknown query parameter — is kept in
`violations`.

Shapes: https://kubernetes.io/docs/reference/kubernetes-api/ and
https://kubernetes.io/docs/reference/using-api/api-concepts/.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Object = dict[str, Any]
TOKEN = "a-service-account-token"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
CLUSTER = {
    "Node": "v1/nodes",
    "Namespace": "v1/namespaces",
    "PersistentVolume": "v1/persistentvolumes",
    "StorageClass": "storage.k8s.io/v1/storageclasses",
    "IngressClass": "networking.k8s.io/v1/ingressclasses",
    "ClusterIssuer": "cert-manager.io/v1/clusterissuers",
    "NodePool": "karpenter.sh/v1/nodepools",
}
NAMESPACED = {
    "ConfigMap": "v1/configmaps",
    "ControllerRevision": "apps/v1/controllerrevisions",
    "CronJob": "batch/v1/cronjobs",
    "DaemonSet": "apps/v1/daemonsets",
    "Deployment": "apps/v1/deployments",
    "EndpointSlice": "discovery.k8s.io/v1/endpointslices",
    "Event": "v1/events",
    "HorizontalPodAutoscaler": "autoscaling/v2/horizontalpodautoscalers",
    "ExternalSecret": "external-secrets.io/v1/externalsecrets",
    "Ingress": "networking.k8s.io/v1/ingresses",
    "Job": "batch/v1/jobs",
    "LimitRange": "v1/limitranges",
    "NetworkPolicy": "networking.k8s.io/v1/networkpolicies",
    "PersistentVolumeClaim": "v1/persistentvolumeclaims",
    "Pod": "v1/pods",
    "PodDisruptionBudget": "policy/v1/poddisruptionbudgets",
    "ReplicaSet": "apps/v1/replicasets",
    "ResourceQuota": "v1/resourcequotas",
    "Secret": "v1/secrets",
    "ScaledObject": "keda.sh/v1alpha1/scaledobjects",
    "Service": "v1/services",
    "StatefulSet": "apps/v1/statefulsets",
    "Certificate": "cert-manager.io/v1/certificates",
    "Issuer": "cert-manager.io/v1/issuers",
    "PodMetrics": "metrics.k8s.io/v1beta1/pods",
}
BEFORE = {"ExternalSecret": "external-secrets.io/v1beta1/externalsecrets"}
"""The same kinds in versions that older operators serve."""
OPTIONAL = (
    "cert-manager.io",
    "external-secrets.io",
    "metrics.k8s.io",
    "karpenter.sh",
    "keda.sh",
)
"""Groups that not every cluster has; a fake has those of its objects."""
LISTING = {"limit", "continue", "labelSelector", "fieldSelector"}
FIELDS = {"metadata.name", "involvedObject.uid"}
"""Those that are asked for here; the API knows more, by kind."""
LOGGING = {
    *("container", "tailLines", "sinceSeconds", "timestamps", "limitBytes"),
    "previous",
}
ATTRIBUTES = {"group", "resource", "subresource", "verb", "namespace", "name"}
"""Of a review that are asked here; the API knows more."""


class KubernetesAPI:
    """One API server on loopback.

    Attributes:
        objects: what is there; change it freely between looks.
        groups: optional groups that are installed though they have no object.
        denied: plurals that this login may not list, or ``pods/log``.
        broken: by path, how it answers instead: a status, ``garbage`` or ``hang``.
        logs: by name of a pod, lines that begin with the time of the kubelet.
        previous: the same of the container that ran before.
        metrics: by path below ``/apis/custom.metrics.k8s.io``, the value.
        version, ready: what ``/version`` and ``/readyz`` say.
        largest_page: objects of one answer, whatever limit was asked for.
        expiring: how many requests that go on with a list come too late.
        requests: how often each path was asked.
        violations: what no probe may ask.
    """

    def __init__(self, objects: list[Object]) -> None:
        self.objects = objects
        self.groups: set[str] = set()
        self.denied: set[str] = set()
        self.broken: dict[str, int | str] = {}
        self.logs: dict[str, str] = {}
        self.previous: dict[str, str] = {}
        self.metrics: dict[str, str] = {}
        self.token = TOKEN
        self.version = {"major": "1", "minor": "31", "gitVersion": "v1.31.2"}
        self.ready = True
        self.largest_page = 500
        self.expiring = 0
        self.requests: Counter[str] = Counter()
        self.violations: list[str] = []
        self.stopping = threading.Event()
        self.url = ""

    def kubeconfig(self, path: Path, **changes: Any) -> Path:
        """Write a kubeconfig that leads here; *changes* replace its user."""
        user = changes.pop("user", {"token": TOKEN})
        cluster = {"server": changes.pop("server", self.url), **changes}
        context = {"cluster": "here", "user": "me", "namespace": "transcripts"}
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "here", "cluster": cluster}],
                    "users": [{"name": "me", "user": user}],
                    "contexts": [{"name": "production", "context": context}],
                    "current-context": "production",
                }
            )
        )
        return path

    def answer(self, path: str, query: dict[str, str], accept: str) -> tuple[int, Any]:
        """Return status and body, a text or what becomes JSON."""
        if path == "/version":
            return 200, self.version
        if path == "/readyz":
            return (200, "ok") if self.ready else (500, "[-]etcd failed")
        if path == "/apis":
            return 200, self._groups()
        parts = path.strip("/").split("/")
        if parts[0] == "apis" and parts[1] == "custom.metrics.k8s.io":
            return self._metric(path)
        api, rest = _split(parts)
        if rest[:1] == ["namespaces"] and rest[-1] == "log" and len(rest) == 5:
            return self._log(rest[1], rest[3], query)
        if rest[:1] == ["namespaces"] and len(rest) == 3:
            return self._list(f"{api}/{rest[2]}", rest[1], NAMESPACED, query, accept)
        if rest[:1] == ["namespaces"] and len(rest) == 4:
            return self._one(f"{api}/{rest[2]}", rest[1], rest[3], query)
        if rest[:1] == ["namespaces"] and len(rest) == 2:
            return self._one(f"{api}/namespaces", None, rest[1], query)
        if len(rest) == 1:
            resource = f"{api}/{rest[0]}"
            if resource in NAMESPACED.values():  # those of every namespace
                return self._list(resource, None, NAMESPACED, query, accept)
            return self._list(resource, "", CLUSTER, query, accept)
        return self._wrong(f"unknown path {path}")

    def review(self, body: Object) -> tuple[int, Any]:
        spec = body.get("spec", {}).get("resourceAttributes") or {}
        api = "authorization.k8s.io/v1"
        said = (body.get("apiVersion"), body.get("kind"))
        if said != (api, "SelfSubjectAccessReview") or set(body["spec"]) != {
            "resourceAttributes"
        }:
            return self._wrong(f"no access review: {body}")
        if not (spec.get("verb") and spec.get("resource")):
            return self._wrong(f"a review of nothing: {body}")
        if extra := set(spec) - ATTRIBUTES:
            return self._wrong(f"unknown attributes {extra} of a review")
        resource = "/".join(filter(None, (spec["resource"], spec.get("subresource"))))
        allowed = resource not in self.denied
        return 201, {**body, "metadata": {}, "status": {"allowed": allowed}}

    def _list(
        self,
        resource: str,
        namespace: str | None,
        kinds: dict[str, str],
        query: dict[str, str],
        accept: str,
    ) -> tuple[int, Any]:
        known = [*kinds.items(), *BEFORE.items()]
        kind = next((name for name, path in known if path == resource), "")
        if not kind:
            return self._wrong(f"unknown resource {resource}")
        if extra := set(query) - LISTING:
            return self._wrong(f"unknown query {extra} of {resource}")
        api, _, plural = resource.rpartition("/")
        group = api.partition("/")[0]
        if plural in self.denied:
            return status(403, "Forbidden", f'{plural} is forbidden: User "me" cannot')
        served = {each["apiVersion"] for each in self.objects}
        if group in OPTIONAL and group not in self.groups and api not in served:
            return 404, "404 page not found\n"
        if "continue" in query and self.expiring:
            self.expiring -= 1
            return status(410, "Expired", "The provided continue parameter is too old")
        found = [
            each
            for each in self.objects
            if each["apiVersion"] == api
            and each["kind"] == kind
            and namespace in (None, each["metadata"].get("namespace", ""))
            and _selected(each, query.get("labelSelector", ""))
            and self._has_fields(each, query.get("fieldSelector", ""))
        ]
        start = int(query.get("continue", 0))
        end = start + min(int(query.get("limit", 10**9)), self.largest_page)
        metadata = {"resourceVersion": "4711"}
        if end < len(found):
            metadata["continue"] = str(end)
        items = [
            {k: v for k, v in each.items() if k not in ("apiVersion", "kind")}
            for each in found[start:end]
        ]
        if accept == METADATA:
            items = [{"metadata": each["metadata"]} for each in items]
            api, kind = "meta.k8s.io/v1", "PartialObjectMetadata"
        return 200, {
            "apiVersion": api,
            "kind": f"{kind}List",
            "metadata": metadata,
            "items": items,
        }

    @property
    def _installed(self) -> set[str]:
        objects = {each["apiVersion"].split("/")[0] for each in self.objects}
        return self.groups | objects

    def _groups(self) -> Object:
        """Return the groups of kinds, which any login may ask for."""
        known = {each.split("/")[0] for each in (CLUSTER | NAMESPACED).values()}
        found = known - {"v1", *OPTIONAL} | self._installed - {"v1"}
        groups = [{"name": name, "versions": []} for name in sorted(found)]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def _one(
        self, resource: str, namespace: str | None, name: str, query: dict[str, str]
    ) -> tuple[int, Any]:
        plural = resource.rpartition("/")[2]
        there = CLUSTER if namespace is None else NAMESPACED
        kinds = [kind for kind, known in there.items() if known == resource]
        if query or not kinds:
            return self._wrong(f"unknown resource {resource} or query {query}")
        if plural in self.denied:
            return status(403, "Forbidden", f'{plural} "{name}" is forbidden')
        for each in self.objects:
            where = each["metadata"].get("namespace"), each["metadata"]["name"]
            if (each["kind"], *where) == (kinds[0], namespace, name):
                return 200, each
        return status(404, "NotFound", f'{plural} "{name}" not found')

    def _has_fields(self, each: Object, selector: str) -> bool:
        """Whether an object has every ``path=value`` of a field selector."""
        for pair in filter(None, selector.split(",")):
            path, _, wanted = pair.partition("=")
            if path not in FIELDS:
                self.violations.append(f"field label not supported: {path}")
            value: Any = each
            for key in path.split("."):
                value = value.get(key, {})
            if value != wanted:
                return False
        return True

    def change(
        self, method: str, path: str, query: dict[str, str], kind: str, body: Any
    ) -> tuple[int, Any, dict[str, str]] | None:
        """Return status, body and headers of a write; None to hang up instead.

        Args:
            kind: Content-Type of what was sent.
        """
        self.violations.append(f"{method} {path}")
        return *status(405, "MethodNotAllowed", "nothing is written"), {}

    def watch(self, path: str, query: dict[str, str]) -> Iterator[Object | int | bytes]:
        """Yield the events of a watch; a status instead of the first refuses it.

        Bytes are less than an event.
        """
        self.violations.append(f"watch {path}")
        yield 405

    def _log(self, namespace: str, pod: str, query: dict[str, str]) -> tuple[int, Any]:
        if extra := set(query) - LOGGING:
            return self._wrong(f"unknown query {extra} of a log")
        if "pods/log" in self.denied:
            return status(403, "Forbidden", "pods/log is forbidden")
        found = [
            each["spec"]["containers"]
            for each in self.objects
            if each["kind"] == "Pod"
            and (each["metadata"]["namespace"], each["metadata"]["name"])
            == (namespace, pod)
        ]
        if not found:
            return status(404, "NotFound", f'pods "{pod}" not found')
        names = [each["name"] for each in found[0]]
        if query.get("container", "" if len(names) > 1 else names[0]) not in names:
            return self._wrong(f"a container must be specified for pod {pod}: {query}")
        kept = self.previous if query.get("previous") == "true" else self.logs
        if pod not in kept:
            said = f'container in pod "{pod}" is waiting to start or never ran before'
            return status(400, "BadRequest", said)
        return 200, _logged(kept[pod], query)

    def _metric(self, path: str) -> tuple[int, Any]:
        below = path.removeprefix("/apis/custom.metrics.k8s.io")
        if below not in self.metrics:
            return status(404, "NotFound", "the server could not find the metric")
        value = {"metricName": below.rpartition("/")[2], "value": self.metrics[below]}
        return 200, {"kind": "MetricValueList", "items": [value]}

    def _wrong(self, what: str) -> tuple[int, Any]:
        self.violations.append(what)
        return 400, what


def _logged(text: str, query: dict[str, str]) -> str:
    """Return the lines of a log that a query asks for, as a kubelet does."""
    lines = text.splitlines(keepends=True)
    if "sinceSeconds" in query:
        since = datetime.now(UTC) - timedelta(seconds=int(query["sinceSeconds"]))
        lines = [
            each
            for each in lines
            if datetime.fromisoformat(each.partition(" ")[0]) >= since
        ]
    if "tailLines" in query:
        lines = lines[max(0, len(lines) - int(query["tailLines"])) :]
    if query.get("timestamps") != "true":
        lines = [each.partition(" ")[2] for each in lines]
    return "".join(lines)[: int(query.get("limitBytes", len(text)))]


def status(code: int, reason: str, message: str) -> tuple[int, Object]:
    """Return a failure as the API server words it."""
    return code, {
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }


@contextmanager
def kubernetes_api(
    objects: list[Object], tls: ssl.SSLContext | None = None
) -> Iterator[KubernetesAPI]:
    """Serve *objects* until the block is left."""
    api = KubernetesAPI(objects)
    with serving(api, tls):
        yield api


@contextmanager
def serving(api: KubernetesAPI, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Serve *api* until the block is left."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    api.url = f"{scheme}://127.0.0.1:{server.server_port}"
    server.daemon_threads = True
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        api.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(api: KubernetesAPI) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two parts, and each would wait for the other.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query))
            if query.get("watch") == "true":
                self._stream(url.path, query)
                return
            self._reply(url.path, lambda: api.answer(url.path, query, self._accept))

        def do_POST(self) -> None:
            if self.path != REVIEWS:
                self._write()
                return
            body = self._body
            self._reply(self.path, lambda: api.review(body))

        def _write(self) -> None:
            url = urlsplit(self.path)
            query, body = dict(parse_qsl(url.query)), self._body
            kind = self.headers["Content-Type"]
            self._reply(
                url.path,
                lambda: api.change(self.command, url.path, query, kind, body),
            )

        do_PUT = do_PATCH = do_DELETE = do_HEAD = _write

        @property
        def _body(self) -> Any:
            length = int(self.headers["Content-Length"] or 0)
            return json.loads(self.rfile.read(length)) if length else None

        def _stream(self, path: str, query: dict[str, str]) -> None:
            """Send events as they come, each a line and a chunk."""
            api.requests[f"watch {path}"] += 1
            self.close_connection = True
            events = api.watch(path, query)
            first = next(events, None)
            if isinstance(first, int):
                self._send(*status(first, "Failed", "no watch"))
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while first is not None:
                    drop = isinstance(first, bytes)
                    line = first if drop else json.dumps(first).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()
                    first = next(events, None)
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                return

        @property
        def _accept(self) -> str:
            return str(self.headers["Accept"])

        def _reply(self, path: str, answer: Any) -> None:
            api.requests[path] += 1
            if not self._known():
                self._send(*status(401, "Unauthorized", "Unauthorized"))
                return
            match api.broken.get(path):
                case "hang":
                    api.stopping.wait(30)
                    self.close_connection = True
                case "garbage":
                    self._send(200, "<html>a proxy's page</html>")
                case int(code):
                    self._send(*status(code, "InternalError", "etcdserver: no leader"))
                case _:
                    found = answer()
                    if found is None:
                        self.close_connection = True
                    else:
                        self._send(*found)

        def _known(self) -> bool:
            """Whether the login is known, by a token or by a certificate."""
            tls = (
                self.connection if isinstance(self.connection, ssl.SSLSocket) else None
            )
            if tls and tls.getpeercert():
                return True
            return bool(self.headers["Authorization"] == f"Bearer {api.token}")

        def _send(
            self, code: int, body: Any, headers: Mapping[str, str] | None = None
        ) -> None:
            text = isinstance(body, str)
            raw = body if text or isinstance(body, bytes) else json.dumps(body)
            data = raw.encode() if isinstance(raw, str) else raw
            self.send_response(code)
            kind = "text/plain" if text else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    return Handler


def _split(parts: list[str]) -> tuple[str, list[str]]:
    """Return group and version, and what follows them in a path."""
    if parts[0] == "api":
        return parts[1], parts[2:]
    return "/".join(parts[1:3]), parts[3:]


def _selected(each: Object, selector: str) -> bool:
    """Whether an object's labels have every ``key=value`` of a selector."""
    labels = each["metadata"].get("labels", {})
    wanted = [pair.split("=", 1) for pair in selector.split(",") if pair]
    return all(labels.get(key) == value for key, value in wanted)


def encoded(values: dict[str, str]) -> dict[str, str]:
    """Return the data of a Secret."""
    return {k: base64.b64encode(v.encode()).decode() for k, v in values.items()}
