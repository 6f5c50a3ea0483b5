"""The application's settings, all healthy, as an env file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runbooks.rehearsal import cache
from runbooks.rehearsal.database import APPLICATION
from runbooks.rehearsal.layout import Layout, write_private


def env_file(layout: Layout) -> Path:
    return layout.path("app.env")


def write(layout: Layout, *, pooled: bool) -> None:
    """Write the env file of API and worker; *pooled*: by way of PgBouncer."""
    _write(layout, _values(layout, pooled))


def read(layout: Layout) -> dict[str, str]:
    """Return what the env file says now."""
    lines = env_file(layout).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def change(layout: Layout, **values: str | None) -> None:
    """Let the env file say *values*; they count from a part's next start on.

    What is None is left out of it.
    """
    said: dict[str, str | None] = {**read(layout), **values}
    _write(layout, {name: value for name, value in said.items() if value is not None})


def _write(layout: Layout, values: Mapping[str, str]) -> None:
    lines = [f"{name}={value}\n" for name, value in values.items()]
    write_private(env_file(layout), "".join(lines))


def _values(layout: Layout, pooled: bool) -> dict[str, str]:
    database = "pgbouncer" if pooled else "postgres"
    api, web = layout.url("api"), layout.url("web")
    backups = layout.path("backups")
    values = {
        "ENVIRONMENT": "production",
        "DATABASE_URL": layout.dsn(APPLICATION, "postgres-password", database),
        "REDIS_URL": cache.url(layout),
        "WORKDIR": str(layout.path("data")),
        "HF_HOME": str(layout.path("cache", "hf")),
        "FRONTEND_ORIGIN": web,
        "CORS_ALLOW_ORIGINS": "",
        "SESSION_SECRET": layout.secret("session-secret"),
        "SESSION_EXPIRE_HOURS": "24",
        "SESSION_REFRESH_THRESHOLD_HOURS": "12",
        "API_KEY_EXPIRE_DAYS": "90",
        "OAUTH_STATE_VALIDATION": "true",
        "ADMIN_EMAILS": "ada@rehearsal.example,grace@rehearsal.example",
        "ENABLE_RATE_LIMITING": "true",
        "FORWARDED_ALLOW_IPS": "127.0.0.1",
        "MAX_LOGIN_ATTEMPTS": "5",
        "LOGIN_ATTEMPT_WINDOW_MINUTES": "15",
        "SEARCH_BACKEND": "postgres",
        "ENABLE_CACHING": "true",
        "CACHE_VIDEO_TTL": "300",
        "CACHE_TRANSCRIPT_TTL": "3600",
        "CACHE_DEFAULT_TTL": "300",
        "CACHE_SEARCH_TTL": "600",
        "WHISPER_MODEL": "large-v3",
        "WHISPER_BACKEND": "faster-whisper",
        "FORCE_GPU": "false",
        "ENABLE_DIARIZATION": "false",
        "ENABLE_TRANSLATION": "false",
        "ENABLE_CUSTOM_VOCABULARY": "true",
        "CLEANUP_AFTER_PROCESS": "true",
        "CLEANUP_DELETE_RAW": "true",
        "CLEANUP_DELETE_WAV": "true",
        "CLEANUP_DELETE_CHUNKS": "true",
        "CLEANUP_DELETE_DIR_IF_EMPTY": "true",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
        "ENABLE_METRICS": "true",
        "HEALTH_CHECK_TIMEOUT": "5.0",
        "HEALTH_CHECK_WORKER_STALE_SECONDS": "300",
        "HEALTH_CHECK_DISK_MIN_FREE_GB": "1.0",
        "HEALTH_CHECK_CRITICAL_COMPONENTS": "database",
        "BACKUP_DIR": str(backups),
        "BACKUP_RETENTION_DAILY": "7",
        "BACKUP_RETENTION_WEEKLY": "4",
        "BACKUP_RETENTION_MONTHLY": "12",
        "WAL_ARCHIVE_DIR": str(backups / "wal_archive"),
        "MEDIA_BACKUP_DIR": str(backups / "media"),
        "MEDIA_RETENTION_DAYS": "30",
        "MAX_BACKUP_AGE_HOURS": "26",
    }
    for provider in ("google", "twitch"):
        name = f"OAUTH_{provider.upper()}"
        values[f"{name}_CLIENT_ID"] = f"rehearsal-{provider}"
        values[f"{name}_CLIENT_SECRET"] = layout.secret(f"oauth-{provider}")
        values[f"{name}_REDIRECT_URI"] = f"{api}/auth/callback/{provider}"
    return values
