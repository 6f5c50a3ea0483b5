"""Middlewares: request id, CORS, rate limit, security and cache headers, errors."""

from __future__ import annotations

import time
import uuid
from collections import Counter

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from runbooks.rehearsal.api.errors import Refusal, answer
from runbooks.rehearsal.api.service import service
from runbooks.rehearsal.serving import HSTS, SECURITY, Handler
from runbooks.rehearsal.storage import UNAVAILABLE

PER_MINUTE = 100
_METHODS = "GET, POST, PUT, DELETE, PATCH"
_UNLIMITED = ("/health", "/metrics")
_UNSTORED = (*_UNLIMITED, "/live", "/ready", "/health/detailed")
_FRESHNESS = (
    ("/videos", "public, max-age=300"),
    ("/search", "public, max-age=600"),
    ("/auth/", "private, max-age=60"),
    ("/admin/", "private, max-age=60"),
)


@web.middleware
async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every answer an id; count, time and log it."""
    started = time.perf_counter()
    request_id = str(uuid.uuid4())
    response = await handler(request)
    took = time.perf_counter() - started
    response.headers["X-Request-ID"] = request_id
    response.headers[hdrs.SERVER] = "uvicorn"
    this, path = service(request), request.path
    this.series.add(
        "http_requests_total",
        method=request.method,
        endpoint=path,
        status=str(response.status),
    )
    this.series.observe(
        "http_request_duration_seconds", took, method=request.method, endpoint=path
    )
    if path != "/metrics":
        this.records.write(
            "INFO",
            "app.middleware",
            f"{request.method} {path} {response.status}",
            request_id=request_id,
            extra={"duration_ms": round(took * 1000, 1)},
        )
    return response


@web.middleware
async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflights, and let allowed origins read."""
    origin = request.headers.get(hdrs.ORIGIN)
    settings = service(request).settings
    allowed = {settings["FRONTEND_ORIGIN"], *settings["CORS_ALLOW_ORIGINS"].split(",")}
    known = origin is not None and origin in allowed
    wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_METHOD)
    if origin and wanted and request.method == hdrs.METH_OPTIONS:
        problem = "" if known else "origin"
        problem += "" if wanted in _METHODS.split(", ") else " method"
        response: web.StreamResponse = web.Response(
            status=400 if problem else 200,
            text=f"Disallowed CORS {problem.strip()}" if problem else "OK",
            headers={
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
                hdrs.ACCESS_CONTROL_MAX_AGE: "600",
                hdrs.VARY: "Origin",
            },
        )
    else:
        response = await handler(request)
    if origin:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
    if origin and known:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.VARY] = "Origin"
    return response


def rate_limit() -> Middleware:
    """Return a middleware that counts per address and minute of the clock."""
    counts: Counter[tuple[str, int]] = Counter()

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _UNLIMITED or not service(request).is_on(
            "ENABLE_RATE_LIMITING"
        ):
            return await handler(request)
        minute = int(time.time() // 60)
        if counts and max(counts)[1] < minute:
            counts.clear()
        counts[request.remote or "", minute] += 1
        if counts[request.remote or "", minute] <= PER_MINUTE:
            return await handler(request)
        refused = Refusal(429, "rate_limit_exceeded", "Too many requests").response()
        refused.headers[hdrs.RETRY_AFTER] = "60"
        return refused

    return limit


@web.middleware
async def secure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set the security headers and Cache-Control."""
    response = await handler(request)
    response.headers.update(SECURITY)
    if service(request).in_production:
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers[hdrs.CACHE_CONTROL] = _freshness(request.path, response.status)
    return response


@web.middleware
async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and an absent database into the API's answers."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.response()
    except web.HTTPNotFound:
        return answer({"detail": "Not Found"}, 404)
    except web.HTTPMethodNotAllowed:
        return answer({"detail": "Method Not Allowed"}, 405)
    except UNAVAILABLE as error:
        service(request).records.write("ERROR", "app.database", str(error))
        return Refusal(
            503, "service_unavailable", "Service temporarily unavailable"
        ).response()


def _freshness(path: str, status: int) -> str:
    if status >= 400 or path in _UNSTORED:
        return "no-store"
    for prefix, value in _FRESHNESS:
        if path.startswith(prefix):
            return value
    return "public, max-age=60, must-revalidate"
