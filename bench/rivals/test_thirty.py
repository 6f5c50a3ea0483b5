"""Thirty checks of a rehearsal as a pytest-testinfra suite, as its manual writes them.

The environment says where everything is; see bench/rivals.py.
"""

import os

import pytest

API, WEB, CA = os.environ["API"], os.environ["WEB"], os.environ["CA"]
SQL = {
    "show server_version_num": "16",
    "select version_num from alembic_version": "20260605_topic_policy",
    "show wal_level": "replica",
    "show archive_mode": "on",
}
PATHS = ("/health", "/live", "/ready", "/version", "/metrics", "/openapi.json",
         "/docs", "/auth/me", "/videos", "/vocabularies", "/redoc",
         "/health/detailed", "/search/popular", "/search?q=countdown")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_api(host, path):
    curl = f"curl --silent --cacert {CA} --output /dev/null --write-out %{{http_code}}"
    assert host.check_output(f"{curl} {API}{path}") == "200"


@pytest.mark.parametrize("path", ["/", "/healthz", "/terms", "/privacy"])
def test_web(host, path):
    curl = f"curl --silent --cacert {CA} --output /dev/null --write-out %{{http_code}}"
    assert host.check_output(f"{curl} {WEB}{path}") == "200"


@pytest.mark.parametrize("url", [API, WEB])
def test_certificate(host, url):
    address = url.removeprefix("https://")
    seen = host.run(
        f"openssl s_client -connect {address} </dev/null 2>/dev/null"
        f" | openssl x509 -noout -checkend {30 * 86400}"
    )
    assert seen.rc == 0


@pytest.mark.parametrize("statement", SQL)
def test_database(host, statement):
    psql = f"{os.environ['PSQL']} --tuples-only --no-align"
    said = host.check_output(f'{psql} --command "{statement}" "{os.environ["DSN"]}"')
    assert said.startswith(SQL[statement])


def test_redis_answers(host):
    assert host.check_output(f"{os.environ['REDIS']} ping") == "PONG"


def test_redis_has_a_limit(host):
    said = host.check_output(f"{os.environ['REDIS']} config get maxmemory")
    assert said.split()[-1] != "0"


@pytest.mark.parametrize("name", os.environ["FILES"].split(":"))
def test_file(host, name):
    assert host.file(name).is_file


def test_settings_are_private(host):
    assert host.file(os.environ["SETTINGS"]).mode == 0o600
