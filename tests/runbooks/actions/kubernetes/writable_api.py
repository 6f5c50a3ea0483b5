"""A Kubernetes API server that can be written to, and is strict about how.

It checks verbs, content types, field paths and preconditions, keeps to ``dryRun``,
counts resourceVersion and generation, and fails as it is told to. A tiny controller of
Deployments goes one step whenever somebody looks, so that no test waits for time.

Semantics: https://kubernetes.io/docs/reference/using-api/api-concepts/, RFC 6902, and
https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from tests.runbooks.actions.kubernetes.controller import Controller
from tests.runbooks.actions.kubernetes.validating import invalid
from tests.runbooks.probes.kubernetes_api import (
    NAMESPACED,
    KubernetesAPI,
    Object,
    status,
)
from tests.runbooks.probes.kubernetes_looks import as_documented
from tests.runbooks.probes.kubernetes_workloads import ago

STRATEGIC = "application/strategic-merge-patch+json"
OPERATIONS = "application/json-patch+json"
Answer = tuple[int, Any, dict[str, str]]
Fault = int | str | tuple[int, str] | Callable[[], Any]
"""How a write fails: a status, one with a Retry-After, ``lost`` (done, but nobody hears
of it), ``dropped`` (not done either), or what somebody else does just before."""
FOLLOWED = ("/deployments", "/statefulsets", "/daemonsets", "/jobs")
DELETING = {
    *("apiVersion", "kind", "propagationPolicy", "preconditions", "dryRun"),
    "gracePeriodSeconds",
}
"""Fields of DeleteOptions."""
INVALID = "the server rejected our request due to an error in our request"


class WritableAPI(KubernetesAPI):
    """One API server, with the controller of its Deployments.

    Attributes:
        changes: what was really changed, such as ``PATCH deployments/transcript-api``.
        rehearsed: what was tried without effect.
        forbidden: what this login may not do, such as ``patch deployments``.
        only: of what it may do, for which one name alone (``resourceNames``).
        faults: by such a change, what happens to the next ones instead.
        bookmarked, resumed: versions that watches told, and that they went on from.
        compacted: versions before it are forgotten.
        side_effects: whether a webhook has some, so that nothing can be tried.
        watches: how watches go: ``events``, ``bookmarks``, ``silent``, ``slow``
            (never a whole one), ``dropped``, ``expired`` (an event that says so),
            ``garbage``, or a status.
    """

    def __init__(self, objects: list[Object]) -> None:
        super().__init__([])
        self.changes: list[str] = []
        self.rehearsed: list[str] = []
        self.forbidden: set[str] = set()
        self.only: dict[str, str] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.side_effects = False
        self.watches: str | int = "events"
        self.bookmarked: list[str] = []
        self.resumed: list[str] = []
        self.controller = Controller(self)
        self.compacted = 0
        self._version = 1000
        self._lock = threading.RLock()
        for each in objects:
            self.add(each)

    def add(self, thing: Object) -> Object:
        """Store an object as one that was just made."""
        metadata = thing["metadata"]
        metadata.setdefault("uid", str(uuid4()))
        metadata.setdefault("creationTimestamp", ago(seconds=0))
        if "spec" in thing and thing["kind"] != "HorizontalPodAutoscaler":
            metadata.setdefault("generation", 1)
        self.touch(thing)
        self.objects.append(thing)
        return thing

    def touch(self, thing: Object) -> None:
        """Give an object that was changed its next version."""
        self._version += 7
        thing["metadata"]["resourceVersion"] = str(self._version)

    def edit(self, thing: Object, **spec: Any) -> None:
        """Change the spec as somebody else would."""
        thing["spec"] |= copy.deepcopy(spec)
        thing["metadata"]["generation"] += 1
        self.touch(thing)

    def find(self, kind: str, name: str) -> Object | None:
        for each in self.objects:
            if (each["kind"], each["metadata"]["name"]) == (kind, name):
                return each
        return None

    def answer(self, path: str, query: dict[str, str], accept: str) -> Any:
        where, _, last = path.rpartition("/")
        what = f"GET {where.rpartition('/')[2]}/{last}"
        with self._lock:
            # Only what is followed makes the world go on.
            if where.endswith(FOLLOWED) or last == "pods":
                self.controller.step()
            fault = self._fault(what)
            if fault == "dropped":
                return None
            if failed := _told_to_fail(fault):
                return failed
            return super().answer(path, query, accept)

    def review(self, body: Object) -> tuple[int, Any]:
        code, found = super().review(body)
        spec = body["spec"]["resourceAttributes"]
        resource = "/".join(filter(None, (spec["resource"], spec.get("subresource"))))
        right = f"{spec['verb']} {resource}"
        name = spec.get("name", "")
        if right in self.forbidden or self.only.get(right, name) != name:
            found["status"]["allowed"] = False
        return code, found

    # ------------------------------------------------------------------ writes

    def change(
        self, method: str, path: str, query: dict[str, str], kind: str, body: Any
    ) -> Answer | None:
        with self._lock:
            return self._changed(method, path, query, kind, body)

    def _changed(
        self, method: str, path: str, query: dict[str, str], kind: str, body: Any
    ) -> Answer | None:
        parts = path.strip("/").split("/")
        resource, name, part = self._place(parts)
        wanted = {"fieldManager": "gonogo", "fieldValidation": "Strict"}
        if method == "DELETE":
            wanted = {}
        rest = {key: said for key, said in query.items() if key != "dryRun"}
        if not resource or rest != wanted:
            return self._violated(f"{method} {path} {query}")
        plural = resource.rpartition("/")[2]
        what = "/".join(filter(None, (plural, name, part)))
        if query.get("dryRun", "All") != "All":
            return self._violated(f"dryRun of {query}")
        dry = query.get("dryRun") == "All"
        if method == "DELETE" and body:
            # The query does not count where there is a body.
            dry = body.get("dryRun") == ["All"]
        verb = {"PATCH": "patch", "POST": "create", "DELETE": "delete"}[method]
        if f"{verb} {'/'.join(filter(None, (plural, part)))}" in self.forbidden:
            return self._failed(403, "Forbidden", f"{what} is forbidden: told so")
        if dry and self.side_effects:
            said = 'admission webhook "audit.test" does not support dry run'
            return self._failed(400, "BadRequest", said)
        fault = None if dry else self._fault(f"{method} {what}")
        if failed := _told_to_fail(fault):
            return failed
        if fault == "dropped":
            return None
        match method, part:
            case "PATCH", "":
                answer = self._patched(resource, name, kind, body, dry)
            case "PATCH", "scale":
                answer = self._scaled(resource, name, kind, body, dry)
            case "POST", "":
                answer = self._created(resource, parts, kind, body, dry)
            case "POST", "eviction":
                answer = self._evicted(parts, kind, body, dry)
            case "DELETE", "":
                answer = self._deleted(resource, name, body, dry)
            case _:
                return self._violated(f"{method} {path}")
        if answer[0] < 300:
            (self.rehearsed if dry else self.changes).append(f"{method} {what}")
        return None if fault == "lost" else answer

    def _place(self, parts: list[str]) -> tuple[str, str, str]:
        """Return resource, name and subresource of a path, "" if it is none."""
        api = parts[1] if parts[0] == "api" else "/".join(parts[1:3])
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        if rest[:1] != ["namespaces"] or not 3 <= len(rest) <= 5:
            return "", "", ""
        resource = f"{api}/{rest[2]}"
        if resource not in NAMESPACED.values():
            return "", "", ""
        name, part = [*rest[3:], "", ""][:2]
        return resource, name, part

    def _patched(
        self, resource: str, name: str, kind: str, body: Any, dry: bool
    ) -> Answer:
        found = self._there(resource, name)
        if found is None:
            return self._failed(404, "NotFound", f'"{name}" not found')
        after = copy.deepcopy(found)
        if kind == STRATEGIC and isinstance(body, dict):
            wanted = (body.get("metadata") or {}).get("resourceVersion")
            if wanted not in (None, found["metadata"]["resourceVersion"]):
                said = f'Operation cannot be fulfilled on "{name}": modified'
                return self._failed(409, "Conflict", said)
            _merge(after, body)
        elif kind == OPERATIONS and isinstance(body, list):
            try:
                _operate(after, body)
            except LookupError:
                return self._failed(422, "Invalid", INVALID)
        else:
            self.violations.append(f"a patch of {kind}: {body}")
            return self._failed(415, "UnsupportedMediaType", f"not of {kind}")
        return self._stored(found, after, dry)

    def _stored(self, found: Object, after: Object, dry: bool) -> Answer:
        # A version that the patch brings along is no change.
        after["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        if problem := invalid(after, found):
            return self._failed(422, "Invalid", problem)
        try:
            as_documented(after)
        except (AssertionError, ValueError) as error:
            return self._violated(f"unknown fields: {error}")
        metadata = after["metadata"]
        if after["spec"] != found["spec"] and "generation" in metadata:
            metadata["generation"] += 1
        if after == found or dry:
            return 200, after, {}
        self._noted(after, found)
        found.clear()
        found.update(after)
        self.touch(found)
        return 200, copy.deepcopy(found), {}

    def _noted(self, after: Object, found: Object) -> None:
        """Note who changed which fields of the spec, as far as anybody asks for it."""
        changed = [
            key for key, said in after["spec"].items() if found["spec"].get(key) != said
        ]
        kept = [
            each
            for each in after["metadata"].get("managedFields", [])
            if each["manager"] != "gonogo"
        ]
        mine = {
            "manager": "gonogo",
            "operation": "Update",
            "apiVersion": after["apiVersion"],
            "time": ago(seconds=0),
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {f"f:{key}": {} for key in changed}},
        }
        after["metadata"]["managedFields"] = [*kept, mine]

    def _scaled(
        self, resource: str, name: str, kind: str, body: Any, dry: bool
    ) -> Answer:
        found = self._there(resource, name)
        if kind != OPERATIONS:
            return self._violated(f"scale of {name} as {kind}")
        if found is None:
            return self._failed(404, "NotFound", f'"{name}" not found')
        metadata = found["metadata"]
        replicas = found["spec"].get("replicas", 1)
        scale = {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {
                key: metadata[key]
                for key in ("name", "namespace", "resourceVersion", "uid")
            },
            # A Scale leaves out a number of 0.
            "spec": {"replicas": replicas} if replicas else {},
        }
        try:
            _operate(scale, body)
        except LookupError:
            return self._failed(422, "Invalid", INVALID)
        after = copy.deepcopy(found)
        after["spec"]["replicas"] = scale["spec"]["replicas"]
        code, said, headers = self._stored(found, after, dry)
        return code, scale if code == 200 else said, headers

    def _created(
        self, resource: str, parts: list[str], kind: str, body: Any, dry: bool
    ) -> Answer:
        expected = next(k for k, known in NAMESPACED.items() if known == resource)
        group = resource.rpartition("/")[0]
        if kind != "application/json" or (body["apiVersion"], body["kind"]) != (
            group,
            expected,
        ):
            return self._violated(f"POST of {body.get('kind')} as {kind}")
        if self._there(resource, body["metadata"]["name"]):
            return self._failed(409, "AlreadyExists", "already exists")
        thing = copy.deepcopy(body)
        thing["metadata"]["namespace"] = parts[parts.index("namespaces") + 1]
        if problem := invalid(body):
            return self._failed(422, "Invalid", problem)
        try:
            as_documented(thing)
        except (AssertionError, ValueError) as error:
            return self._violated(f"unknown fields: {error}")
        if dry:
            return 201, thing, {}
        return 201, copy.deepcopy(self.add(thing)), {}

    def _evicted(self, parts: list[str], kind: str, body: Any, dry: bool) -> Answer:
        *_, namespace, _, name, _ = parts
        pod = self._there("v1/pods", name)
        if kind != "application/json" or body.get("kind") != "Eviction":
            return self._violated(f"eviction as {kind}: {body}")
        about = {"name": name, "namespace": namespace}
        if body["apiVersion"] != "policy/v1" or body["metadata"] != about:
            return self._violated(f"eviction: {body}")
        fields = {"apiVersion", "kind", "metadata", "deleteOptions"}
        if set(body) - fields or set(body["deleteOptions"]) - DELETING:
            return self._violated(f"eviction: {body}")
        if pod is None:
            return self._failed(404, "NotFound", f'pods "{name}" not found')
        wanted = body["deleteOptions"]["preconditions"]["uid"]
        if wanted != pod["metadata"]["uid"]:
            return self._failed(409, "Conflict", "Precondition failed: UID")
        budgets = [
            each
            for each in self.objects
            if each["kind"] == "PodDisruptionBudget"
            and each["spec"]["selector"]["matchLabels"].items()
            <= pod["metadata"]["labels"].items()
        ]
        if any(each["status"]["disruptionsAllowed"] < 1 for each in budgets):
            said = "Cannot evict pod as it would violate the pod's disruption budget."
            return self._failed(429, "TooManyRequests", said)
        if not dry:
            # It is gone once its containers have ended.
            pod["metadata"]["deletionTimestamp"] = ago(seconds=0)
            self.touch(pod)
        done = {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        return 201, {**done, "metadata": {}}, {}

    def _deleted(self, resource: str, name: str, body: Any, dry: bool) -> Answer:
        found = self._there(resource, name)
        if set(body) - DELETING or body["propagationPolicy"] != "Background":
            return self._violated(f"DELETE with {body}")
        if found is None:
            return self._failed(404, "NotFound", f'"{name}" not found')
        if body["preconditions"]["uid"] != found["metadata"]["uid"]:
            return self._failed(409, "Conflict", "Precondition failed: UID")
        if not dry:
            self.objects.remove(found)
        done = {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        return 200, {**done, "metadata": {}}, {}

    # ----------------------------------------------------------------- watches

    def watch(self, path: str, query: dict[str, str]) -> Iterator[Object | int | bytes]:
        known = {"watch", "allowWatchBookmarks", "fieldSelector", "resourceVersion"}
        if set(query) != known | {"timeoutSeconds"}:
            self.violations.append(f"watch {path} {query}")
        at = query["resourceVersion"]
        self.resumed.append(at)
        if not at.isdecimal() or not query["timeoutSeconds"].isdecimal():
            self.violations.append(f"watch {path} {query}")
        if int(at) < self.compacted:
            yield {"type": "ERROR", "object": status(410, "Expired", "too old")[1]}
            return
        name = query["fieldSelector"].removeprefix("metadata.name=")
        with self._lock:
            self.controller.step()
        match self.watches:
            case int(code):
                yield code
            case "dropped":
                return
            case "silent":
                self.stopping.wait(5)
            case "slow":
                while not self.stopping.wait(0.05):
                    yield b" "
            case "expired":
                yield {"type": "ERROR", "object": status(410, "Expired", "too old")[1]}
            case "bookmarks":
                self._version += 7
                version = str(self._version)
                self.bookmarked.append(version)
                metadata = {"metadata": {"resourceVersion": version}}
                yield {"type": "BOOKMARK", "object": metadata}
            case "garbage":
                yield "<html>"
            case "events":
                resource = "/".join(path.split("/")[2:4]) + f"/{path.split('/')[-1]}"
                if found := self._there(resource, name):
                    yield {"type": "MODIFIED", "object": found}

    # ------------------------------------------------------------------- small

    def _there(self, resource: str, name: str) -> Object | None:
        kind = next(k for k, known in NAMESPACED.items() if known == resource)
        return self.find(kind, name)

    def _fault(self, what: str) -> Fault | None:
        """Return what happens to a request instead, after what others do before."""
        waiting = self.faults.get(what)
        fault = waiting.pop(0) if waiting else None
        return fault() if callable(fault) else fault

    def _failed(self, code: int, reason: str, said: str) -> Answer:
        return *status(code, reason, said), {}

    def _violated(self, what: str) -> Answer:
        self.violations.append(what)
        return 400, what, {}


def _told_to_fail(fault: Fault | None) -> Answer | None:
    if isinstance(fault, int):
        return *status(fault, "Failed", "told to fail"), {}
    if isinstance(fault, tuple):
        code, after = fault
        failed = status(code, "TooManyRequests", "told to wait")
        return *failed, {"Retry-After": after}
    return None


def _merge(into: Object, patch: Object) -> None:
    """Merge objects; lists are not merged here, so nobody may patch one so."""
    for key, value in patch.items():
        assert not isinstance(value, list), f"a list in a strategic merge: {key}"
        if isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        elif value is None:
            into.pop(key, None)
        else:
            into[key] = value


def _operate(thing: Object, operations: list[Object]) -> None:
    """Apply a JSON patch of objects, see RFC 6902.

    Raises:
        LookupError: a test failed, or a place is not there.
    """
    for each in operations:
        *way, last = [
            part.replace("~1", "/").replace("~0", "~")
            for part in each["path"].removeprefix("/").split("/")
        ]
        place = thing
        for part in way:
            place = place[part]
        if each["op"] == "test" and place.get(last) != each["value"]:
            raise LookupError(each["path"])
        if each["op"] in ("replace", "remove") and last not in place:
            raise LookupError(each["path"])
        if each["op"] == "remove":
            del place[last]
        elif each["op"] in ("add", "replace"):
            place[last] = copy.deepcopy(each["value"])
        elif each["op"] != "test":
            raise AssertionError(f"unknown operation {each['op']}")
