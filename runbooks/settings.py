"""The application's settings as its processes see them, by whatever way they came.

A container's environment resolves as the kubelet does it: ``envFrom`` in order, then
``env``, whose plain values may hold ``$(NAME)`` of what was set before, see
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
(EnvVar, EnvFromSource).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Data = Mapping[str, Mapping[str, str]]
"""Name of a ConfigMap or Secret to its keys, values as plain text."""
FROM_SECRETS = ("secretKeyRef", "secretRef")

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of one process.

    Attributes:
        value: None where nobody here can know it (``fieldRef``, a Secret unread).
        source: ``literal``, ``configMapKeyRef``, ``secretKeyRef``, ``configMapRef``
            and ``secretRef`` (of ``envFrom``), ``fieldRef``, ``container`` (Docker
            does not keep where it came from), ``file``, ``default`` or ``unset``.
        mode: of the file that it came from, such as ``0600``.
    """

    value: str | None = field(repr=False)
    source: str
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """All variables of one process.

    Attributes:
        label: whose it is, such as ``api``.
        missing: what it refers to that is not there, so that it cannot start.
    """

    label: str
    settings: Mapping[str, Setting]
    missing: tuple[str, ...] = ()

    def setting(self, name: str, default: str | None = None) -> Setting:
        """Return the variable, else the default of the application's code."""
        if name in self.settings:
            return self.settings[name]
        return Setting(default, "unset" if default is None else "default")


def of_file(label: str, values: Mapping[str, str], mode: str) -> Environment:
    """Return what an env file of this mode sets."""
    found = {name: Setting(value, "file", mode) for name, value in values.items()}
    return Environment(label, found)


def of_docker(label: str, variables: Iterable[str]) -> Environment:
    """Return what ``Config.Env`` of a container sets."""
    pairs = (variable.partition("=") for variable in variables)
    found = {name: Setting(value, "container") for name, _, value in pairs}
    return Environment(label, found)


def of_container(
    label: str, container: Mapping[str, Any], config_maps: Data, secrets: Data | None
) -> Environment:
    """Return what a container of a pod template sets.

    Args:
        secrets: None where nobody has read them; then none of them is missing.
    """
    found: dict[str, Setting] = {}
    missing: list[str] = []
    held = {"configMap": config_maps, "secret": secrets or {}}
    unread = "secret" if secrets is None else ""
    for source in container.get("envFrom") or ():
        for kind, data in held.items():
            if reference := source.get(f"{kind}Ref"):
                prefix = source.get("prefix") or ""
                held_by = reference.get("name", "")
                there = held_by in data or kind == unread
                if not there and not reference.get("optional"):
                    missing.append(f"{kind} {held_by}")
                for key, value in data.get(held_by, {}).items():
                    if _NAME.fullmatch(prefix + key):
                        found[prefix + key] = Setting(value, f"{kind}Ref")
    for entry in container.get("env") or ():
        name, value_from = entry["name"], entry.get("valueFrom") or {}
        if entry.get("value") or not value_from:
            found[name] = _expanded(entry.get("value") or "", found)
            continue
        for kind, data in held.items():
            if reference := value_from.get(f"{kind}KeyRef"):
                where, key = reference.get("name", ""), reference["key"]
                if kind == unread:
                    found[name] = Setting(None, f"{kind}KeyRef")
                elif key in data.get(where, {}):
                    found[name] = Setting(data[where][key], f"{kind}KeyRef")
                elif not reference.get("optional"):
                    missing.append(f"{kind} {where} key {key}")
        if "fieldRef" in value_from or "resourceFieldRef" in value_from:
            found[name] = Setting(None, "fieldRef")
    return Environment(label, found, tuple(missing))


def needs_secrets(container: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether the content of a Secret decides what one of *names* is."""
    if any("secretRef" in source for source in container.get("envFrom") or ()):
        return True
    wanted = set(names)
    for entry in reversed(container.get("env") or ()):
        if entry["name"] in wanted:
            if "secretKeyRef" in (entry.get("valueFrom") or {}):
                return True
            wanted.update(_REFERENCE.findall(entry.get("value") or ""))
    return False


def unwired(
    names: Iterable[str], environments: Iterable[Environment], *declared: Data
) -> list[str]:
    """Return the names that a ConfigMap or Secret declares and no process gets.

    A key declares the variable of the same name, or spelt as ``log-level``.
    """
    keys = {key for data in declared for held in data.values() for key in held}
    got = {name for each in environments for name in each.settings}
    return [
        name
        for name in names
        if name not in got and {name, name.lower().replace("_", "-")} & keys
    ]


def data_of(objects: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the keys of ConfigMaps, or of Secrets, by the name of the object."""
    return {
        each["metadata"]["name"]: {
            key: _plain(value) if each.get("kind") == "Secret" else value
            for key, value in (each.get("data") or {}).items()
        }
        for each in objects
    }


def _expanded(text: str, known: Mapping[str, Setting]) -> Setting:
    """Fill in ``$(NAME)``; the result is a secret if one was filled in."""
    source = "literal"

    def filled(match: re.Match[str]) -> str:
        nonlocal source
        if match[0] == "$$":
            return "$"
        other = known.get(match[1])
        if other is None or other.value is None:
            return match[0]
        if other.source in FROM_SECRETS:
            source = other.source
        return other.value

    return Setting(_REFERENCE.sub(filled, text), source)


def _plain(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return encoded
