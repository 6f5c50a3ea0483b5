"""``python -m runbooks.rehearsal.api DIRECTORY [--apart]``.

Settings from the environment. ``--apart``: `redirect` is a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

from runbooks.rehearsal.api import redirect
from runbooks.rehearsal.api.caching import Cache
from runbooks.rehearsal.api.headers import cors, rate_limit, refuse, secure, trace
from runbooks.rehearsal.api.routes import add_routes
from runbooks.rehearsal.api.service import SERVICE, Service
from runbooks.rehearsal.api.videos import KINDS
from runbooks.rehearsal.layout import Layout, read
from runbooks.rehearsal.records import Records
from runbooks.rehearsal.serving import Sites, compress, hide, serve, tls
from runbooks.rehearsal.storage import Database


def application(this: Service, layout: Layout) -> web.Application:
    """Return the API; a middleware earlier in the list is further out."""
    made = web.Application(
        middlewares=[hide(layout), trace, cors, rate_limit(), compress, secure, refuse]
    )
    made[SERVICE] = this
    add_routes(made)
    return made


def main(directory: Path, *, apart: bool) -> None:
    layout = read(directory)
    this = Service(
        settings=os.environ,
        database=Database(os.environ["DATABASE_URL"]),
        cache=Cache(os.environ["REDIS_URL"]),
        records=Records("api", os.environ["LOG_LEVEL"]),
    )
    for kind in KINDS:  # from nothing on, so that a rate can be told of the first
        this.series.add("cache_hits_total", 0, cache_type=kind)
        this.series.add("cache_misses_total", 0, cache_type=kind)
    this.records.write("INFO", "app.main", "Application started")
    sites: Sites = {layout.ports["api"]: (application(this, layout), tls(layout))}
    if not apart:
        sites[layout.ports["redirect"]] = (redirect.application(layout), None)
    asyncio.run(serve(sites))


if __name__ == "__main__":
    main(Path(sys.argv[1]), apart="--apart" in sys.argv)
