"""Steps of the shipped runbook on settings and caches: what each is about turns it.

The environment is a real env file and the cache a real Redis; what each step must say
is the customer's own table of bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runbooks import parsing
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import parse
from tests.runbooks.probes.kubernetes_api import (
    KubernetesAPI,
    encoded,
    kubernetes_api,
)
from tests.runbooks.probes.redis_server import RedisServer, redis_server
from tests.runbooks.probes.settings_objects import deployment, env, held

ROOT = Path(__file__).parents[2]
SHIPPED = parsing.read(ROOT / "runbooks" / "documents" / "production-deployment.md")
PASSWORD = "made-up-and-long"

HEALTHY = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql+psycopg://app:kept-by-nobody@localhost/transcripts",
    "REDIS_URL": "redis://:kept-by-nobody@localhost/0",
    "FRONTEND_ORIGIN": "https://app.acme.test",
    "SESSION_SECRET": "4f8a1c3be29d7056" * 4,
    "SESSION_EXPIRE_HOURS": "24",
    "ADMIN_EMAILS": "ada@acme.test,grace@acme.test",
    "FORWARDED_ALLOW_IPS": "10.0.0.1",
    "MAX_LOGIN_ATTEMPTS": "5",
    "LOGIN_ATTEMPT_WINDOW_MINUTES": "15",
    "CLEANUP_AFTER_PROCESS": "true",
    **{
        f"OAUTH_{provider}_{key}": value
        for provider in ("GOOGLE", "TWITCH")
        for key, value in (
            ("CLIENT_ID", "1234"),
            ("CLIENT_SECRET", "kept-by-nobody"),
            (
                "REDIRECT_URI",
                f"https://api.acme.test/auth/callback/{provider.lower()}",
            ),
        )
    },
}
FACTS = {
    "platform": "processes",
    "gpu": "none",
    "search": "postgres",
    "billing": False,
    "caching": True,
    "diarization": False,
    "environment": "production",
}
Changes = Mapping[str, str | None]


def profile(tmp_path: Path, env: Mapping[str, str], facts: Mapping[str, Any]) -> str:
    path = tmp_path / "app.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    path.chmod(0o600)
    (tmp_path / "logs").mkdir()
    (tmp_path / "data").mkdir()
    line = '{"timestamp": "x", "level": "INFO", "service": "api", "message": "up"}'
    (tmp_path / "api.log").write_text(f"{line}\n")
    words = {True: "true", False: "false"}
    said = (f"{k} = {words.get(v, repr(v))}" for k, v in {**FACTS, **facts}.items())
    return "\n".join(
        [
            "[facts]",
            *said,
            "[api]",
            'url = "https://api.acme.test"',
            'host = "api.acme.test"',
            "[web]",
            'url = "https://app.acme.test"',
            "[backups]",
            f'directory = "{tmp_path}"',
            "[host]",
            'hostname = "localhost"',
            f'data_directory = "{tmp_path / "data"}"',
            "[settings]",
            f'env_file = "{path}"',
            "[logs]",
            f'files = ["{tmp_path / "api.log"}"]',
            "",
        ]
    )


async def find(step_id: str, text: str) -> Finding:
    target = parse(text.encode(), Path("profile.toml"))
    return await Runner(target).probe(SHIPPED.step_by_id[step_id])


@pytest.mark.parametrize(
    ("step_id", "changes", "facts", "result"),
    [
        ("secrets.session-secret", {}, {}, "pass"),
        ("secrets.session-secret", {"SESSION_SECRET": None}, {}, "fail"),
        ("secrets.session-secret", {"SESSION_SECRET": "abc123"}, {}, "fail"),
        ("secrets.session-secret", {"SESSION_SECRET": "ab" * 20}, {}, "warn"),
        (
            "secrets.session-secret",
            {"SESSION_SECRET": "change-me-generate-secure-random-value"},
            {},
            "fail",
        ),
        ("secrets.db-credentials", {}, {}, "pass"),
        (
            "secrets.db-credentials",
            {"DATABASE_URL": "postgresql+psycopg://postgres:postgres@h/t"},
            {},
            "fail",
        ),
        ("secrets.db-credentials", {"DATABASE_URL": None}, {}, "fail"),
        ("secrets.oauth", {}, {}, "pass"),
        ("secrets.oauth", {"OAUTH_TWITCH_CLIENT_SECRET": None}, {}, "fail"),
        (
            "secrets.oauth",
            dict.fromkeys(name for name in HEALTHY if "TWITCH" in name),
            {},
            "warn",
        ),
        (
            "secrets.oauth",
            {"OAUTH_GOOGLE_REDIRECT_URI": "http://localhost:8000/auth/callback/google"},
            {},
            "fail",
        ),
        ("secrets.stripe", {}, {}, "n/a"),
        ("secrets.stripe", {"STRIPE_API_KEY": "sk_live_" + "x1" * 9}, {}, "warn"),
        (
            "secrets.stripe",
            {"STRIPE_API_KEY": "sk_live_a1b2", "STRIPE_WEBHOOK_SECRET": "whsec_a1b2"},
            {"billing": True},
            "pass",
        ),
        (
            "secrets.stripe",
            {"STRIPE_API_KEY": "sk_test_a1b2", "STRIPE_WEBHOOK_SECRET": "whsec_a1b2"},
            {"billing": True},
            "fail",
        ),
        (
            "secrets.stripe",
            {"STRIPE_API_KEY": "sk_test_a1b2", "STRIPE_WEBHOOK_SECRET": "whsec_..."},
            {"billing": True, "environment": "staging"},
            "fail",
        ),
        ("secrets.hf-token", {}, {}, "n/a"),
        ("secrets.hf-token", {"HF_TOKEN": "hf_abcdefgh"}, {}, "warn"),
        ("secrets.hf-token", {}, {"diarization": True}, "fail"),
        (
            "secrets.hf-token",
            {"HF_TOKEN": "hf_abcdefgh", "ENABLE_DIARIZATION": "true"},
            {"diarization": True},
            "pass",
        ),
        ("secrets.manager", {}, {}, "warn"),
        ("auth.admin-emails", {"ADMIN_EMAILS": None}, {}, "fail"),
        ("auth.admin-emails", {"ADMIN_EMAILS": "ada@acme.test,x,b@x.test"}, {}, "fail"),
        ("auth.rate-limiting", {}, {}, "pass"),
        ("auth.rate-limiting", {"FORWARDED_ALLOW_IPS": None}, {}, "warn"),
        ("auth.rate-limiting", {"ENABLE_RATE_LIMITING": "false"}, {}, "fail"),
        ("auth.login-attempt-limits", {}, {}, "pass"),
        ("auth.login-attempt-limits", {"MAX_LOGIN_ATTEMPTS": "0"}, {}, "fail"),
        ("auth.login-attempt-limits", {"MAX_LOGIN_ATTEMPTS": None}, {}, "fail"),
        ("env.opensearch-url", {}, {}, "n/a"),
        ("env.frontend-origin", {}, {}, "pass"),
        (
            "env.frontend-origin",
            {"FRONTEND_ORIGIN": "https://app.acme.test/"},
            {},
            "warn",
        ),
        ("env.frontend-origin", {"FRONTEND_ORIGIN": None}, {}, "fail"),
        (
            "env.frontend-origin",
            {"FRONTEND_ORIGIN": "https://app.acme.test/x"},
            {},
            "fail",
        ),
        ("env.environment", {}, {}, "pass"),
        ("env.environment", {"ENVIRONMENT": "Production"}, {}, "warn"),
        ("env.environment", {"ENVIRONMENT": None}, {}, "fail"),
        ("env.log-level", {}, {}, "pass"),
        ("env.log-level", {"LOG_LEVEL": "ERROR"}, {}, "warn"),
        ("env.log-level", {"LOG_LEVEL": "DEBUG"}, {}, "fail"),
        ("env.log-format", {}, {}, "pass"),
        ("env.log-format", {"LOG_FORMAT": "text"}, {}, "fail"),
        ("env.gpu", {}, {}, "pass"),
        ("env.gpu", {"FORCE_GPU": "true"}, {}, "fail"),
        ("env.gpu", {"FORCE_GPU": "true"}, {"gpu": "nvidia"}, "pass"),
        ("env.gpu", {"FORCE_GPU": "true"}, {"gpu": "amd"}, "warn"),
        ("env.gpu", {}, {"gpu": "nvidia"}, "fail"),
        ("env.whisper-model", {}, {}, "pass"),
        ("env.whisper-model", {"WHISPER_MODEL": "medium"}, {}, "warn"),
        ("env.whisper-model", {"WHISPER_MODEL": "enormous"}, {}, "fail"),
        ("env.cleanup", {}, {}, "pass"),
        ("env.cleanup", {"CLEANUP_DELETE_WAV": "false"}, {}, "warn"),
        ("env.cleanup", {"CLEANUP_AFTER_PROCESS": None}, {}, "fail"),
        ("features.search-backend", {}, {}, "pass"),
        ("features.search-backend", {"SEARCH_BACKEND": "opensearch"}, {}, "fail"),
        ("features.translation", {}, {}, "n/a"),
        ("features.translation", {"ENABLE_TRANSLATION": "true"}, {}, "warn"),
        ("cdn.media-compression", {}, {}, "pass"),
        ("cdn.media-compression", {"CLEANUP_AFTER_PROCESS": None}, {}, "fail"),
    ],
)
async def test_settings_turn_the_steps_about_them(
    tmp_path: Path,
    step_id: str,
    changes: Changes,
    facts: Mapping[str, Any],
    result: str,
) -> None:
    changed = {**HEALTHY, **changes}
    env = {name: value for name, value in changed.items() if value is not None}
    found = await find(step_id, profile(tmp_path, env, facts))
    assert found.result == result, found
    for secret in (HEALTHY["SESSION_SECRET"], "kept-by-nobody"):
        assert secret not in repr(found)


async def test_a_login_in_a_backup_log_fails(tmp_path: Path) -> None:
    text = profile(tmp_path, HEALTHY, {})
    line = "Database: postgresql://app:kept-by-nobody@h/t\n"
    (tmp_path / "logs" / "backup_20260101.log").write_text(line)
    found = await find("secrets.db-credentials", text)
    assert found.result == "fail"
    assert "backup_20260101.log, line 1" in found.reason
    assert "kept-by-nobody" not in repr(found)


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o666])
async def test_an_env_file_that_others_may_read(tmp_path: Path, mode: int) -> None:
    text = profile(tmp_path, HEALTHY, {})
    (tmp_path / "app.env").chmod(mode)
    found = await find("secrets.db-credentials", text)
    assert found.result == ("fail" if mode == 0o666 else "warn")


CACHING = (
    "env.redis-url",
    "caching.redis-health",
    "caching.ttls",
    "caching.invalidation",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    limit = ("--maxmemory", "64mb")
    with redis_server(
        tmp_path_factory.mktemp("redis"), *limit, password=PASSWORD
    ) as server:
        yield server


def with_redis(text: str, url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("GONOGO_TEST_REDIS", url)
    # The cached rows themselves are the API's to answer for.
    return f'{text}[redis]\nurl = {{ env = "GONOGO_TEST_REDIS" }}\n'


async def test_keys_turn_the_steps_about_them(
    tmp_path: Path, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = with_redis(profile(tmp_path, HEALTHY, {}), server.url(), monkeypatch)
    server.client.set("video:1", "x", ex=300)
    server.client.set("segments:1", "x", ex=3600)
    assert (await find("caching.ttls", text)).result == "pass"
    assert (await find("caching.invalidation", text)).result == "pass"
    assert (await find("env.redis-url", text)).result == "pass"
    server.client.set("video:2", "x", ex=3000)
    found = await find("caching.ttls", text)
    assert found.result == "fail" and "longest 50 min" in found.reason
    server.client.set("video:2", "x")
    for step_id in ("caching.ttls", "caching.invalidation"):
        found = await find(step_id, text)
        assert found.result == "fail" and "without_expiry" in found.reason
    server.client.flushall()
    server.client.config_resetstat()
    assert (await find("features.caching", text)).result == "warn"
    server.client.get("video:1")
    assert (await find("features.caching", text)).result == "pass"


async def test_a_stopped_redis(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"redis://:{PASSWORD}@127.0.0.1:{closed_port}/0"
    text = with_redis(profile(tmp_path, HEALTHY, {}), url, monkeypatch)
    found = {step_id: await find(step_id, text) for step_id in CACHING}
    assert found["env.redis-url"].result == "fail"
    assert found["caching.redis-health"].result == "fail"
    assert found["caching.ttls"].result == "unknown"
    assert all("refused the connection" in each.reason for each in found.values())
    assert PASSWORD not in repr(found)


@pytest.mark.parametrize("step_id", [*CACHING, "caching.hit-rate", "features.caching"])
async def test_no_caching_by_fact(tmp_path: Path, step_id: str) -> None:
    found = await find(step_id, profile(tmp_path, HEALTHY, {"caching": False}))
    assert (found.result, found.reason) == ("n/a", "by fact: caching is false")


@pytest.fixture
def cluster(threaded: None) -> Iterator[KubernetesAPI]:
    """The application as its manifests give it, wiring gaps included."""

    def secret(name: str) -> dict[str, Any]:
        key = name.lower().replace("_", "-")
        return env(name, {"secretKeyRef": {"name": "transcript-secrets", "key": key}})

    def setting(name: str) -> dict[str, Any]:
        key = name.lower().replace("_", "-")
        return env(name, {"configMapKeyRef": {"name": "transcript-config", "key": key}})

    both = [secret("DATABASE_URL"), setting("ENVIRONMENT"), setting("LOG_LEVEL")]
    config = {"environment": "production", "log-level": "INFO", "cache-video-ttl": "9"}
    names = ("DATABASE_URL", "SESSION_SECRET", "ADMIN_EMAILS")
    kept = {name.lower().replace("_", "-"): HEALTHY[name] for name in names}
    objects = [
        deployment("api", [*both, secret("SESSION_SECRET")]),
        deployment("worker", both),
        held("ConfigMap", "transcript-config", config),
        held("Secret", "transcript-secrets", encoded(kept)),
    ]
    with kubernetes_api(objects) as api:
        yield api
        assert api.violations == []


@pytest.mark.parametrize(
    ("step_id", "result", "said"),
    [
        (
            "secrets.session-secret",
            "fail",
            "SESSION_SECRET.placeholder api=no, worker=yes",
        ),
        ("secrets.db-credentials", "pass", ""),
        (
            "secrets.manager",
            "fail",
            "SESSION_SECRET.source api=secretKeyRef, worker=un",
        ),
        ("auth.admin-emails", "fail", "ADMIN_EMAILS.addresses"),
        ("env.environment", "pass", ""),
        ("env.log-level", "pass", ""),
    ],
)
async def test_pods_of_the_shipped_manifests(
    tmp_path: Path, cluster: KubernetesAPI, step_id: str, result: str, said: str
) -> None:
    text = profile(tmp_path, {}, {"platform": "kubernetes"})
    where = cluster.kubeconfig(tmp_path / "kubeconfig")
    found = await find(step_id, f'{text}[kubernetes]\nkubeconfig = "{where}"\n')
    assert (found.result, said in found.reason) == (result, True), found
    assert HEALTHY["SESSION_SECRET"] not in repr(found)
    assert "not there" not in found.evidence


async def test_settings_that_only_the_config_map_has(
    tmp_path: Path,
    cluster: KubernetesAPI,
    server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = profile(tmp_path, {}, {"platform": "kubernetes"})
    where = cluster.kubeconfig(tmp_path / "kubeconfig")
    text = with_redis(text, server.url(), monkeypatch)
    text = f'{text}[kubernetes]\nkubeconfig = "{where}"\n'
    found = await find("caching.ttls", text)
    assert found.result == "warn", found
    assert found.reason.startswith("unwired: CACHE_VIDEO_TTL")
