"""What answers on the plain port: a way to HTTPS, and a sink of alerts.

``python -m runbooks.rehearsal.api.redirect DIRECTORY``, where it is a service of its
own as Caddy is at the original; else the API's process serves it too.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import hdrs, web

from runbooks.rehearsal.layout import Layout, read
from runbooks.rehearsal.serving import serve


def application(layout: Layout) -> web.Application:
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
    asyncio.run(serve({layout.ports["redirect"]: (application(layout), None)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
