"""What honest servers answer: a cluster with everything in it, and each JSON API.

The cases that falsify answers begin with these.
"""

from __future__ import annotations

import time
from typing import Any

from tests.runbooks.probes import kubernetes_edges as edges
from tests.runbooks.probes import kubernetes_networks as networks
from tests.runbooks.probes import kubernetes_scaling as scaling
from tests.runbooks.probes.kubernetes_workloads import (
    Cluster,
    ago,
    autoscaler,
    clustered,
    cron_job,
    job,
    shipper,
)

Query = dict[str, str]
DAY = 86_400


def objects() -> list[dict[str, Any]]:
    """Return the objects of a cluster in which every probe finds something."""
    cluster = Cluster()
    pod = cluster.api_pods[0]["metadata"]["name"]
    ran = {"lastScheduleTime": ago(hours=9), "lastSuccessfulTime": ago(hours=8)}
    named = {"labels": {"owner": "x", "environment": "production"}}
    cluster.rest += [
        autoscaler(cluster.api, 3, 10),
        clustered("Namespace", "v1", "transcripts", metadata=named),
        *(networks.namespace(each) for each in ("kube-system", "ingress-nginx")),
        cron_job("dump", "0 2 * * *", ["./scripts/backup_db.sh"], **ran),
        job("migrations-1", "Complete"),
        job("migrations-2"),
        shipper("fluent-bit", "fluent/fluent-bit:3", 4, 4),
        *networks.policies(),
        *edges.edges(),
        edges.event("back-off", "BackOff", pod),
        edges.secret("transcript-secrets"),
        edges.external_secret("transcript-secrets"),
        *(scaling.budget(each, 2, 3) for each in ("api", "worker")),
        scaling.node_pool("gpu"),
        scaling.cluster_autoscaler(minutes=1),
        scaling.rescaled("transcript-worker-hpa", "cpu", lastTimestamp=ago(hours=1)),
    ]
    return cluster.objects


def success(data: Any) -> dict[str, Any]:
    return {"status": "success", "data": data}


def services() -> dict[str, Any]:
    """Return the answers of all JSON services and of the application, by path.

    A callable is given the query.
    """
    return {
        **_prometheus(),
        **_alertmanager(),
        **_grafana(),
        **_loki(),
        **_opensearch(),
        **_application(),
    }


def _prometheus() -> dict[str, Any]:
    firing = {
        "labels": {"alertname": "DiskFull", "severity": "critical"},
        "state": "firing",
        "activeAt": ago(hours=1),
        "value": "1e+00",
    }
    alert = {
        "type": "alerting",
        "name": "DiskFull",
        "query": "node_filesystem_avail_bytes / instance:disk:bytes < 0.1",
        "duration": 300,
        "labels": {"severity": "critical"},
        "annotations": {"summary": "x"},
        "alerts": [firing],
        "health": "ok",
    }
    failing = {**alert, "name": "Errors", "alerts": []}
    failing["query"] = 'rate(http_requests_total{status=~"5.."}[5m]) > 1'
    recording = {
        "type": "recording",
        "name": "instance:disk:bytes",
        "query": "sum by (instance) (node_filesystem_size_bytes)",
        "labels": {},
        "health": "ok",
    }
    rules = [{"name": "g", "rules": [alert, failing, recording]}]
    target = {
        "labels": {"job": "api", "instance": "a:1"},
        "health": "up",
        "lastError": "",
        "lastScrape": ago(seconds=5),
        "scrapeInterval": "15s",
    }
    sample = {"metric": {"part": "0", "device": "0"}, "value": [time.time(), "7"]}
    return {
        "/api/v1/status/buildinfo": success({"version": "2.42.0"}),
        "/api/v1/status/runtimeinfo": success({"reloadConfigSuccess": True}),
        "/api/v1/alertmanagers": success(
            {"activeAlertmanagers": [{"url": "http://a"}]}
        ),
        "/api/v1/targets": success({"activeTargets": [target]}),
        "/api/v1/rules": success({"groups": rules}),
        "/api/v1/query": success({"resultType": "vector", "result": [sample]}),
    }


def _alertmanager() -> dict[str, Any]:
    routes = [{"matchers": ['severity="critical"'], "receiver": "on-call"}]
    configuration = (
        "route: {receiver: nobody, routes: [{matchers: ['severity=\"critical\"'], "
        "receiver: on-call, continue: true, mute_time_intervals: [nights]}]}\n"
        "receivers: [{name: nobody}, {name: on-call, webhook_configs: "
        "[{url: 'http://made-up'}]}]\n"
    )
    matcher = {"name": "a", "value": "b", "isRegex": True, "isEqual": True}
    silence = {
        "matchers": [matcher],
        "endsAt": ago(hours=-2),
        "status": {"state": "active"},
    }
    alert = {"labels": {"alertname": "X", "severity": "critical"}, "routes": routes}
    sent = 'alertmanager_notifications_total{integration="email"} 7\n'
    failed = 'alertmanager_notifications_failed_total{integration="email"} 1\n'
    return {
        "/am/api/v2/status": {
            "versionInfo": {"version": "0.25.0"},
            "cluster": {"status": "ready", "peers": [{"name": "a"}]},
            "config": {"original": configuration},
        },
        "/am/api/v2/silences": [silence],
        "/am/api/v2/alerts": [alert],
        "/am/metrics": sent + failed + "process_start_time_seconds 1.7e+09\n",
    }


