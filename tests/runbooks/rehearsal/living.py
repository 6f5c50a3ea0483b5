"""What a deployment has: processes, those in containers included, ports, images."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from tests.runbooks.probes.docker_engine import DockerEngine


def processes(directory: Path) -> list[psutil.Process]:
    """Return who names the directory or works in it, and their descendants."""
    found = set()
    for process in psutil.process_iter():
        try:
            words = [process.cwd(), *process.cmdline()]
            if any(str(directory) in word for word in words):
                found |= {process, *process.children(recursive=True)}
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return [process for process in found if process.pid != os.getpid()]


def await_end(of: list[psutil.Process]) -> None:
    """Wait until all have ended; the test's limit is the bound."""
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in of):
        time.sleep(0.05)


def listening(ports: Iterable[int]) -> set[int]:
    """Return those of *ports* on which somebody listens."""
    found = psutil.net_connections("tcp")
    return {c.laddr.port for c in found if c.status == "LISTEN"} & set(ports)


def left(docker: DockerEngine, directory: Path) -> tuple[int, int]:
    """Return how many containers and images say that they are of *directory*."""
    filters = {"label": f"gonogo.rehearsal.directory={directory}"}
    found = docker.client.containers(all=True, filters=filters)
    return len(found), len(docker.client.images(filters=filters))
