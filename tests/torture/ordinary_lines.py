"""Lines that systems print every day, and in which nothing is secret."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from uuid import UUID

HEX = "0123456789abcdef"


def ordinary(chance: Random, count: int) -> list[str]:
    """Return *count* lines of all kinds in turn."""

    def code(length: int) -> str:
        return "".join(chance.choice(HEX) for _ in range(length))

    def id() -> str:
        return str(UUID(int=chance.getrandbits(128)))

    def number(below: int = 1000) -> int:
        return chance.randrange(below)

    def at() -> str:
        return f"2026-11-02T08:{number(60):02}:{number(60):02}.{number():03}Z"

    kinds: list[Callable[[], str]] = [
        lambda: f"{at()} INFO api request_id={id()} path=/v1/{id()} 200",
        lambda: f"{code(40)} Merge branch 'main' into feature/{code(6)}",
        lambda: f"commit {code(40)}",
        lambda: f"registry.internal/app/api@sha256:{code(64)}",
        lambda: f"  image: ghcr.io/org/app:1.{number(20)}@sha256:{code(64)}",
        lambda: f"level=info ts={at()} caller=main.go:{number()} trace_id={code(32)}",
        lambda: f'10.0.{number(255)}.7 - - "GET /up?probe={code(8)}" 200',
        lambda: f"LOG:  duration: {number()}.12 ms  statement: SELECT key FROM items",
        lambda: f"pod/api-{code(9)}-{code(5)} 1/1 Running 0 {number(99)}d",
        lambda: f'etag: "{code(32)}"',
        lambda: f"authentication succeeded for app{number()} from 10.1.2.{number(255)}",
        lambda: f"key {number()} not found in cache; primary_key=items_{number()}",
        lambda: f"token expired at {at()} for session {id()}",
        lambda: f'WARN secret "db-credentials" not yet mounted; retry {number(9)}',
        lambda: f"{number()} cache key=document:{id()} hit",
        lambda: f"api_version=v{number(3)} access=granted author=ana{number(99)}",
        lambda: f"container {code(64)} started image {code(12)}",
        lambda: f"idempotency-key: {id()}",
        lambda: f"connected to postgresql://app@db.internal:5432/app in {number()} ms",
        lambda: f"Bearer token accepted, scopes=read,write, key_id={code(8)}",
        lambda: f"main.c:{number()}:5: warning: unused variable 'passwd'",
        lambda: f"drwxr-xr-x 2 root root 4096 Nov  2 08:{number(60):02} secrets",
        lambda: f'password authentication failed for user "app{number()}"',
        lambda: f"node-{number(99)} Ready control-plane 9d v1.33.{number(9)}",
    ]
    return [kinds[each % len(kinds)]() for each in range(count)]
