"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the suite out of the home and the Engine of whoever starts it."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(home))
        patch.setenv("DOCKER_HOST", f"unix://{home}/docker.sock")
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            patch.delenv(name)
        yield
