"""The contexts of a kubeconfig, read without the cluster's client and its plugins.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbooks.errors import DocumentError


@dataclass(frozen=True, slots=True)
class Context:
    """One way to a cluster.

    Attributes:
        namespace: that commands use where they name none.
        current: whether it is the one that ``kubectl`` uses.
    """

    name: str
    namespace: str = "default"
    current: bool = False


def files() -> list[Path]:
    """Return the kubeconfigs that are there: of ``KUBECONFIG``, else the usual one."""
    said = os.environ.get("KUBECONFIG", "")
    places = [Path(each) for each in said.split(os.pathsep) if each]
    places = places or [Path("~/.kube/config").expanduser()]
    return [place for place in places if place.is_file()]


def contexts(path: Path) -> list[Context]:
    """Return the contexts of one kubeconfig.

    Raises:
        DocumentError: it cannot be read, or is none.
    """
    import yaml

    try:
        held = yaml.safe_load(path.read_bytes()) or {}
    except OSError as error:
        raise DocumentError(path, f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DocumentError(path, "is no YAML") from error
    if not isinstance(held, dict):
        raise DocumentError(path, "is no kubeconfig")
    return list(_contexts(held))


def _contexts(held: Mapping[str, Any]) -> Iterator[Context]:
    current = held.get("current-context")
    entries = held.get("contexts")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            about = entry.get("context")
            namespace = about.get("namespace") if isinstance(about, dict) else None
            name = entry["name"]
            yield Context(name, str(namespace or "default"), name == current)
