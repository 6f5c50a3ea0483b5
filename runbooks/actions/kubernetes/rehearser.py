"""Process that tries changes of a cluster out: nothing that it sends is stored.

It reads as `runbooks.probes.kubernetes.reader` does. A request that says another
``method`` is sent as a dry run, whatever it says itself: the API server goes all the
way (rights, admission, validation) but for storing. See
https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run.

Usage: ``python -P -m runbooks.actions.kubernetes.rehearser DIRECTORY``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runbooks.probes.kubernetes.client import asked, sent
from runbooks.probes.kubernetes.reader import main

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


def rehearsed(client: ApiClient, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the response to a request that leaves nothing behind."""
    if "method" not in request:
        return asked(client, request)
    dry = {**request, "query": {**request["query"], "dryRun": "All"}}
    if request["method"] == "DELETE":
        # A body takes the place of the query: without this it would really delete.
        dry["body"] = {**request["body"], "dryRun": ["All"]}
    return sent(client, dry)


if __name__ == "__main__":
    main(rehearsed)
