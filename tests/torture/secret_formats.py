"""Sixty formats of secrets, made from a seed: none of them is kept here."""

from __future__ import annotations

import json
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from random import Random

LOWER = string.ascii_lowercase + string.digits
DIGITS = "123456789"
HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
BASE32 = string.ascii_uppercase + "234567"
WORDS = string.ascii_letters + string.digits + "_-"
PASSWORD = ALNUM + "!*+-_."

Made = tuple[str, str]
"""A secret, and the text in which it usually stands."""
Maker = Callable[[Random], Made]


def some(rng: Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def _plain(prefix: str, alphabet: str, length: int, end: str = "") -> Maker:
    def make(rng: Random) -> Made:
        secret = prefix + some(rng, alphabet, length) + end
        return secret, secret

    return make


def _joined(*parts: str | tuple[str, int]) -> Maker:
    def make(rng: Random) -> Made:
        secret = "".join(
            each if isinstance(each, str) else some(rng, *each) for each in parts
        )
        return secret, secret

    return make


def _within(
    text: str, alphabet: str, length: int, prefix: str = "", end: str = ""
) -> Maker:
    def make(rng: Random) -> Made:
        secret = prefix + some(rng, alphabet, length) + end
        return secret, text.replace("@", secret)

    return make


def _url(text: str) -> Maker:
    def make(rng: Random) -> Made:
        secret = some(rng, PASSWORD, 18)
        return secret, text.replace("%", secret)

    return make


def _coded(text: str, first: str) -> Maker:
    """What is base64 of a user and a password."""

    def make(rng: Random) -> Made:
        secret = b64encode(f"{first}:{some(rng, PASSWORD, 20)}".encode()).decode()
        return secret, text.replace("@", secret)

    return make


def _jwt(rng: Random) -> str:
    parts = (
        {"alg": "HS256", "typ": "JWT"},
        {"sub": some(rng, LOWER, 12), "iat": rng.randrange(10**9, 2 * 10**9)},
    )
    coded = [urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    coded.append(urlsafe_b64encode(rng.randbytes(32)).rstrip(b"="))
    return b".".join(coded).decode()


def _in_jwt(text: str) -> Maker:
    def make(rng: Random) -> Made:
        secret = _jwt(rng)
        return secret, text.replace("@", secret)

    return make


def _pem(kind: str) -> Maker:
    def make(rng: Random) -> Made:
        body = b64encode(rng.randbytes(480)).decode()
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        frame = "-----"
        secret = "\n".join(
            (f"{frame}BEGIN {kind}{frame}", *lines, f"{frame}END {kind}{frame}")
        )
        return secret, secret

    return make


def _kubernetes(rng: Random) -> Made:
    secret = b64encode(rng.randbytes(24)).decode()
    text = (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  value: {secret}"
    )
    return secret, text


FORMATS: dict[str, Maker] = {
    "aws access key": _plain("AKIA", BASE32, 16),
    "aws temporary key": _plain("ASIA", BASE32, 16),
    "aws secret key": _within("AWS_SECRET_ACCESS_KEY=@", ALNUM + "/+", 40),
    "aws session": _within("AWS_SESSION_TOKEN=@", ALNUM + "/+", 128, "IQoJb3JpZ2lu"),
    "google api key": _plain("AI" + "za", WORDS, 35),
    "google oauth secret": _within("client_secret: @", WORDS, 28, "GOCSPX-"),
    "azure client secret": _within("client_secret=@", ALNUM, 31, "abc8Q~"),
    "azure storage key": _within("AccountKey=@;", ALNUM + "+/", 86, "", "=="),
    "digitalocean": _plain("dop_v1_", HEX, 64),
    "github personal": _plain("ghp_", ALNUM, 36),
    "github fine-grained": _plain("github_pat_", ALNUM, 82),
    "github oauth": _plain("gho_", ALNUM, 36),
    "github app": _plain("ghs_", ALNUM, 36),
    "github refresh": _plain("ghr_", ALNUM, 36),
    "gitlab personal": _plain("glpat-", ALNUM, 20),
    "gitlab runner": _plain("glrt-", ALNUM, 20),
    "jwt": _in_jwt("@"),
    "bearer jwt": _in_jwt("Authorization: Bearer @"),
    "kubernetes service account": _in_jwt("    token: @"),
    "pem rsa": _pem("RSA PRIVATE KEY"),
    "pem pkcs8": _pem("PRIVATE KEY"),
    "pem openssh": _pem("OPENSSH PRIVATE KEY"),
    "pem ec": _pem("EC PRIVATE KEY"),
    "kubeconfig key": _within("    client-key-data: @", ALNUM + "+/", 120, "", "=="),
    "kubeconfig token": _within("    token: @", ALNUM, 48),
    "kubernetes secret": _kubernetes,
    "postgres dsn": _url("postgresql://app:%@db.internal:5432/app"),
    "mysql dsn": _url("mysql://root:%@10.0.0.7/app"),
    "mongodb dsn": _url("mongodb+srv://app:%@cluster0.abcde.mongodb.net/app"),
    "redis dsn": _url("redis://:%@cache.internal:6379/0"),
    "amqp dsn": _url("amqp://worker:%@queue.internal:5672/"),
    "libpq words": _within("host=db user=app password=@ dbname=app", PASSWORD, 18),
    "basic auth url": _url("https://deploy:%@registry.internal/v2/"),
    "curl user": _within("curl -u 'deploy:@' https://api.internal/", PASSWORD, 18),
    "curl bearer": _within(
        "curl -H 'Authorization: Bearer @' https://api.internal/", ALNUM, 40
    ),
    "curl basic": _coded(
        'curl --header "Authorization: Basic @" https://api.internal/', "deploy"
    ),
    "curl api key": _within("curl -H 'X-Api-Key: @' https://api.internal/", ALNUM, 32),
    "pgpass": _within("db.internal:5432:app:app:@", PASSWORD, 18),
    "docker auths": _coded('{"auths": {"registry": {"auth": "@"}}}', "deploy"),
    "docker hub": _plain("dckr_pat_", ALNUM, 27),
    "gitlab cookie": _within("Cookie: _gitlab_session=@", HEX, 32),
    "auth cookie": _within("Set-Cookie: auth_token=@; HttpOnly", ALNUM, 40),
    "slack bot": _joined("xoxb-", (DIGITS, 12), "-", (DIGITS, 12), "-", (ALNUM, 24)),
    "slack webhook": _within(
        "@",
        ALNUM,
        24,
        "https://hooks.slack.com/services/T0" + "ABCDEFGH/B0ABCDEFGH/",
    ),
    "stripe live": _plain("sk_" + "live_", ALNUM, 24),
    "stripe restricted": _plain("rk_" + "live_", ALNUM, 24),
    "vault service": _plain("hvs.", WORDS, 96),
    "vault batch": _plain("hvb.", WORDS, 150),
    "npm": _plain("npm_", LOWER, 36),
    "npmrc": _within("//registry.npmjs.org/:_authToken=@", ALNUM, 36),
    "pypi": _plain("pypi-AgEIcHlwaS5vcmc", WORDS, 80),
    "openai": _joined("sk-proj-", (ALNUM, 74), "T3BlbkFJ", (ALNUM, 74)),
    "anthropic": _plain("sk-ant-api03-", WORDS, 93, "AA"),
    "hugging face": _plain("hf_", string.ascii_lowercase, 34),
    "sendgrid": _plain("SG.", ALNUM, 66),
    "grafana": _plain("glsa_", ALNUM, 32, "_0a1b2c3d"),
    "terraform": _joined((ALNUM, 14), ".atlasv1.", (ALNUM, 64)),
    "age key": _plain("AGE-SECRET-KEY-1", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "password in yaml": _within("  password: @", PASSWORD, 16),
    "secret in env": _within("APP_SECRET=@", ALNUM, 32),
}
"""Name to what makes one."""
