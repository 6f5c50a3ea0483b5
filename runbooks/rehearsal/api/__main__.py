"""``python -m runbooks.rehearsal.api DIRECTORY``: settings from the environment."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import hdrs, web

from runbooks.rehearsal.api.caching import Cache
from runbooks.rehearsal.api.headers import cors, rate_limit, refuse, secure, trace
from runbooks.rehearsal.api.routes import add_routes
from runbooks.rehearsal.api.service import SERVICE, Service
from runbooks.rehearsal.layout import Layout, read
from runbooks.rehearsal.records import Records
from runbooks.rehearsal.serving import compress, serve, tls
from runbooks.rehearsal.storage import Database


def application(this: Service) -> web.Application:
    """Return the API; a middleware earlier in the list is further out."""
    made = web.Application(
        middlewares=[trace, cors, rate_limit(), compress, secure, refuse]
    )
    made[SERVICE] = this
    add_routes(made)
    return made


def plain(layout: Layout) -> web.Application:
    """Return what answers on the plain port: a way to HTTPS, and a sink of alerts."""
    made = web.Application()

    async def redirect(request: web.Request) -> web.Response:
        host = request.host.partition(":")[0]
        place = f"https://{host}:{layout.ports['api']}{request.raw_path}"
        return web.Response(status=301, headers={hdrs.LOCATION: place})

    async def alerts(request: web.Request) -> web.Response:
        with layout.path("alerts.jsonl").open("a") as kept:
            kept.write(f"{(await request.text()).strip()}\n")
        return web.Response()

    made.router.add_post("/alerts", alerts)
    made.router.add_route("*", "/{path:.*}", redirect)
    return made


def main(directory: Path) -> None:
    layout = read(directory)
    this = Service(
        settings=os.environ,
        database=Database(os.environ["DATABASE_URL"]),
        cache=Cache(os.environ["REDIS_URL"]),
        records=Records("api", os.environ["LOG_LEVEL"]),
    )
    this.records.write("INFO", "app.main", "Application started")
    sites = {
        layout.ports["redirect"]: (plain(layout), None),
        layout.ports["api"]: (application(this), tls(layout)),
    }
    asyncio.run(serve(sites))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
