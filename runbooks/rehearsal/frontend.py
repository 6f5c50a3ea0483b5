"""The web frontend: a single page with one hashed asset, and the legal pages.

``python -m runbooks.rehearsal.frontend DIRECTORY``. As at the original every
unknown path answers 200 with the page itself, so that a status proves nothing.
Made up: the headers that a content delivery network in front would add.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from pathlib import Path

from aiohttp import hdrs, web

from runbooks.rehearsal.layout import Layout, read
from runbooks.rehearsal.serving import HSTS, SECURITY, Handler, compress, serve, tls

_SCRIPT = "\n".join(
    [
        "const root = document.getElementById('root');",
        "root.textContent = 'Transcript Create';",
        *(f"// rehearsal asset, line {number}" for number in range(60)),
    ]
)
ASSET = f"/assets/index-{hashlib.sha256(_SCRIPT.encode()).hexdigest()[:8]}.js"
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A rehearsal of the transcript archive: search what
was said in every video, read along, and take the transcript with you. Nothing here
is real: the videos, the people and the words are made up for practice.">
<link rel="canonical" href="{origin}{path}">{head}</head>
<body>{body}</body>
</html>
"""
_TERMS = (
    "<h1>Terms of Service</h1><p>These terms govern the use of this rehearsal: "
    "you agree that nothing here is real and that the service ends without notice.</p>"
)
_PRIVACY = (
    "<h1>Privacy Policy</h1><p>This policy says what personal data we process: "
    "none. There are no cookies, and there is nothing to delete.</p>"
)


@web.middleware
async def dress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set security headers, and freshness as a network in front needs it."""
    response = await handler(request)
    response.headers.update(SECURITY)
    if os.environ["ENVIRONMENT"] == "production":
        response.headers["Strict-Transport-Security"] = HSTS
    is_asset = request.path == ASSET
    response.headers[hdrs.CACHE_CONTROL] = (
        "public, max-age=31536000, immutable" if is_asset else "no-cache"
    )
    response.headers["X-Cache"] = "HIT" if is_asset else "MISS"
    response.headers[hdrs.SERVER] = "nginx"
    return response


def application(layout: Layout) -> web.Application:
    origin = layout.url("web")
    script = f'<script type="module" src="{ASSET}"></script>'
    made = web.Application(middlewares=[dress, compress])

    def page(path: str, title: str, body: str, head: str = "") -> Handler:
        text = _PAGE.format(path=path, title=title, body=body, head=head, origin=origin)

        async def show(request: web.Request) -> web.Response:
            return web.Response(text=text, content_type="text/html")

        return show

    async def asset(request: web.Request) -> web.Response:
        return web.Response(text=_SCRIPT, content_type="application/javascript")

    async def healthz(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    index = page("/", "Transcript Create", '<div id="root"></div>', script)
    made.router.add_get(ASSET, asset)
    made.router.add_get("/healthz", healthz)
    made.router.add_get("/terms", page("/terms", "Terms of Service", _TERMS))
    made.router.add_get("/privacy", page("/privacy", "Privacy Policy", _PRIVACY))
    made.router.add_get("/{path:.*}", index)
    return made


def main(directory: Path) -> None:
    layout = read(directory)
    asyncio.run(serve({layout.ports["web"]: (application(layout), tls(layout))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
