"""The contexts of a kubeconfig, read without the cluster's client and its plugins.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbooks.errors import DocumentError

_SECRET = frozenset(
    (
        *("token", "password", "client-key-data"),
        *("access-token", "id-token", "refresh-token", "client-secret"),
    )
)
"""Entries of a user, and of its ``auth-provider``, that log in."""


@dataclass(frozen=True, slots=True)
class Context:
    """One way to a cluster.

    Attributes:
        namespace: that commands use where they name none.
        current: whether it is the one that ``kubectl`` uses.
        server: address of the cluster, "" where nothing says it.
    """

    name: str
    namespace: str = "default"
    current: bool = False
    server: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What several kubeconfigs say together: of two the first counts.

    Attributes:
        current: name of the context that ``kubectl`` uses, or "".
        contexts: by name.
        servers: name of a cluster to its address.
    """

    current: str = ""
    contexts: Mapping[str, Context] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)


def files(said: str | None = None) -> list[Path]:
    """Return the kubeconfigs that are there: of *said*, else the usual one.

    Args:
        said: as in ``KUBECONFIG``, which counts when it is None.
    """
    if said is None:
        said = os.environ.get("KUBECONFIG", "")
    places = [Path(each).expanduser() for each in said.split(os.pathsep) if each]
    places = places or [Path("~/.kube/config").expanduser()]
    return [place for place in places if place.is_file()]


def contexts(path: Path) -> list[Context]:
    """Return the contexts of one kubeconfig.

    Raises:
        DocumentError: it cannot be read, or is none.
    """
    return list(merged([path]).contexts.values())


def credentials(path: Path) -> list[str]:
    """Return the secrets of the users of one kubeconfig, as written and decoded.

    Raises:
        DocumentError: it cannot be read, or is none.
    """
    found = []
    for _, user in _named(_read(path), "users", "user"):
        provider = user.get("auth-provider")
        inner = provider.get("config") if isinstance(provider, dict) else None
        for table in (user, inner if isinstance(inner, dict) else {}):
            found += [v for k, v in table.items() if k in _SECRET and v]
        key = user.get("client-key-data")
        if isinstance(key, str):
            with suppress(ValueError):
                found.append(b64decode(key).decode("utf-8", "replace"))
    return [value for value in found if isinstance(value, str)]


def merged(paths: Iterable[Path]) -> Known:
    """Return what the kubeconfigs at *paths* say together.

    Raises:
        DocumentError: one cannot be read, or is none.
    """
    current = ""
    about: dict[str, Mapping[str, Any]] = {}
    servers: dict[str, str] = {}
    for path in paths:
        held = _read(path)
        said = held.get("current-context")
        current = current or (said if isinstance(said, str) else "")
        about = {**dict(_named(held, "contexts", "context")), **about}
        for name, cluster in _named(held, "clusters", "cluster"):
            servers.setdefault(name, str(cluster.get("server") or ""))
    return Known(
        current,
        {
            name: Context(
                name,
                str(context.get("namespace") or "default"),
                name == current,
                servers.get(str(context.get("cluster")), ""),
            )
            for name, context in about.items()
        },
        servers,
    )


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        held = yaml.safe_load(path.read_bytes()) or {}
    except OSError as error:
        raise DocumentError(path, f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DocumentError(path, "is no YAML") from error
    if not isinstance(held, dict):
        raise DocumentError(path, "is no kubeconfig")
    return held


def _named(
    held: Mapping[str, Any], group: str, inner: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and content of the well-formed entries of a group."""
    entries = held.get(group)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            about = entry.get(inner)
            yield entry["name"], about if isinstance(about, dict) else {}
