"""Serving aiohttp applications until the process is asked to end."""

from __future__ import annotations

import asyncio
import gzip
import signal
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from runbooks.rehearsal import front
from runbooks.rehearsal.layout import HOST, Layout

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Sites = dict[int, tuple[web.Application, ssl.SSLContext | None]]
"""Applications by port, with TLS or plain."""
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
        "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    ),
}
HSTS = "max-age=31536000; includeSubDomains"
_SHORTEST = 500
"""Bytes: what is shorter is not worth compressing."""
_TEXTUAL = ("text/", "application/json", "application/javascript", "image/svg+xml")


def tls(layout: Layout) -> ssl.SSLContext:
    """Return a server context with our certificate and what ``front.toml`` allows."""
    allowed = front.read(layout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = allowed.protocols
    context.set_ciphers(allowed.ciphers)
    context.load_cert_chain(
        layout.path("tls", "server.pem"), layout.path("tls", "server.key")
    )
    return context


async def serve(sites: Sites) -> None:
    """Serve each application on its port until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    runners = []
    for port, (application, context) in sites.items():
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, HOST, port, ssl_context=context).start()
        runners.append(runner)
    await stopping.wait()
    for runner in runners:
        await runner.cleanup()


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compress text with gzip for whoever accepts it, as a proxy in front does."""
    response = await handler(request)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    if len(response.body) < _SHORTEST or not response.content_type.startswith(_TEXTUAL):
        return response
    vary = response.headers.get(hdrs.VARY)
    response.headers[hdrs.VARY] = ", ".join(filter(None, (vary, "Accept-Encoding")))
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        response.body = gzip.compress(response.body, 5)
        response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    return response


def hide(layout: Layout) -> Middleware:
    """Return a middleware that passes on no header that ``front.toml`` hides."""
    hidden = front.read(layout).hidden

    @web.middleware
    async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        for name in hidden:
            response.headers.popall(name, None)
        return response

    return pass_on
