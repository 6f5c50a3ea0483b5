"""What pods are configured by beside their template: ConfigMaps and Secrets.

No rollout restores them. They are compared without being told: ConfigMaps by a digest
of their content, Secrets by their version, so that no digest of a secret is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.objects import (
    CONFIG_MAPS,
    SECRETS_METADATA,
    Object,
    objects,
)
from runbooks.probes.kubernetes.selectors import name_of
from runbooks.probes.sources import Sources


def referred(template: Object) -> tuple[list[str], list[str]]:
    """Return the names of ConfigMaps and of Secrets that a pod template refers to."""
    found = set(_references(template["spec"]))
    maps = sorted(name for kind, name in found if kind == "configMap")
    return maps, sorted(name for kind, name in found if kind == "secret")


async def configuration(
    sources: Sources, connection: Connection, template: Object
) -> dict[str, str]:
    """Return a digest of the ConfigMaps and of the versions of the Secrets.

    What this login may not list is left out.
    """
    maps, secrets = referred(template)
    found = {}
    for name, kind, names in (
        ("config", CONFIG_MAPS, maps),
        ("secrets", SECRETS_METADATA, secrets),
    ):
        if not names:
            continue
        try:
            there = await objects(sources, connection, kind)
        except ProbeError:
            continue
        seen = {name_of(each): _content(each) for each in there}
        content = {each: seen.get(each) for each in names}
        encoded = msgspec.json.encode(content, order="deterministic")
        found[name] = hashlib.sha256(encoded).hexdigest()[:12]
    return found


def listed(template: Object) -> str:
    """Return the ConfigMaps and Secrets of a template in words, "" without any."""
    maps, secrets = referred(template)
    said = [f"ConfigMap {each}" for each in maps]
    said += [f"Secret {each}" for each in secrets]
    return ", ".join(said)


def _content(thing: Object) -> object:
    metadata = thing["metadata"]
    if "data" in thing or "binaryData" in thing:
        return [thing.get("data"), thing.get("binaryData")]
    return [metadata.get("uid"), metadata.get("resourceVersion")]


def _references(spec: Object) -> Iterator[tuple[str, str]]:
    containers = [*(spec.get("initContainers") or ()), *spec["containers"]]
    for each in containers:
        for source in each.get("envFrom") or ():
            for kind in ("configMap", "secret"):
                if reference := source.get(f"{kind}Ref"):
                    yield kind, str(reference.get("name", ""))
        for entry in each.get("env") or ():
            for kind in ("configMap", "secret"):
                if reference := (entry.get("valueFrom") or {}).get(f"{kind}KeyRef"):
                    yield kind, str(reference.get("name", ""))
    for volume in spec.get("volumes") or ():
        yield from _mounted(volume)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _mounted(source)


def _mounted(source: Object) -> Iterator[tuple[str, str]]:
    if held := source.get("configMap"):
        yield "configMap", str(held.get("name", ""))
    if held := source.get("secret"):
        yield "secret", str(held.get("secretName") or held.get("name", ""))
