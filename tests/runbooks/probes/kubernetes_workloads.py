"""Objects of a cluster that runs the application as the checklist wants it.

Their shape is that of the API's reference, with what the API server and controllers
fill in. Tests change what they are about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.runbooks.probes.kubernetes_api import Object

APP = "transcript-create"
NAMESPACE = "transcripts"


def ago(**span: float) -> str:
    """Return a time as the API writes it."""
    time = datetime.now(UTC) - timedelta(**span)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def made(kind: str, api: str, name: str, **parts: Any) -> Object:
    """Return an object of the application's namespace."""
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "creationTimestamp": ago(days=3),
        **parts.pop("metadata", {}),
    }
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def clustered(kind: str, api: str, name: str, **parts: Any) -> Object:
    """Return an object of the cluster."""
    thing = made(kind, api, name, **parts)
    del thing["metadata"]["namespace"]
    return thing


def labels(component: str) -> dict[str, str]:
    return {"app": APP, "component": component}


def node(name: str, *, gpus: int = 0, **spec: Any) -> Object:
    allocatable = {"cpu": "15890m", "memory": "64Gi", "pods": "110"}
    if gpus:
        allocatable["amd.com/gpu"] = str(gpus)
        taint = {"key": "amd.com/gpu", "value": "present", "effect": "NoSchedule"}
        spec = {"taints": [taint], **spec}
    named = {"topology.kubernetes.io/zone": f"zone-{name[-1]}"}
    conditions = [
        {"type": "MemoryPressure", "status": "False"},
        {"type": "DiskPressure", "status": "False"},
        {"type": "Ready", "status": "True", "lastTransitionTime": ago(days=3)},
    ]
    return clustered(
        "Node",
        "v1",
        name,
        metadata={"labels": {**named, **({"workload-type": "gpu"} if gpus else {})}},
        spec=spec,
        status={"allocatable": allocatable, "conditions": conditions},
    )


SECURE: Object = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
POD_SECURITY: Object = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "fsGroup": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def asked(path: str, **times: int) -> Object:
    """Return a probe of the kubelet with what the API server fills in."""
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        **{"timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 3, **times},
    }


def container(name: str, cpu: str, memory: str, **more: Any) -> Object:
    resources = {
        "requests": {"cpu": "500m", "memory": "1Gi"},
        "limits": {"cpu": cpu, "memory": memory},
    }
    return {
        "name": name,
        "image": f"registry.test/{APP}:1.4.2",
        "resources": resources,
        "securityContext": dict(SECURE),
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            {"name": "cache", "mountPath": "/cache"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
        "env": [{"name": "HF_HOME", "value": "/cache/hf"}],
        **more,
    }


def pod_spec(*containers: Object, **more: Any) -> Object:
    volumes = [
        {"name": each, "persistentVolumeClaim": {"claimName": f"transcript-{each}"}}
        for each in ("data", "cache")
    ]
    return {
        "containers": list(containers),
        "securityContext": dict(POD_SECURITY),
        "volumes": [*volumes, {"name": "tmp", "emptyDir": {}}],
        **more,
    }


def deployment(component: str, replicas: int, spec: Object, **more: Any) -> Object:
    name = f"transcript-{component}"
    return made(
        "Deployment",
        "apps/v1",
        name,
        metadata={"labels": labels(component)},
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels(component)},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "template": {"metadata": {"labels": labels(component)}, "spec": spec},
            **more,
        },
        status={"updatedReplicas": replicas, "readyReplicas": replicas},
    )


def pods(owner: Object, nodes: Iterable[str]) -> list[Object]:
    """Return a ready pod of a Deployment on each of these nodes."""
    template = owner["spec"]["template"]
    found = []
    for number, where in enumerate(nodes):
        statuses = [
            {
                "name": each["name"],
                "image": each["image"],
                "imageID": f"{each['image']}@sha256:{'0' * 64}",
                "ready": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": ago(days=3)}},
                "lastState": {},
            }
            for each in template["spec"]["containers"]
        ]
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": ago(days=3)}
        found.append(
            made(
                "Pod",
                "v1",
                f"{owner['metadata']['name']}-5b7d-{number}",
                metadata={"labels": template["metadata"]["labels"]},
                spec={**template["spec"], "nodeName": where},
                status={
                    "phase": "Running",
                    "conditions": [ready],
                    "containerStatuses": statuses,
                },
            )
        )
    return found


def metrics(pod: Object, cpu: str, memory: str) -> Object:
    usage = {"cpu": cpu, "memory": memory}
    used = [{"name": c["name"], "usage": usage} for c in pod["spec"]["containers"]]
    name = pod["metadata"]["name"]
    return made("PodMetrics", "metrics.k8s.io/v1beta1", name, containers=used)


def claim(name: str, storage: str = "500Gi", mode: str = "ReadWriteMany") -> Object:
    return made(
        "PersistentVolumeClaim",
        "v1",
        name,
        spec={
            "accessModes": [mode],
            "storageClassName": "fast-ssd",
            "resources": {"requests": {"storage": storage}},
        },
        status={
            "phase": "Bound",
            "accessModes": [mode],
            "capacity": {"storage": storage},
        },
    )


def storage_class(name: str) -> Object:
    api = "storage.k8s.io/v1"
    return clustered("StorageClass", api, name, provisioner="nfs.csi.k8s.io")


def replica_set(owner: Object, revision: int) -> Object:
    controller = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    return made(
        "ReplicaSet",
        "apps/v1",
        f"{owner['metadata']['name']}-{revision}",
        metadata={"ownerReferences": [controller]},
        spec={"replicas": 0, "selector": owner["spec"]["selector"]},
    )


