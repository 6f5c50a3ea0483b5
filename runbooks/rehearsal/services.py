"""The services that run in containers, as Compose would describe them to the Engine."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbooks.rehearsal import answers, images
from runbooks.rehearsal.layout import Layout
from runbooks.rehearsal.parts import UNPRIVILEGED

DATA = "/data"
"""Where containers keep media."""
_READ = ("layout.json", "front.toml", "tls")
"""What every program reads of the rehearsal's directory."""
_SECOND = 10**9
_CPUS = {"cpu_period": 100_000, "cpu_quota": 200_000}


@dataclass(frozen=True, slots=True)
class Service:
    """How one service is run.

    Attributes:
        command: module and options.
        check: listener and path that its health check asks.
        every: seconds between checks; the first comes after so many.
        await_health: whether it is ready only once found healthy.
        writes: paths below the rehearsal's directory that it may change.
    """

    command: tuple[str, ...]
    check: tuple[str, str]
    memory: str
    writes: tuple[str, ...]
    every: int = 10
    await_health: bool = False


SERVICES = {
    "api": Service(
        ("runbooks.rehearsal.api", "--apart"),
        ("api", "/ready"),
        "4g",
        ("data",),
        every=2,
        await_health=True,
    ),
    "worker": Service(
        ("runbooks.rehearsal.worker",),
        ("worker", "/metrics"),
        "16g",
        ("data", "cache/hf"),
    ),
    "caddy": Service(
        ("runbooks.rehearsal.api.redirect",),
        ("redirect", "/health"),
        "128m",
        ("alerts.jsonl",),
    ),
}


def described(
    layout: Layout, service: Service, settings: Mapping[str, str]
) -> dict[str, Any]:
    """Return the arguments of ``create_container``, and ``host``'s."""
    python = os.path.realpath(sys.executable)
    module, *options = service.command
    listener, path = service.check
    url = f"{layout.url(listener)}{path}"
    environment = {
        **settings,
        "HOME": DATA,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": images.search_path(),
        "WORKDIR": DATA,
    }
    return {
        "command": [python, "-m", module, str(layout.directory), *options],
        "environment": environment,
        "user": ":".join(map(str, _owner())),
        "healthcheck": {
            "test": ["CMD", python, "-I", answers.__file__, url],
            "interval": service.every * _SECOND,
            "timeout": 5 * _SECOND,
            "retries": 3,
        },
        "host": {
            **_CPUS,
            "mem_limit": service.memory,
            "pids_limit": 64,
            "network_mode": "host",
            "mounts": _mounts(layout, service),
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true", "label=disable"],
            "restart_policy": {"Name": "on-failure"},
            "log_config": {
                "Type": "json-file",
                "Config": {"max-size": "1m", "max-file": "2"},
            },
        },
    }


def _mounts(layout: Layout, service: Service) -> list[dict[str, Any]]:
    """Return what a container sees of the machine.

    Mounts, not binds: with those the Engine would make what is not there.
    """
    read = [*images.borrowed(), *(layout.path(name) for name in _READ)]
    written = [
        _mount(layout.path(name), DATA if name == "data" else "", read_only=False)
        for name in service.writes
    ]
    return [*map(_mount, read), *written]


def hand_over(layout: Layout, service: Service) -> None:
    """Let the user of containers read the key and change what it may."""
    for name in ("tls/server.key", *service.writes):
        path = layout.path(name)
        if not path.exists():
            path.touch()
        if not os.getuid():
            os.chown(path, *_owner())


def _owner() -> tuple[int, int]:
    """Return user and group of containers: ours, unless that is root."""
    if os.getuid():
        return os.getuid(), os.getgid()
    other = pwd.getpwnam(UNPRIVILEGED)
    return other.pw_uid, other.pw_gid


def _mount(path: Path, target: str = "", *, read_only: bool = True) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": str(path),
        "Target": target or str(path),
        "ReadOnly": read_only,
    }
