"""All routes of the API, and the OpenAPI document made from them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from runbooks.rehearsal.api import accounts, exports, health, jobs, searching, videos
from runbooks.rehearsal.api.errors import answer
from runbooks.rehearsal.api.service import VERSION
from runbooks.rehearsal.serving import Handler

_DOCS = """<!DOCTYPE html>
<html><head><title>Transcript Create - API</title></head>
<body><div id="swagger-ui" data-url="/openapi.json"></div></body></html>
"""


async def openapi(request: web.Request) -> web.Response:
    paths: dict[str, Any] = {}
    for method, path, handler in ROUTES:
        paths.setdefault(path, {})[method.lower()] = {
            "operationId": f"{handler.__name__}_{method.lower()}",
            "summary": (handler.__doc__ or handler.__name__).splitlines()[0],
            "responses": {"200": {"description": "Successful Response"}},
        }
    info = {"title": "Transcript Create API", "version": VERSION}
    return answer({"openapi": "3.1.0", "info": info, "paths": paths})


async def docs(request: web.Request) -> web.Response:
    return web.Response(text=_DOCS, content_type="text/html")


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/health", health.health),
    ("GET", "/live", health.live),
    ("GET", "/ready", health.ready),
    ("GET", "/health/detailed", health.detailed),
    ("GET", "/version", health.version),
    ("GET", "/metrics", health.metrics),
    ("GET", "/docs", docs),
    ("GET", "/redoc", docs),
    ("GET", "/openapi.json", openapi),
    ("GET", "/auth/me", accounts.me),
    ("GET", "/auth/login/{provider}", accounts.login),
    ("GET", "/auth/callback/{provider}", accounts.callback),
    ("POST", "/auth/logout", accounts.logout),
    ("GET", "/api-keys", accounts.api_keys),
    ("POST", "/api-keys", accounts.members_only),
    ("DELETE", "/api-keys/{id}", accounts.members_only),
    ("GET", "/users/me/favorites", accounts.members_only),
    ("POST", "/users/me/favorites", accounts.members_only),
    ("GET", "/users/me/saved-searches", accounts.members_only),
    ("GET", "/admin/users", accounts.administrators_only),
    ("GET", "/admin/events", accounts.administrators_only),
    ("GET", "/admin/dashboard/metrics", accounts.administrators_only),
    ("GET", "/admin/dashboard/system-health", accounts.administrators_only),
    ("GET", "/admin/archive/labels", accounts.administrators_only),
    ("GET", "/admin/events.csv", accounts.permitted_only),
    ("GET", "/admin/events/summary", accounts.permitted_only),
    ("GET", "/admin/search/analytics", accounts.permitted_only),
    ("POST", "/admin/users/{id}/plan", accounts.permitted_only),
    ("POST", "/jobs", jobs.submit),
    ("GET", "/jobs/{id}", jobs.show),
    ("GET", "/videos", videos.listing),
    ("GET", "/videos/{id}", videos.show),
    ("GET", "/videos/{id}/transcript", videos.transcript),
    ("GET", "/videos/{id}/transcript.{form}", exports.export),
    ("GET", "/videos/{id}/youtube-transcript.json", accounts.keyless),
    ("GET", "/search", searching.search),
    ("GET", "/search/suggestions", searching.suggestions),
    ("GET", "/search/popular", searching.popular),
    ("GET", "/search/history", searching.history),
    ("GET", "/search/export", searching.export),
    ("GET", "/vocabularies", searching.vocabularies),
    ("POST", "/vocabularies", accounts.members_only),
    ("DELETE", "/vocabularies/{id}", accounts.members_only),
    ("POST", "/events", searching.event),
)


def add_routes(application: web.Application) -> None:
    """Route as the original does: HEAD is not among the methods."""
    for method, path, handler in ROUTES:
        application.router.add_route(method, path, handler)
