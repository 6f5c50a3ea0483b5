"""Where the parts of a rehearsal keep their files and on which ports they listen.

Written once as ``layout.json`` into the directory, read by every process of it.
"""

from __future__ import annotations

import json
import random
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
DATABASE = "transcripts"
LISTENERS = (
    "postgres",
    "pgbouncer",
    "redis",
    "api",
    "redirect",
    "web",
    "worker",
    "exporter",
    "prometheus",
    "alertmanager",
)
SECRETS = (
    "postgres-password",
    "probe-password",
    "owner-password",
    "redis-password",
    "pgbouncer-password",
    "session-secret",
    "session-cookie",
    "api-key",
    "oauth-google",
    "oauth-twitch",
)
_FIRST, _LAST = 20_000, 32_000
"""Below the kernel's ephemeral ports, so that no client is given one meanwhile."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The plan of one deployment.

    Attributes:
        directory: absolute; everything lies below it.
        ports: by listener, all on `HOST`.
    """

    directory: Path
    ports: Mapping[str, int]

    def path(self, *names: str) -> Path:
        return self.directory.joinpath(*names)

    def secret_file(self, name: str) -> Path:
        return self.path("secrets", name)

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text().strip()

    def url(self, listener: str) -> str:
        """Return the base URL of what speaks HTTP, by name where people meet it."""
        scheme = "https" if listener in ("api", "web") else "http"
        host = "localhost" if listener in ("api", "web", "redirect") else HOST
        return f"{scheme}://{host}:{self.ports[listener]}"

    def dsn(self, role: str, password: str, listener: str = "postgres") -> str:
        """Return a database URL as SQLAlchemy writes it."""
        return (
            f"postgresql+psycopg://{role}:{self.secret(password)}"
            f"@{HOST}:{self.ports[listener]}/{DATABASE}"
        )


def lay_out(directory: Path) -> Layout:
    """Choose ports, make secrets, write the plan into the empty *directory*."""
    layout = Layout(directory.absolute(), _free_ports())
    layout.path("secrets").mkdir(0o700)
    layout.path("logs").mkdir()
    for name in SECRETS:
        write_private(layout.secret_file(name), _made_up(name))
    layout.path("layout.json").write_text(json.dumps({"ports": layout.ports}))
    return layout


def read(directory: Path) -> Layout:
    """Return the plan that was written into *directory*."""
    plan = json.loads((directory / "layout.json").read_text())
    return Layout(directory.absolute(), plan["ports"])


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(0o600)
    path.write_text(text)


def _made_up(name: str) -> str:
    if name == "api-key":
        return f"tc_{secrets.token_urlsafe(32)}"
    return secrets.token_hex(32 if name == "session-secret" else 16)


def _free_ports() -> dict[str, int]:
    ports: dict[str, int] = {}
    for listener in LISTENERS:
        while listener not in ports:
            port = random.randrange(_FIRST, _LAST)
            if port not in ports.values() and _is_free(port):
                ports[listener] = port
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError:
            return False
    return True
