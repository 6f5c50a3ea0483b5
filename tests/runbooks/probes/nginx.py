"""An nginx of our own on loopback, with the server blocks that a test writes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

CONFIGURATION = """\
daemon off; master_process off; pid {directory}/pid; error_log {directory}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; server_tokens off; default_type text/plain;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  {servers}
}}
"""


def needed(program: str, package: str) -> str:
    """Return where *program* is, or skip; where CI is set, a lack of it fails."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if path is None:
        said = f"{program} is not installed (Debian: {package})"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return path


def free_ports(number: int) -> list[int]:
    taken = [socket.socket() for _ in range(number)]
    try:
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in taken]
    finally:
        for each in taken:
            each.close()


@contextmanager
def nginx(directory: Path, servers: str, ports: list[int]) -> Iterator[None]:
    """Run nginx with these ``server`` blocks until the context is left."""
    program = needed("nginx", "nginx-light")
    configuration = directory / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, servers=servers))
    said = directory / "stderr"
    with said.open("wb") as errors:
        process = subprocess.Popen(
            [program, "-p", str(directory), "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
        )
    try:
        deadline = time.monotonic() + 60
        while not all(map(_listens, ports)):
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, "nginx did not start"
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