def _grafana() -> dict[str, Any]:
    source = {"uid": "p", "name": "Prometheus", "type": "prometheus"}
    panel = {"title": "A", "datasource": {"uid": "p"}, "targets": [{"datasource": "p"}]}
    row = {"type": "row", "panels": [panel]}
    listed = {"list": [{"type": "datasource", "name": "source"}]}
    uid = "transcript-overview"
    found = {"uid": uid, "title": "O", "type": "dash-db", "tags": ["a"]}
    dashboard = {"panels": [panel, row], "templating": listed}
    return {
        "/gf/api/health": {"database": "ok", "version": "11.4.0"},
        "/gf/api/search": [found],
        "/gf/api/datasources": [source],
        "/gf/api/datasources/uid/p/health": {"status": "OK", "message": "ok"},
        f"/gf/api/dashboards/uid/{uid}": {"dashboard": dashboard},
        "/gf/api/user": {"login": "admin"},
    }


def _loki() -> dict[str, Any]:
    def looked(query: Query) -> Any:
        now = time.time()
        if query.get("query", "").startswith("sum"):
            labels = {"said_level": "ERROR", "said_logger": "app", "said_type": "E"}
            return success({"result": [{"metric": labels, "values": [[now, "3"]]}]})
        line = [str(int((now - 5) * 1e9)), "a line"]
        return success({"result": [{"values": [line]}]})

    rule = {"type": "alerting", "name": "Errors", "query": "error", "health": "ok"}
    return {
        "/lk/loki/api/v1/label/service/values": success(["api", "worker"]),
        "/lk/loki/api/v1/query_range": looked,
        "/lk/config": "compactor: {retention_enabled: true}\n"
        "limits_config: {retention_period: 31d, retention_stream: [{period: 1y}]}\n",
        "/lk/prometheus/api/v1/rules": success({"groups": [{"rules": [rule]}]}),
    }


def _opensearch() -> dict[str, Any]:
    now = time.time() * 1000
    key = {"hour": now, "level": "ERROR", "logger": "app.jobs", "type": None}
    aggregations = {
        "services": {"buckets": [{"key": "api", "newest": {"value": now - 5000}}]},
        "hours": {"buckets": [{"key": now, "doc_count": 1000}]},
        "bad": {"groups": {"buckets": [{"key": key, "doc_count": 2}]}},
    }
    deleting = {
        "name": "delete",
        "actions": [{"delete": {}}],
        "transitions": [],
    }
    hot = {
        "name": "hot",
        "actions": [],
        "transitions": [
            {"state_name": "delete", "conditions": {"min_index_age": "30d"}}
        ],
    }
    phases = {"delete": {"min_age": "30d", "actions": {"delete": {}}}}
    return {
        "/os/": {"version": {"number": "2.11.0"}},
        "/os/_cluster/health": {
            **{"status": "yellow", "number_of_nodes": 1, "unassigned_shards": 2}
        },
        "/os/segments/_count": {"count": 7},
        "/os/youtube_segments/_count": {"count": 7},
        "/os/logs-*/_search": {
            **{"timed_out": False, "_shards": {}, "aggregations": aggregations}
        },
        "/os/_plugins/_ism/explain/logs-*": {
            "logs-1": {"index.plugins.index_state_management.policy_id": "p"}
        },
        "/os/_plugins/_ism/policies/p": {"policy": {"states": [hot, deleting]}},
        "/os/logs-*/_ilm/explain": {
            "indices": {"logs-1": {"managed": True, "policy": "p"}}
        },
        "/os/_ilm/policy/p": {"p": {"policy": {"phases": phases}}},
    }


def _application() -> dict[str, Any]:
    segment = {"start": 0.0, "end": 1.5, "text": "these are the words"}
    transcript = {"video_id": "v", "segments": [segment]}
    operation = {"responses": {"401": {}, "200": {}}, "security": [{"key": []}]}
    paths = {"/webhooks/stripe": {"post": operation}, "/jobs": {"get": operation}}
    health = {"status": "healthy", "checks": [{"name": "database"}]}
    return {
        "/health": health,
        "/version": {"version": "1.4.2"},
        "/jobs": {"id": "made-up", "state": "pending"},
        "/openapi.json": {"openapi": "3.1.0", "paths": paths},
        "/metrics": 'app_info{version="1"} 1\nhttp_requests_total 7\n',
        "/search": {"hits": [{"video_id": "v"}], "query_time_ms": 12},
        "/search/export": "video_id,text\nv,words\n",
        "/videos/v/transcript": transcript,
        "/videos/v/transcript.json": transcript,
        "/videos/v/transcript.srt": "1\n00:00:00,000 --> 00:00:01,500\nwords\n",
        "/videos/v/transcript.vtt": "WEBVTT\n\n00:00.000 --> 00:01.500\nwords\n",
        "/videos/v/transcript.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>"
        b"endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n",
        "/": "<html><script src=/app.js></script><body>hello</body></html>",
        "/terms": "<html><body>our terms</body></html>",
    }
