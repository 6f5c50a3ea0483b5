"""A cluster that can be changed, with a history, and what acts on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks.actions.kubernetes import sending, watching
from runbooks.probes.kubernetes import connection
from tests.runbooks.actions.kubernetes.acting import Acting
from tests.runbooks.actions.kubernetes.two_releases import two_releases
from tests.runbooks.actions.kubernetes.writable_api import WritableAPI
from tests.runbooks.probes.kubernetes_api import serving
from tests.runbooks.probes.kubernetes_in_a_thread import in_a_thread


@pytest.fixture
def api() -> Iterator[WritableAPI]:
    """An API server with two Deployments, of which one has two revisions."""
    api = two_releases()
    with serving(api):
        yield api
    assert api.violations == []


@pytest.fixture
def act(api: WritableAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acting:
    """What describes and performs, quickly: nothing waits for time."""
    monkeypatch.setattr(connection, "started", in_a_thread)
    monkeypatch.setattr(watching, "WATCHED", 0.2)
    return Acting(api, tmp_path)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only shortly for an API server that does not come back."""
    monkeypatch.setattr(sending, "LOST", 0.1)
