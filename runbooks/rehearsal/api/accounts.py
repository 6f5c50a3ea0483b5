"""Who is asking: logins, sessions, API keys, and what strangers are refused."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

from aiohttp import hdrs, web

from runbooks.rehearsal.api.errors import Refusal, answer, invalid, unauthenticated
from runbooks.rehearsal.api.service import service

STATE_COOKIE = "tc_oauth_state"
SESSION_COOKIE = "tc_session"
_AUTHORIZE = {
    "twitch": ("https://id.twitch.tv/oauth2/authorize", "user:read:email"),
    "google": (
        "https://accounts.google.com/o/oauth2/v2/auth",
        "openid email profile",
    ),
}


async def login(request: web.Request) -> web.Response:
    """Send the browser to the provider, with a state that comes back."""
    this = service(request)
    provider = _provider(request)
    address, scope = _AUTHORIZE[provider]
    state = secrets.token_urlsafe(32)
    name = f"OAUTH_{provider.upper()}"
    asked = {
        "response_type": "code",
        "client_id": this.settings[f"{name}_CLIENT_ID"],
        "redirect_uri": this.settings[f"{name}_REDIRECT_URI"],
        "scope": scope,
        "state": state,
    }
    redirect = web.Response(
        status=302, headers={hdrs.LOCATION: f"{address}?{urlencode(asked)}"}
    )
    redirect.set_cookie(
        STATE_COOKIE,
        state,
        max_age=600,
        httponly=True,
        samesite="Lax",
        secure=this.in_production,
    )
    return redirect


async def callback(request: web.Request) -> web.Response:
    """Refuse a login whose state is not the browser's; there is no provider here."""
    _provider(request)
    if request.cookies.get(STATE_COOKIE) != request.query.get("state"):
        raise invalid("Invalid OAuth state parameter")
    raise Refusal(502, "external_service_error", "The provider cannot be reached")


async def me(request: web.Request) -> web.Response:
    return answer({"user": await user_by_cookie(request)})


async def logout(request: web.Request) -> web.Response:
    done = answer({"ok": True})
    done.del_cookie(SESSION_COOKIE)
    return done


async def api_keys(request: web.Request) -> web.Response:
    user = await authenticated(request)
    return answer(
        {
            "api_keys": await service(request).database.all(
                "select id, name, key_prefix, expires_at, last_used_at, created_at "
                "from api_keys where user_id = $1 and revoked_at is null",
                user["id"],
            )
        }
    )


async def authenticated(request: web.Request) -> dict[str, Any]:
    """Return the user of the session or API key.

    Raises:
        Refusal: 401, there is neither.
    """
    user = await user_by_cookie(request) or await _user_by_key(request)
    if user is None:
        raise unauthenticated()
    return user


async def user_by_cookie(request: web.Request) -> dict[str, Any] | None:
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    return await service(request).database.one(
        "select u.id, u.email, u.name, u.plan from users u "
        "join sessions s on s.user_id = u.id "
        "where s.token = $1 and s.expires_at > now()",
        token,
    )


async def _user_by_key(request: web.Request) -> dict[str, Any] | None:
    _, _, bearer = request.headers.get(hdrs.AUTHORIZATION, "").partition("Bearer ")
    key = bearer or request.headers.get("X-API-Key", "")
    if not key.startswith("tc_"):
        return None
    return await service(request).database.one(
        "with used as (update api_keys set last_used_at = now() where key_hash = $1 "
        "and revoked_at is null and (expires_at is null or expires_at > now()) "
        "returning user_id) "
        "select u.id, u.email, u.name, u.plan from users u join used on user_id = u.id",
        hashlib.sha256(key.encode()).hexdigest(),
    )


async def members_only(request: web.Request) -> web.Response:
    """401 to strangers; what members would get here nobody asks for."""
    if await user_by_cookie(request) is None:
        raise unauthenticated()
    return answer({"items": []})


async def administrators_only(request: web.Request) -> web.Response:
    """401 to strangers, 403 to who is no administrator."""
    user = await user_by_cookie(request)
    if user is None:
        raise unauthenticated()
    return await permitted_only(request)


async def permitted_only(request: web.Request) -> web.Response:
    """403 to strangers too: these routes ask for the permission first."""
    user = await user_by_cookie(request)
    admins = service(request).settings["ADMIN_EMAILS"].split(",")
    if user is None or user["email"] not in admins:
        raise Refusal(403, "insufficient_permissions", "Admin access required")
    return answer({"items": []})


async def keyless(request: web.Request) -> web.Response:
    """The one route with a refusal of another shape."""
    if await user_by_cookie(request) is None:
        return answer({"error": "auth_required"}, 401)
    return answer({"segments": []})


def _provider(request: web.Request) -> str:
    provider = request.match_info["provider"]
    if provider not in _AUTHORIZE:
        raise web.HTTPNotFound
    return provider