def job(name: str, condition: str = "", **metadata: Any) -> Object:
    """Return a Job of migrations that ended so, or is not done."""
    ended = [{"type": condition, "status": "True"}] if condition else []
    spec = pod_spec(container("migrations", "1", "1Gi"))
    return made(
        "Job",
        "batch/v1",
        name,
        metadata={"labels": labels("migrations"), **metadata},
        spec={"template": {"metadata": {"labels": labels("migrations")}, "spec": spec}},
        status={"conditions": ended} if ended else {"active": 1},
    )


def cron_job(name: str, schedule: str, command: list[str], **status: Any) -> Object:
    runs = container("backup", "1", "1Gi", command=command)
    template = {"spec": pod_spec(runs, restartPolicy="Never")}
    job_template = {"spec": {"template": template}}
    spec = {"schedule": schedule, "jobTemplate": job_template}
    return made("CronJob", "batch/v1", name, spec=spec, status=status)


def shipper(name: str, image: str, nodes: int, ready: int, **spec: Any) -> Object:
    """Return a DaemonSet with that image, in a namespace of its own."""
    selector = {"app": name}
    pod = {"containers": [{"name": name, "image": image}], **spec}
    template = {"metadata": {"labels": selector}, "spec": pod}
    return made(
        "DaemonSet",
        "apps/v1",
        name,
        metadata={"namespace": "logging"},
        spec={"selector": {"matchLabels": selector}, "template": template},
        status={
            "currentNumberScheduled": nodes,
            "desiredNumberScheduled": nodes,
            "numberMisscheduled": 0,
            "numberReady": ready,
        },
    )


def autoscaler(
    owner: Object, low: int | None, high: int, **metrics: tuple[int | str, int | str]
) -> Object:
    """Return an autoscaler that works, with target and current value of metrics.

    Those of CPU and memory are in percent, others come from pods.
    """
    name = owner["metadata"]["name"]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    least = {} if low is None else {"minReplicas": low}
    wanted = {name: said[0] for name, said in metrics.items()}
    current = {name: said[1] for name, said in metrics.items()}
    return made(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        f"{name}-hpa",
        spec={
            "scaleTargetRef": target,
            "maxReplicas": high,
            **least,
            "metrics": [metric(n, "target", said) for n, said in wanted.items()],
        },
        status={
            "currentReplicas": owner["spec"]["replicas"],
            "desiredReplicas": owner["spec"]["replicas"],
            "conditions": [
                {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
                {"type": "ScalingActive", "status": "True"},
                {"type": "ScalingLimited", "status": "False"},
            ],
            "currentMetrics": [metric(n, "current", v) for n, v in current.items()],
        },
    )


def metric(name: str, side: str, value: int | str) -> Object:
    """Return a metric of an autoscaler, its target or its current value."""
    share = isinstance(value, int)
    said: Object = {"averageUtilization" if share else "averageValue": value}
    if side == "target":
        said["type"] = "Utilization" if share else "AverageValue"
    measured = {side: said}
    if name in ("cpu", "memory"):
        return {"type": "Resource", "resource": {"name": name, **measured}}
    return {"type": "Pods", "pods": {"metric": {"name": name}, **measured}}


class Cluster:
    """A healthy cluster; tests change its objects."""

    def __init__(self) -> None:
        api = container(
            "api",
            "2",
            "4Gi",
            ports=[{"name": "http", "containerPort": 8000}],
            livenessProbe=asked("/live", initialDelaySeconds=30),
            readinessProbe=asked("/ready", periodSeconds=5),
            startupProbe=asked("/live", periodSeconds=5, failureThreshold=12),
        )
        worker = container("worker", "4", "16Gi")
        worker["resources"]["limits"]["amd.com/gpu"] = "1"
        beat = {"exec": {"command": ["python3", "-m", "worker.alive"]}}
        worker |= {"livenessProbe": beat, "startupProbe": {**beat}}
        tolerated = {"key": "amd.com/gpu", "operator": "Exists"}
        gpu = {"nodeSelector": {"workload-type": "gpu"}, "tolerations": [tolerated]}
        devices = {"name": "kfd", "hostPath": {"path": "/dev/kfd"}}
        self.api = deployment("api", 3, pod_spec(api))
        self.worker = deployment("worker", 2, pod_spec(worker, **gpu))
        self.worker["spec"]["template"]["spec"]["volumes"].append(devices)
        self.nodes = [node("a"), node("b"), node("c", gpus=1), node("d", gpus=2)]
        self.api_pods = pods(self.api, ("a", "b", "a"))
        self.worker_pods = pods(self.worker, ("c", "d"))
        self.claims = [claim("transcript-data"), claim("transcript-cache", "50Gi")]
        self.rest = [
            storage_class("fast-ssd"),
            *(replica_set(d, n) for d in (self.api, self.worker) for n in (1, 2)),
            *(metrics(pod, "400m", "1Gi") for pod in self.api_pods),
            *(metrics(pod, "1500m", "8Gi") for pod in self.worker_pods),
            autoscaler(self.worker, 2, 3, videos_pending=("5", "2"), cpu=(70, 35)),
        ]

    @property
    def objects(self) -> list[Object]:
        return [
            self.api,
            self.worker,
            *self.nodes,
            *self.api_pods,
            *self.worker_pods,
            *self.claims,
            *self.rest,
        ]

    def container(self, component: str) -> Object:
        """Return the container of a component in its pod template."""
        owner = self.api if component == "api" else self.worker
        found: Object = owner["spec"]["template"]["spec"]["containers"][0]
        return found

    def spec(self, component: str) -> Object:
        owner = self.api if component == "api" else self.worker
        found: Object = owner["spec"]["template"]["spec"]
        return found
