"""Process that changes a cluster. Only `perform` of an action starts it.

It reads as `runbooks.probes.kubernetes.reader` does, and sends a request that says its
``method`` as it is.

Usage: ``python -P -m runbooks.actions.kubernetes.writer DIRECTORY``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runbooks.probes.kubernetes.client import asked, sent
from runbooks.probes.kubernetes.reader import main

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


def written(client: ApiClient, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the response to a request, sent once and never again."""
    return (sent if "method" in request else asked)(client, request)


if __name__ == "__main__":
    main(written)
